"""A metric on the lines of a log: its values, and on which lines they stand. Immutable.

Looks like arrays with a value for each line (NaN where there is none); unpacks only what is asked
for, and holds nothing for lines on which the metric does not stand.
"""

from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from tokmon.monitor.arrays import Floats, Ints, Mask
from tokmon.monitor.lineage import Lineage
from tokmon.monitor.packed import PackedFloats

RowNumbers = NDArray[np.int32]
"""A log has less than two billion lines: 16 of them would fill a disk of 8 TB."""
Places = slice | Ints | Mask


class Rows:
    """On which of the `length` lines of a log something stands."""

    __slots__ = ("at", "length", "lineage")

    def __init__(self, at: RowNumbers | None, length: int, lineage: Lineage) -> None:
        self.at = at
        """Ascending; None for all lines."""
        self.length = length
        self.lineage = lineage

    def __len__(self) -> int:
        return self.length

    @overload
    def __getitem__(self, index: int | np.integer[Any]) -> bool: ...
    @overload
    def __getitem__(self, index: Places) -> Mask: ...
    def __getitem__(self, index: int | np.integer[Any] | Places) -> bool | Mask:
        if isinstance(index, (int, np.integer)):
            return bool(self.find(np.array([_inside(int(index), self.length)]))[1][0])
        if isinstance(index, slice):
            return self._between(index)
        return self.find(_numbers(index, self.length))[1]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        return self[:].astype(dtype or np.bool_, copy=bool(copy))

    def all(self) -> bool:
        """Whether it stands on every line."""
        return self.at is None

    def index(self, rows: Ints) -> Ints:
        """Return how many of them lie before each line, shape (M,)."""
        if self.at is None:
            return np.minimum(rows, self.length)
        # Of one type: else all of them would be converted first.
        return self.at.searchsorted(rows.astype(np.int32))

    def find(self, rows: Ints) -> tuple[Ints, Mask]:
        """Return the index of the value on each line (of any shape), and whether there is one."""
        if self.at is None:
            return rows, np.ones(rows.shape, np.bool_)
        if not len(self.at):
            return np.zeros(rows.shape, np.int64), np.zeros(rows.shape, np.bool_)
        places = np.minimum(self.index(rows), len(self.at) - 1)
        return places, self.at[places] == rows

    def _between(self, lines: slice) -> Mask:
        start, end, stride = lines.indices(self.length)
        if self.at is None or stride != 1:
            return self.find(np.arange(start, end, stride))[1]
        is_there = np.zeros(max(0, end - start), np.bool_)
        first, last = self.index(np.array([start, max(start, end)]))
        is_there[self.at[first:last] - start] = True
        return is_there


class RowFloats:
    """Float64 by line, shape (lines,)."""

    __slots__ = ("known", "rows")

    def __init__(self, known: PackedFloats, rows: Rows) -> None:
        self.known = known
        """The values that there are."""
        self.rows = rows
        """Where they stand."""

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def lineage(self) -> Lineage:
        """Which moment of which log this is."""
        return self.rows.lineage

    @overload
    def __getitem__(self, index: int | np.integer[Any]) -> float: ...
    @overload
    def __getitem__(self, index: Places) -> Floats: ...
    def __getitem__(self, index: int | np.integer[Any] | Places) -> float | Floats:
        if self.rows.at is None:
            return self.known[index]
        if isinstance(index, (int, np.integer)):
            row = _inside(int(index), len(self))
            return float(self._found(np.array([row]))[0])
        if isinstance(index, slice):
            start, end, stride = index.indices(len(self))
            return self._between(start, end) if stride == 1 else self[np.arange(start, end, stride)]
        return self._found(_numbers(index, len(self)))

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        return self[:].astype(dtype or np.float64, copy=bool(copy))

    def _found(self, rows: Ints) -> Floats:
        places, is_there = self.rows.find(rows)
        values = np.full(rows.shape, np.nan)
        values[is_there] = self.known[places[is_there]]
        return values

    def _between(self, start: int, end: int) -> Floats:
        values = np.full(max(0, end - start), np.nan)
        first, last = self.rows.index(np.array([start, max(start, end)])).tolist()
        if self.rows.at is not None:
            values[self.rows.at[first:last] - start] = self.known[first:last]
        return values


def _inside(index: int, length: int) -> int:
    if not -length <= index < length:
        raise IndexError(f"line {index} of {length}")
    return index % length


def _numbers(index: Ints | Mask, length: int) -> Ints:
    """Return line numbers from 0 on."""
    numbers = np.flatnonzero(index) if index.dtype == np.bool_ else np.asarray(index, np.int64)
    return np.where(numbers < 0, numbers + length, numbers)
