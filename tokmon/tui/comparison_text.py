"""What the comparison of runs says in words and tables. Pure functions of what was compared."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from textual.content import Content

from tokmon.monitor.comparison import LABELS, Race, Result
from tokmon.monitor.config_difference import Difference
from tokmon.monitor.durations import duration
from tokmon.report import figures
from tokmon.tui.glyphs import Glyphs
from tokmon.tui.text import MUTED, PHASE_STYLES, STRONG, foreign, shortened, words

MAX_DIFFERENCES = 200
_MAX_VALUE = 120
_ABSENT = "absent"
_LEGEND_FIXED = 18


@dataclass(frozen=True, slots=True)
class _Field:
    title: str
    show: Callable[[Result], str]
    priority: int
    """The highest go first where there is no room."""


_FIELDS = (
    _Field("val loss", lambda result: figures.loss(result.best_val_loss), 0),
    _Field("bpb", lambda result: figures.loss(result.best_bpb), 3),
    _Field("at step", lambda result: figures.count(result.best_step), 1),
    _Field("train", lambda result: figures.loss(result.train_loss), 2),
    _Field("tokens", lambda result: figures.compact(result.tokens), 2),
    _Field("tokens/s", lambda result: figures.compact(result.tokens_per_sec), 4),
    _Field("time", lambda result: _time(result.elapsed_s), 5),
)


def legend(
    results: Sequence[Result], colours: Sequence[str], reference: int, width: int, glyphs: Glyphs
) -> Content:
    """Return a line for each run: letter, state, name; the reference is named so."""
    lines = []
    for index, (result, colour) in enumerate(zip(results, colours, strict=True)):
        sign = "ref" if index == reference else "   "
        phase = f"{glyphs.phases[result.phase]} {result.phase:<10}"
        name = shortened(result.name, max(4, width - _LEGEND_FIXED), glyphs)
        lines.append(
            words(
                (f"{result.label} ", f"bold {colour}"),
                (f"{sign} ", MUTED),
                (phase, PHASE_STYLES[result.phase]),
                f" {name}",
            )
        )
    return Content("\n").join(lines)


def table(results: Sequence[Result], colours: Sequence[str], width: int, glyphs: Glyphs) -> Content:
    """Return the results, the lowest validation loss marked, in as many columns as fit."""
    columns = [(field, [field.title, *map(field.show, results)]) for field in _FIELDS]
    columns = [(field, cells) for field, cells in columns if set(cells[1:]) != {figures.UNKNOWN}]
    while len(columns) > 1 and _width(columns) > width:
        columns.remove(max(columns, key=lambda column: column[0].priority))
    widths = [max(map(len, cells)) for _, cells in columns]
    lowest = _lowest(results)
    lines = []
    for row, label in enumerate([" ", *(result.label for result in results)]):
        cells = [f"{cells[row]:>{size}}" for (_, cells), size in zip(columns, widths, strict=True)]
        style = MUTED if row == 0 else f"bold {colours[row - 1]}"
        mark = f" {glyphs.best}" if row - 1 == lowest else ""
        text = ("  " + "  ".join(cells), MUTED if row == 0 else "")
        lines.append(words((label, style), text, (mark, "$warning")))
    return Content("\n").join(lines)


def sentences(races: Sequence[Race], remarks: Sequence[str]) -> Content:
    """Return what was found and what has to be known, a sentence a line."""
    lines = [words((remark, "$warning")) for remark in remarks]
    lines += [words((race.in_words(), "")) for race in races]
    return Content("\n").join(lines or [words(("no loss that all have to compare by", MUTED))])


def config(differences: Sequence[Difference], width: int, glyphs: Glyphs) -> Content:
    """Return each key that differs, with the runs of each value; equal keys are left out."""
    if not differences:
        return words(("no recorded key differs", MUTED))
    lines = [
        line for found in differences[:MAX_DIFFERENCES] for line in _block(found, width, glyphs)
    ]
    if more := len(differences) - MAX_DIFFERENCES:
        lines += [words((f"and {more:,} keys more", MUTED))] if more > 0 else []
    return Content("\n").join(lines)


def _block(found: Difference, width: int, glyphs: Glyphs) -> list[Content]:
    """Return one key: on one line if there is room, else a line for each value."""
    groups: dict[str | None, str] = {}
    for label, value in zip(LABELS, found.values, strict=False):
        groups[value] = groups.get(value, "") + label
    key = foreign(shortened(found.key, width, glyphs), STRONG)
    room = max(8, min(_MAX_VALUE, width - len(groups) - 4))
    values = [_value(labels, value, room, glyphs) for value, labels in groups.items()]
    line = Content("  ").join([key, *values])
    if line.cell_length <= width:
        return [line]
    return [key, *(words("  ", value) for value in values)]


def _value(labels: str, value: str | None, room: int, glyphs: Glyphs) -> Content:
    shown = (_ABSENT, MUTED) if value is None else (shortened(value, room, glyphs), "")
    return words((f"{labels} ", MUTED), shown)


def _lowest(results: Sequence[Result]) -> int | None:
    known = {
        i: result.best_val_loss
        for i, result in enumerate(results)
        if result.best_val_loss is not None
    }
    return min(known, key=lambda index: known[index]) if len(known) > 1 else None


def _width(columns: list[tuple[_Field, list[str]]]) -> int:
    return sum(max(map(len, cells)) + 2 for _, cells in columns) + 3


def _time(elapsed_s: float | None) -> str:
    return figures.UNKNOWN if elapsed_s is None else duration(elapsed_s)
