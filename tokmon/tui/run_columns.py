"""Which columns the list of runs has room for, and how wide each is. Pure."""

from collections.abc import Callable
from dataclasses import dataclass

from textual.content import Content

from tokmon.tui.glyphs import Glyphs
from tokmon.tui.run_cells import (
    Cell,
    Row,
    Seen,
    age_cell,
    best_cell,
    best_step_cell,
    done_cell,
    loss_cell,
    mark_cell,
    name_cell,
    progress_cell,
    sign_cell,
    spark_cell,
    state_cell,
    step_cell,
)
from tokmon.tui.text import MUTED, shortened, words

GAP = "  "
_WIDE, _MEDIUM = 110, 66
_WIDEST_NAME = 64
"""Beyond it the eye loses the line between a name and its numbers."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column; the widths never follow the content, so that nothing moves."""

    title: str
    width: int
    """0 for what is left over, to some measure."""
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
    rest = min(_WIDEST_NAME, max(1, width - fixed))
    pieces = [_padded(column, cell, column.width or rest, glyphs) for column, cell in cells]
    line = Content(GAP).join(pieces)
    # To the end, so that the cursor's bar is as wide as the list.
    return line.pad_right(max(0, width - line.cell_length))


def _padded(column: Column, cell: Cell, width: int, glyphs: Glyphs) -> Content:
    text = words((shortened(cell.text, width, glyphs), cell.style))
    while text.cell_length > width:  # wide characters: a cut by cells, not by letters
        text = text[:-1]
    blank = " " * (width - text.cell_length)
    return words(blank, text) if column.is_right else words(text, blank)


_MARK = Column(" ", 1, mark_cell, is_right=False)
_STATE = Column("state", 12, state_cell, is_right=False)
_NAME = Column("run", 0, name_cell, is_right=False)
_LOSS = Column("loss", 7, loss_cell)
_VAL = Column("val", 7, best_cell)
_AGE = Column("age", 6, age_cell)
_WIDE_COLUMNS = (
    _MARK,
    _STATE,
    _NAME,
    Column("step", 11, step_cell),
    Column("done", 4, done_cell),
    _LOSS,
    Column("best val", 8, best_cell),
    Column("", 12, best_step_cell, is_right=False),
    _AGE,
    Column("loss so far", 16, spark_cell(16), is_right=False),
)
_MEDIUM_COLUMNS = (
    _MARK,
    _STATE,
    _NAME,
    Column("done", 5, progress_cell),
    _LOSS,
    Column("best val", 8, best_cell),
    _AGE,
    Column("", 8, spark_cell(8), is_right=False),
)
_NARROW_COLUMNS = (_MARK, Column(" ", 1, sign_cell), _NAME, _LOSS, Column("age", 6, age_cell))
