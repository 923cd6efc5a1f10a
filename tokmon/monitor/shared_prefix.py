"""How much two snapshots of a growing column have in common. Knows nothing of metrics."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tokmon.monitor.row_values import RowFloats, Rows

Snapshot = NDArray[Any] | RowFloats | Rows


def shared_prefix(before: Snapshot, now: Snapshot) -> int:
    """Return how many leading elements of two snapshots of one kind are the same, bit for bit.

    At least so many where they tell their lineage, which takes no time. Constant time also for two
    views of one buffer: what such a view shows never changes (see tokmon.monitor.buffer), so the
    shorter is a prefix of the longer. Else 1 ms a million.
    """
    length = min(len(before), len(now))
    if isinstance(before, np.ndarray) and isinstance(now, np.ndarray):
        return _same(before, now, length)
    if isinstance(before, np.ndarray) or isinstance(now, np.ndarray):
        return 0
    return before.lineage.shared(now.lineage, length)


def _same(before: NDArray[Any], now: NDArray[Any], length: int) -> int:
    if before is now or (before.base is not None and _start(before) == _start(now)):
        return length
    differs = np.flatnonzero(_bits(before[:length]) != _bits(now[:length]))
    return int(differs[0]) if len(differs) else length


def _start(array: NDArray[Any]) -> tuple[int, int]:
    return id(array.base), array.ctypes.data


def _bits(array: NDArray[Any]) -> NDArray[Any]:
    """Return what compares as the same bits do: NaN is NaN."""
    return array.view(np.int64) if array.dtype == np.float64 else array
