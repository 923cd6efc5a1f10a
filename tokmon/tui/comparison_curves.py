"""What the two charts of a comparison draw: curves, and distances to one. Pure functions."""

from collections.abc import Sequence
from dataclasses import dataclass

from tokmon.monitor.alignment import Along, Measure, delta
from tokmon.monitor.compared import LABELS, Compared
from tokmon.tui.overlay import Line, drawable

_TITLES = {Measure.TRAIN: "Train loss, averaged", Measure.VALIDATION: "Validation loss"}


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """How the user looks at the runs."""

    along: Along = Along.STEP
    measure: Measure = Measure.TRAIN
    is_log: bool = False
    reference: int = 0
    """Index of the run that the others are held against."""


@dataclass(frozen=True, slots=True)
class Picture:
    """What a chart is given."""

    title: str
    lines: tuple[Line, ...]
    indexes: tuple[int, ...]
    """Of the runs, for their colours."""
    note: str
    """Stands there where nothing can be drawn."""


def curves(runs: Sequence[Compared], view: View) -> Picture:
    """Return the runs over each other."""
    found = [run.curves[view.measure, view.along] for run in runs]
    lines = tuple(Line(label, drawable(curve)) for label, curve in zip(LABELS, found, strict=False))
    lacking = ", ".join(line.label for line in lines if not len(line.curve))
    title = f"{_TITLES[view.measure]}{', log y' if view.is_log else ''}"
    if lacking:
        title += f"  ({lacking}: none by {view.along})"
    note = f"no {view.measure.in_words} over {view.along} in these logs"
    return Picture(title, lines, tuple(range(len(lines))), note)


def distances(picture: Picture, view: View) -> Picture:
    """Return how far the drawn runs lie above the reference."""
    label, lines = LABELS[view.reference], picture.lines
    title = f"Difference to {label}: below 0 is better than {label}"
    base = lines[view.reference].curve if lines else None
    others = tuple(index for index in range(len(lines)) if index != view.reference)
    found = tuple(
        Line(lines[index].label, delta(lines[index].curve, base)) for index in others if base
    )
    return Picture(title, found, others, f"no range in common with {label}")
