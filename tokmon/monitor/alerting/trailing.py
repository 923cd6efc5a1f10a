"""What is usual: median and spread of the values before, over a window that trails. Pure.

The window moves in strides, so that a million values cost tens of milliseconds; where it stands
depends on how many values came before, not on how they came.
"""

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from tokmon.monitor.series import Floats, Ints

NORMAL = 0.6745
"""Of normal noise the median absolute deviation is 0.6745 standard deviations."""


@dataclass(frozen=True, slots=True)
class Usual:
    """What was usual before some values, one figure a stride; NaN where nothing was yet."""

    medians: Floats
    """Shape (S,)."""
    mads: Floats
    """Median absolute deviations, shape (S,)."""
    places: Ints
    """Which stride each value lies in, shape (N,)."""

    def limits(self, score: float) -> Floats:
        """Return the values of a robust z-score, 0.6745 (x - median) / MAD, shape (S,).

        The modified z-score of Iglewicz and Hoaglin, How to Detect and Handle Outliers (1993). A
        MAD below a thousandth of the median counts as that: a log rounds its values.
        """
        least = np.maximum(1e-3 * np.abs(self.medians), 1e-12)
        return self.medians + score * np.maximum(self.mads, least) / NORMAL


class Trailing:
    """Median and median absolute deviation (MAD) of the values before each value.

    Args:
        window: values; only whole strides before the value count.
        stride: how far the window moves at a time.
        at_least: with fewer values before, nothing is usual yet.
    """

    def __init__(self, window: int, stride: int, at_least: int) -> None:
        self._window, self._stride, self._at_least = window, stride, at_least
        self._kept: Floats = np.empty(0)
        self._count = 0
        self._newest: tuple[int, float, float] = (-1, np.nan, np.nan)

    def extend(self, values: Floats) -> Usual:
        """Return what was usual before each of `values` (finite, shape (N,))."""
        if not len(values):
            return Usual(values, values, np.empty(0, np.int64))
        stride, start, end = self._stride, self._count, self._count + len(values)
        known = np.concatenate([self._kept, values])
        first = start - len(self._kept)
        strides = np.arange(start // stride, (end - 1) // stride + 1)
        medians, mads = self._usual(known, first, strides * stride)
        places = np.arange(start, end) // stride - strides[0]
        self._newest = (int(strides[-1]), float(medians[-1]), float(mads[-1]))
        self._count = end
        keep_from = max(0, end // stride * stride - self._window)
        self._kept = known[max(0, keep_from - first) :].copy()
        return Usual(medians, mads, places)

    def _usual(self, known: Floats, first: int, ends: Ints) -> tuple[Floats, Floats]:
        medians, mads = np.full(len(ends), np.nan), np.full(len(ends), np.nan)
        for index, end in enumerate(ends[: np.searchsorted(ends, self._window)].tolist()):
            if end >= self._at_least:
                medians[index], mads[index] = _spread(known[: end - first])
        whole = np.flatnonzero(ends >= self._window)
        if len(whole) == 1 and ends[-1] == self._newest[0] * self._stride:
            medians[-1], mads[-1] = self._newest[1:]
        elif len(whole):
            begin = int(ends[whole[0]]) - self._window - first
            windows = sliding_window_view(known, self._window)[begin :: self._stride]
            medians[whole], mads[whole] = _spread(windows[: len(whole)])
        return medians, mads


class BlockMedians:
    """Medians of consecutive blocks of values: a long history in little room.

    Args:
        block: values in each.
    """

    def __init__(self, block: int) -> None:
        self._block = block
        self._rest: Floats = np.empty(0)

    def extend(self, values: Floats) -> Floats:
        """Return the medians of the blocks that `values` complete."""
        known = np.concatenate([self._rest, values])
        whole = len(known) // self._block
        self._rest = known[whole * self._block :].copy()
        blocks = known[: whole * self._block].reshape(whole, self._block)
        return _medians(np.sort(blocks, axis=1))

    @property
    def pending(self) -> int:
        """How many values have no whole block yet."""
        return len(self._rest)


def running_medians(before: Floats, values: Floats, window: int) -> Floats:
    """Return for each of `values` the median of the last `window` up to it, itself included.

    Args:
        before: what came before them; its last `window` count.
        values: shape (N,), finite.
        window: fewer are taken where there are fewer.
    """
    known = np.concatenate([before[-window:], values])
    first = len(known) - len(values)
    medians = np.empty(len(values))
    partial = min(len(values), max(0, window - 1 - first))
    for index in range(partial):
        medians[index] = np.median(known[: first + index + 1])
    if partial < len(values):
        begin = first + partial + 1 - window
        windows = sliding_window_view(known, window)[begin:]
        medians[partial:] = _medians(np.sort(windows, axis=1))
    return medians


def _spread(windows: Floats) -> tuple[Floats, Floats]:
    """Return median and MAD along the last axis."""
    # Sorted, not np.median: twice as fast on short rows.
    medians = _medians(np.sort(windows, axis=-1))
    deviations = np.abs(windows - medians[..., np.newaxis])
    return medians, _medians(np.sort(deviations, axis=-1))


def _medians(ordered: Floats) -> Floats:
    length = ordered.shape[-1]
    middle: Floats = (ordered[..., (length - 1) // 2] + ordered[..., length // 2]) / 2
    return np.asarray(middle)
