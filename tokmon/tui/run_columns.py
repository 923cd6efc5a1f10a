"""What stands in each column of the list of runs, and which columns there is room for. Pure."""

import math
from collections.abc import Callable
from dataclasses import dataclass

from textual.content import Content

from tokmon.monitor.durations import age
from tokmon.monitor.run_summary import RunSummary
from tokmon.monitor.state import Phase, Severity
from tokmon.report import figures
from tokmon.tui.glyphs import Glyphs
from tokmon.tui.text import MUTED, PHASE_STYLES, STRONG, shortened, words

GAP = "  "
_WIDE, _MEDIUM = 110, 66
_OLD_S = 10.0


@dataclass(frozen=True, slots=True)
class Cell:
    """Text that is safe to print, in a style of the theme."""

    text: str
    style: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A run and how the user has marked it."""

    run: RunSummary
    label: str = ""
    """Its letter; empty if it is not marked."""
    colour: str = ""


@dataclass(frozen=True, slots=True)
class Seen:
    """A row as it is looked at."""

    row: Row
    now: float
    """Seconds since 1970."""
    glyphs: Glyphs

    @property
    def run(self) -> RunSummary:
        """The run in the row."""
        return self.row.run


@dataclass(frozen=True, slots=True)
class Column:
    """One column; the widths never follow the content, so that nothing moves."""

    title: str
    width: int
    """0 for what is left over."""
    cell: Callable[[Seen], Cell]
    is_right: bool = True


def columns_for(width: int) -> tuple[Column, ...]:
    """Return the columns of a list that is `width` cells wide."""
    if width >= _WIDE:
        return _WIDE_COLUMNS
    return _MEDIUM_COLUMNS if width >= _MEDIUM else _NARROW_COLUMNS


def titles(width: int, glyphs: Glyphs) -> Content:
    """Return the line above the rows."""
    cells = [(column, Cell(column.title, MUTED)) for column in columns_for(width)]
    return _line(cells, width, glyphs)


def row_line(row: Row, now: float, width: int, glyphs: Glyphs) -> Content:
    """Return a run's line, at most `width` cells.

    Args:
        row: the run.
        now: seconds since 1970.
        width: of the list.
        glyphs: to draw with.
    """
    cells = [(column, column.cell(Seen(row, now, glyphs))) for column in columns_for(width)]
    return _line(cells, width, glyphs)


def _line(cells: list[tuple[Column, Cell]], width: int, glyphs: Glyphs) -> Content:
    fixed = sum(column.width for column, _ in cells) + len(GAP) * (len(cells) - 1)
    rest = max(1, width - fixed)
    pieces = [_padded(column, cell, column.width or rest, glyphs) for column, cell in cells]
    return Content(GAP).join(pieces)


def _padded(column: Column, cell: Cell, width: int, glyphs: Glyphs) -> Content:
    text = words((shortened(cell.text, width, glyphs), cell.style))
    while text.cell_length > width:  # wide characters: a cut by cells, not by letters
        text = text[:-1]
    blank = " " * (width - text.cell_length)
    return words(blank, text) if column.is_right else words(text, blank)


def _mark(seen: Seen) -> Cell:
    """Return the run's letter; a run with unreadable files has a sign in its place."""
    if seen.row.label:
        return Cell(seen.row.label, f"bold {seen.row.colour}")
    return (
        Cell(seen.glyphs.severities[Severity.WARNING], "$warning") if seen.run.faults else Cell(" ")
    )


def _state(seen: Seen) -> Cell:
    phase = seen.run.health.phase
    return Cell(f"{seen.glyphs.phases[phase]} {phase}", PHASE_STYLES[phase])


def _sign(seen: Seen) -> Cell:
    phase = seen.run.health.phase
    return Cell(seen.glyphs.phases[phase], PHASE_STYLES[phase])


def _name(seen: Seen) -> Cell:
    return Cell(seen.run.name, STRONG if seen.run.health.phase.is_live else "")


