"""Curves of several runs as a table: what each had at the same places of one axis. Pure."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from tokmon.monitor.alignment import AlignedCurve, Along, Measure
from tokmon.monitor.compared import Compared

MAX_PLACES = 9
_CLOCK_S = (
    *(1, 2, 5, 10, 20, 30, 60, 90, 120, 180, 300, 600, 900, 1200, 1800, 2700),
    *(3600, 5400, 7200, 10_800, 18_000, 28_800, 43_200, 86_400),
)
"""Round times of up to a day."""


@dataclass(frozen=True, slots=True)
class Aligned:
    """Measures of all runs at the same places."""

    along: Along
    places: tuple[float, ...]
    """Ascending: steps, tokens or seconds."""
    values: Mapping[Measure, tuple[tuple[float | None, ...], ...]]
    """Of each measure by place, one a run; between two points of a log a straight line, None
    outside of it."""


def aligned(runs: Sequence[Compared], measures: Sequence[Measure], along: Along) -> Aligned:
    """Return what the runs had at a few places, early ones closer together.

    Args:
        runs: their logs read in full.
        measures: the first one says where the places are: there are none without it.
        along: what is counted.
    """
    places = places_for([run.curves[measures[0], along] for run in runs], along)
    values = {
        measure: tuple(
            tuple(value_at(run.curves[measure, along], place) for run in runs) for place in places
        )
        for measure in measures
    }
    return Aligned(along, places, values)


def places_for(curves: Sequence[AlignedCurve], along: Along) -> tuple[float, ...]:
    """Return round places in the runs' range, with the last of each run among them.

    From where all runs have begun, so that no row is of one run alone but those past the end of
    another.
    """
    known = [curve for curve in curves if len(curve)]
    if not known:
        return ()
    ends = _apart(sorted({float(curve.x[-1]) for curve in known}))
    begin = max(float(curve.x[0]) for curve in known)
    clear = [place for place in _round(begin, ends[-1], along) if _is_clear(place, ends)]
    return tuple(sorted({*_spread(clear, MAX_PLACES - len(ends)), *ends}))


def value_at(curve: AlignedCurve, place: float) -> float | None:
    """Return a curve's value, interpolated; None outside its range."""
    if not len(curve) or not curve.x[0] <= place <= curve.x[-1]:
        return None
    return float(np.interp(place, curve.x, curve.y))


def is_one_scale(runs: Sequence[Compared]) -> bool:
    """Say whether tokens are the same multiple of steps in all runs: one axis then tells both."""
    ratios = []
    for run in runs:
        of_step, of_tokens = (
            run.curves[Measure.TRAIN, along] for along in (Along.STEP, Along.TOKENS)
        )
        if not len(of_tokens) or len(of_step) != len(of_tokens) or not of_step.x.all():
            return False
        ratios.append(of_tokens.x / of_step.x)
    every = np.concatenate(ratios)
    return bool(np.ptp(every) <= 1e-6 * abs(every[0]))


def _round(begin: float, end: float, along: Along) -> list[float]:
    """Return round numbers from `begin` to `end`: 1, 2, 5 times a power of ten, or a clock's."""
    if along is Along.TIME:
        days = [86_400.0 * number for number in range(2, min(1000, int(end / 86_400) + 2))]
        numbers = [float(second) for second in _CLOCK_S] + days
    else:
        first = math.floor(math.log10(max(begin, 1.0)))
        last = math.floor(math.log10(max(end, 1.0)))
        decades = (10.0**exponent for exponent in range(first, last + 1))
        numbers = [digit * decade for decade in decades for digit in (1, 2, 5)]
    return [number for number in numbers if begin <= number <= end]


def _apart(ends: Sequence[float]) -> list[float]:
    """Return the ends of runs but those just behind another: a row there would say the same."""
    kept = list(ends[:1])
    for end in ends[1:]:
        if end > 1.02 * kept[-1]:
            kept.append(end)
    return kept


def _is_clear(place: float, ends: Sequence[float]) -> bool:
    """Say whether a place is not next to a run's end, which has a row of its own."""
    return all(abs(place - end) > 0.15 * end for end in ends)


def _spread(places: Sequence[float], count: int) -> list[float]:
    """Return at most `count` of the places, about evenly chosen, the first among them."""
    if count <= 0 or not places:
        return []
    count = min(count, len(places))
    picks = np.linspace(0, len(places) - 1, count).round().astype(int)
    return [places[index] for index in dict.fromkeys(picks.tolist())]
