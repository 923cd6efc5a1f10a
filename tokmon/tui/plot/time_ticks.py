"""Ticks on time axes: at whole seconds, minutes, hours and days, as a clock has them."""

import time
from itertools import pairwise

import numpy as np

from tokmon.rundir.records import END_OF_TIME_S

_MINUTE, _HOUR, _DAY = 60.0, 3600.0, 86400.0
_STEPS = (
    *(1.0, 2.0, 5.0, 10.0, 15.0, 30.0),
    *(_MINUTE * n for n in (1, 2, 5, 10, 15, 30)),
    *(_HOUR * n for n in (1, 2, 3, 6, 12)),
)
_DAYS = tuple(_DAY * m * 10.0**e for e in range(7) for m in (1, 2, 5))

Tick = tuple[float, str]
"""Place on the axis, and label."""


def clock_ticks(low: float, high: float, most: int) -> list[Tick]:
    """Return at most `most` ticks at round local times, in seconds since 1970.

    The date stands on the first tick of each day if the ticks lie on more than one, or on any other
    day than they are labelled by.
    """
    low, high = max(0.0, low), min(high, END_OF_TIME_S)
    offset = time.localtime(low).tm_gmtoff
    step = _step(low, high, most)
    ticks = [tick - offset for tick in _multiples(low + offset, high + offset, step)]
    return list(zip(ticks, _clock_labels(ticks, step), strict=True))


def duration_ticks(low: float, high: float, most: int) -> list[Tick]:
    """Return at most `most` ticks at round durations, in seconds: 45s, 1m30s, 2h, 1d6h."""
    if high - low < 1:
        return []
    step = _step(low, high, most)
    return [(tick, duration(tick)) for tick in _multiples(low, high, step)]


def duration(seconds: float) -> str:
    """Return a whole number of seconds without the units that are zero: 1h30m."""
    rest, parts = round(seconds), []
    for size, unit in ((86400, "d"), (3600, "h"), (60, "m"), (1, "s")):
        count, rest = divmod(rest, size)
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts) or "0"


def _step(low: float, high: float, most: int) -> float:
    least = (high - low) / max(1, most)
    return next((step for step in (*_STEPS, *_DAYS) if step >= least), _DAYS[-1])


def _multiples(low: float, high: float, step: float) -> list[float]:
    first, last = np.ceil(low / step), np.floor(high / step)
    return [float(index * step) for index in np.arange(first, last + 1)]


def _clock_labels(ticks: list[float], step: float) -> list[str]:
    moments = [time.localtime(tick) for tick in ticks]
    if step >= _DAY:
        return [time.strftime("%d %b", moment) for moment in moments]
    form = "%H:%M" if step >= _MINUTE else "%H:%M:%S"
    labels = [time.strftime(form, moment) for moment in moments]
    for index, (before, moment) in enumerate(pairwise(moments), 1):
        if before.tm_yday != moment.tm_yday:
            labels[index] = time.strftime(f"%d %b {form}", moment)
    return labels
