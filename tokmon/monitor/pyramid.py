"""The lowest and highest value of any stretch of a growing series, without looking at all of it.

Level k holds the extremes of whole blocks of 8^(k+1) values, so that a stretch is a few values at
each end of a few levels. All levels together take 2/7 of the memory of the series. Knows nothing
of metrics or steps.
"""

from collections.abc import Iterator

import numpy as np

from tokmon.monitor.arrays import Floats, Ints
from tokmon.monitor.buffer import Buffer
from tokmon.monitor.packed import PackedFloats

FOLD = 8
"""Values, or blocks of the level below, in a block."""
_HALVINGS = 3
_EDGE = np.arange(FOLD - 1)[:, None]
_AT_ONCE = 2**13
"""Blocks that are folded at a time: packed values are unpacked for it."""


Values = Floats | PackedFloats


class _Level:
    """Extremes of whole blocks."""

    def __init__(self) -> None:
        self.length = 0
        self._low = Buffer(np.float64, np.nan)
        self._high = Buffer(np.float64, np.nan)

    @property
    def extremes(self) -> tuple[Floats, Floats]:
        return self._low.view(self.length), self._high.view(self.length)

    def extend(self, low: Values, high: Values) -> None:
        """Take in the blocks that are whole by now, of all that lies below."""
        begin, end = self.length, len(low) // FOLD
        self._low.reserve(end)
        self._high.reserve(end)
        for start in range(begin, end, _AT_ONCE):
            new = slice(start * FOLD, min(start + _AT_ONCE, end) * FOLD)
            lows = low[new]
            self._low.put(start, _folded(np.fmin, lows))
            self._high.put(start, _folded(np.fmax, lows if high is low else high[new]))
        self.length = end


class Pyramid:
    """Minima and maxima over a series that grows, or goes back and grows differently."""

    def __init__(self) -> None:
        self._values: Values = np.empty(0)
        self._length = 0
        self._levels: list[_Level] = []

    def __len__(self) -> int:
        return self._length

    @property
    def nbytes(self) -> int:
        """Memory in use, the series itself left out."""
        return sum(low.nbytes + high.nbytes for low, high in self._extremes())

    def extend(self, values: Values) -> None:
        """Go on with `values`, shape (N,), of which the first `len(self)` are known already.

        They are kept and must not change; NaN is no value.
        """
        self._values, self._length = values, len(values)
        low: Values = values
        high: Values = values
        for level in self._grown(values):
            level.extend(low, high)
            low, high = level.extremes

    def truncate(self, length: int) -> None:
        """Forget all but the first `length` values."""
        self._length = length
        for level in self._levels:
            length //= FOLD
            level.length = min(level.length, length)

    def spans(self, starts: Ints, ends: Ints) -> tuple[Floats, Floats]:
        """Return minima and maxima of values[start:end] for each pair, shape (M,) each.

        NaN where a stretch is empty or holds no value; `starts` and `ends` lie in [0, len(self)].
        """
        low, high = np.full(len(starts), np.nan), np.full(len(starts), np.nan)
        stories: list[tuple[Values, Values]] = [(self._values, self._values), *self._extremes()]
        for lows, highs in stories:
            inner_start, inner_end = -(-starts // FOLD), ends // FOLD
            left_end = np.minimum(inner_start * FOLD, ends)
            right_start = np.maximum(inner_end * FOLD, left_end)
            for start, end in ((starts, left_end), (right_start, ends)):
                if (start < end).any():
                    edge_low, edge_high = _edges(lows, highs, start, end)
                    low, high = np.fmin(low, edge_low), np.fmax(high, edge_high)
            starts, ends = inner_start, np.maximum(inner_start, inner_end)
            if not (starts < ends).any():
                break
        return low, high

    def whole(self) -> tuple[float, float]:
        """Return the lowest and highest of all values; NaN without any."""
        low, high = self.spans(np.array([0]), np.array([len(self)]))
        return float(low[0]), float(high[0])

    def _extremes(self) -> list[tuple[Floats, Floats]]:
        """Return those of all levels that hold any."""
        return [level.extremes for level in self._levels if level.length]

    def _grown(self, values: Values) -> Iterator[_Level]:
        """Yield a level for each power of the fold that `values` reaches."""
        index, blocks = 0, len(values) // FOLD
        while blocks:
            if index == len(self._levels):
                self._levels.append(_Level())
            yield self._levels[index]
            index, blocks = index + 1, blocks // FOLD


def _folded(reduce: np.ufunc, values: Floats) -> Floats:
    for _ in range(_HALVINGS):
        values = reduce(values[0::2], values[1::2])
    return values


def _edges(lows: Values, highs: Values, starts: Ints, ends: Ints) -> tuple[Floats, Floats]:
    """Return the extremes of stretches that are shorter than a block, shape (M,) each."""
    indexes = starts + _EDGE
    is_inside = indexes < ends
    indexes = np.where(is_inside, indexes, 0)
    low = np.where(is_inside, lows[indexes], np.nan)
    high = low if highs is lows else np.where(is_inside, highs[indexes], np.nan)
    return np.fmin.reduce(low, axis=0), np.fmax.reduce(high, axis=0)
