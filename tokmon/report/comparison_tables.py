"""The sections of a comparison that follow the curves: side by side, and who got there when."""

from tokmon.monitor.alignment import Along, Measure
from tokmon.monitor.compared import LABELS
from tokmon.monitor.comparison import Comparison
from tokmon.monitor.durations import duration
from tokmon.monitor.races import Race
from tokmon.monitor.side_by_side import Aligned
from tokmon.report import figures
from tokmon.report.document import Block, Paragraph, Table, Text

_NAMES = {Along.STEP: "step", Along.TOKENS: "tokens", Along.TIME: "training time"}
_SHORT = {Measure.TRAIN: "train", Measure.VALIDATION: "val", Measure.BPB: "bpb"}
_PAIR = 2


def aligned(comparison: Comparison) -> tuple[Block, ...]:
    """Return a table an axis: what each run had at the same places."""
    tables = [table for table in comparison.aligned if not _is_said(table, comparison)]
    if not tables:
        return ()
    told = f"{_measured(comparison.measure)}; between two points of a log a straight line."
    if len(tables) < len(comparison.aligned):
        told += " By tokens they stand as by steps: all runs take as many of them a step."
    return (Paragraph(told), *(_table(table, comparison) for table in tables))


def reached(comparison: Comparison) -> tuple[Block, ...]:
    """Return a row for each two runs: what one needed for the other's lowest value."""
    if not comparison.races:
        return ()
    axes = list(dict.fromkeys(race.along for race in comparison.races))
    pairs: dict[tuple[str, str], list[Race]] = {}
    for race in comparison.races:
        pairs.setdefault((race.runner, race.other), []).append(race)
    rows = [_row(races, axes) for races in pairs.values()]
    heading = ("", f"gets to the lowest {comparison.measure.in_words} of", "which is")
    return (Table((*heading, *(f"by {_NAMES[axis]}" for axis in axes)), tuple(rows)),)


def _row(races: list[Race], axes: list[Along]) -> tuple[Text, ...]:
    first = races[0]
    found = {race.along: _spent(race) for race in races}
    cells = [found.get(axis, figures.UNKNOWN) for axis in axes]
    return (first.runner, first.other, f"{first.level:.{first.digits}f}", *cells)


def _spent(race: Race) -> str:
    if race.spent is None:
        return f"never; its own is {race.lowest:.{race.digits}f}"
    share = "" if race.share is None else f"{100 * race.share:.0f} %: "
    return f"{share}{race.amounts()}"


def _measured(measure: Measure) -> str:
    words = measure.in_words
    return f"{words[0].upper()}{words[1:]}" + (
        "" if measure is Measure.TRAIN else " and averaged train loss"
    )


def _is_said(table: Aligned, comparison: Comparison) -> bool:
    """Say whether tokens tell no more than the steps, which are there too."""
    others = {other.along for other in comparison.aligned}
    return table.along is Along.TOKENS and comparison.is_one_scale and Along.STEP in others


def _table(table: Aligned, comparison: Comparison) -> Table:
    labels = LABELS[: len(comparison.runs)]
    heading = [f"{label} {_SHORT[measure]}" for measure in table.values for label in labels]
    columns = [
        [row[index] for row in rows]
        for rows in table.values.values()
        for index in range(len(labels))
    ]
    rows = [
        (_place(place, table.along), *(figures.loss(column[at]) for column in columns))
        for at, place in enumerate(table.places)
    ]
    if len(labels) == _PAIR:
        heading, rows = _with_difference(table, heading, rows)
    names = (_NAMES[table.along], *heading)
    return Table(names, tuple(rows), frozenset(range(len(names))))


def _with_difference(
    table: Aligned, heading: list[str], rows: list[tuple[str, ...]]
) -> tuple[list[str], list[tuple[str, ...]]]:
    """Put B less A behind both, for the first measure."""
    values = next(iter(table.values.values()))
    differences = [_difference(*row) for row in values]
    grown = [(*row[:3], cell, *row[3:]) for row, cell in zip(rows, differences, strict=True)]
    return [*heading[:2], "B - A", *heading[2:]], grown


def _difference(first: float | None, second: float | None) -> str:
    if first is None or second is None:
        return figures.UNKNOWN
    return f"{second - first:+.3f}"


def _place(place: float, along: Along) -> str:
    if along is Along.TIME:
        return duration(place)
    return figures.compact(place) if along is Along.TOKENS else figures.count(place)
