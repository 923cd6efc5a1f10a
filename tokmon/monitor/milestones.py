"""Which log lines a short table shows: the earliest, some by orders of magnitude, the latest."""

from itertools import islice

import numpy as np

from tokmon.monitor.series import Ints

_MANTISSAS = (1, 2, 5)


def milestones(steps: Ints, capacity: int) -> list[int]:
    """Return at most `capacity` ascending indices into `steps`; the newest is always among them.

    A third goes to the earliest lines, a third to the lines at or after 1, 2, 5, 10, 20, 50...
    times the log's interval, spread evenly where they are too many, and the rest to the latest.
    """
    total = len(steps)
    if capacity <= 0 or total == 0:
        return []
    if total <= capacity:
        return list(range(total))
    latest = max(1, capacity // 3)
    early = min(latest, capacity - latest)
    between = capacity - latest - early
    rounded = [index for index in _round_indices(steps) if early <= index < total - latest]
    middle = _spread(rounded, between)
    shown = {*range(early), *middle}
    newest_first = (index for index in range(total - 1, -1, -1) if index not in shown)
    return sorted([*shown, *islice(newest_first, capacity - len(shown))])


def _round_indices(steps: Ints) -> list[int]:
    interval = max(1, int(np.median(np.diff(steps[:100]))) if len(steps) > 1 else 1)
    decades = len(str(max(1, int(steps[-1]) // interval)))
    targets = [
        mantissa * 10**decade * interval for decade in range(decades) for mantissa in _MANTISSAS
    ]
    indices = np.searchsorted(steps, targets)
    return sorted({int(index) for index in indices if index < len(steps)})


def _spread(indices: list[int], count: int) -> list[int]:
    if len(indices) <= count:
        return indices
    if count <= 0:
        return []
    places = np.linspace(0, len(indices) - 1, count).round().astype(int)
    return [indices[place] for place in dict.fromkeys(places.tolist())]
