"""How much two snapshots of a growing column have in common. Knows nothing of metrics."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


def shared_prefix(before: NDArray[Any], now: NDArray[Any]) -> int:
    """Return how many leading elements of two arrays of one type are the same, bit for bit.

    Constant time where both are views of one buffer: what such a view shows never changes (see
    tokmon.monitor.buffer), so the shorter is a prefix of the longer. Else 1 ms a million.
    """
    length = min(len(before), len(now))
    if before is now or (before.base is not None and _start(before) == _start(now)):
        return length
    differs = np.flatnonzero(_bits(before[:length]) != _bits(now[:length]))
    return int(differs[0]) if len(differs) else length


def _start(array: NDArray[Any]) -> tuple[int, int]:
    return id(array.base), array.ctypes.data


def _bits(array: NDArray[Any]) -> NDArray[Any]:
    """Return what compares as the same bits do: NaN is NaN."""
    return array.view(np.int64) if array.dtype == np.float64 else array