def _step(seen: Seen) -> Cell:
    return Cell(figures.count(seen.run.step))


def _done(seen: Seen) -> Cell:
    """Return the share of the steps, rounded down: only what is done is 100 %."""
    fraction = seen.run.fraction
    return Cell(figures.UNKNOWN if fraction is None else f"{math.floor(100 * fraction)}%", MUTED)


def _progress(seen: Seen) -> Cell:
    if seen.run.fraction is None:
        return Cell(figures.compact(seen.run.step))
    return Cell(_done(seen).text)


def _loss(seen: Seen) -> Cell:
    return Cell(figures.loss(seen.run.train_loss), STRONG)


def _best(seen: Seen) -> Cell:
    best = seen.run.best
    if best is None:
        return Cell(figures.UNKNOWN, MUTED)
    bound = "" if seen.run.is_best_certain else ("<" if seen.glyphs.is_ascii else "\u2264")
    return Cell(f"{bound}{figures.loss(best.val_loss)}")


def _best_step(seen: Seen) -> Cell:
    return Cell(f"at {figures.count(seen.run.best.step)}" if seen.run.best else "", MUTED)


def _age(seen: Seen) -> Cell:
    updated, phase = seen.run.updated, seen.run.health.phase
    if updated is None:
        return Cell(figures.UNKNOWN, MUTED)
    is_late = phase.is_live and phase is not Phase.PAUSED and seen.now - updated >= _OLD_S
    return Cell(age(seen.now - updated), "$warning" if is_late else MUTED)


def _spark(points: int) -> Callable[[Seen], Cell]:
    def cell(seen: Seen) -> Cell:
        return Cell(sparkline(seen.run.losses, points, seen.glyphs), "$chart-smooth")

    return cell


def sparkline(values: tuple[float, ...], points: int, glyphs: Glyphs) -> str:
    """Return a curve of at most `points` characters, by the logarithm where all are above zero.

    Each character is the highest of its values; where none is finite it is the sign of a crash.
    """
    groups = min(points, len(values))
    parts = [
        values[len(values) * i // groups : len(values) * (i + 1) // groups] for i in range(groups)
    ]
    highest = [max(filter(math.isfinite, part), default=None) for part in parts]
    known = [value for value in highest if value is not None]
    if not known:
        return glyphs.phases[Phase.CRASHED] * groups
    is_log = min(known) > 0
    low, high = min(known), max(known)
    return "".join(
        glyphs.phases[Phase.CRASHED]
        if value is None
        else glyphs.spark[_height(value, low, high, is_log=is_log)]
        for value in highest
    )


def _height(value: float, low: float, high: float, *, is_log: bool) -> int:
    if is_log:
        value, low, high = math.log(value), math.log(low), math.log(high)
    return round(7 * (value - low) / (high - low)) if high > low else 0


_MARK = Column(" ", 1, _mark, is_right=False)
_STATE = Column("state", 12, _state, is_right=False)
_NAME = Column("run", 0, _name, is_right=False)
_LOSS = Column("loss", 7, _loss)
_VAL = Column("val", 7, _best)
_AGE = Column("age", 6, _age)
_WIDE_COLUMNS = (
    _MARK,
    _STATE,
    _NAME,
    Column("step", 11, _step),
    Column("done", 4, _done),
    _LOSS,
    Column("best val", 8, _best),
    Column("", 12, _best_step, is_right=False),
    _AGE,
    Column("loss so far", 16, _spark(16), is_right=False),
)
_MEDIUM_COLUMNS = (
    _MARK,
    _STATE,
    _NAME,
    Column("done", 5, _progress),
    _LOSS,
    Column("best val", 8, _best),
    _AGE,
    Column("", 8, _spark(8), is_right=False),
)
_NARROW_COLUMNS = (_MARK, Column(" ", 1, _sign), _NAME, _LOSS, Column("age", 6, _age))
