"""Metrics by step: columns, series of points, and frames of both that never change.

A column has a value for each log line, NaN for null; a mask says on which lines its key stood at
all, so that a sparse metric (validation) has no gaps between its points. Must not read files.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np

from tokmon.monitor import arrays
from tokmon.monitor.lineage import Lineage
from tokmon.monitor.packed import PackedFloats
from tokmon.monitor.row_values import RowFloats, RowNumbers, Rows

Floats: TypeAlias = arrays.Floats
Ints: TypeAlias = arrays.Ints
Mask: TypeAlias = arrays.Mask


@dataclass(frozen=True, slots=True)
class Column:
    """One metric on consecutive log lines."""

    values: Floats | RowFloats
    """Shape (N,); NaN where the value was null or the key was absent. np.asarray unpacks all of
    them, 8 MB a million."""
    present: Mask | Rows
    """Shape (N,); whether the key stood on the line."""

    @property
    def rows(self) -> Ints | RowNumbers | None:
        """On which lines it stands; None for all."""
        if isinstance(self.present, Rows):
            return self.present.at
        return None if self.present.all() else np.flatnonzero(self.present)

    @property
    def known(self) -> PackedFloats:
        """The values on these lines."""
        if isinstance(self.values, RowFloats):
            return self.values.known
        rows = self.rows
        return PackedFloats.of(self.values if rows is None else self.values[rows])


@dataclass(frozen=True, slots=True)
class Series:
    """One metric's points in ascending step order; NaN values are gaps. Read-only arrays."""

    steps: Ints
    """Shape (N,), strictly ascending."""
    values: Floats
    """Shape (N,), in the metric's own unit."""

    def __len__(self) -> int:
        return len(self.steps)

    def finite(self) -> "Series":
        """Return the points that have a value."""
        is_finite = np.isfinite(self.values)
        return self if is_finite.all() else Series(self.steps[is_finite], self.values[is_finite])


EMPTY_SERIES = Series(np.empty(0, np.int64), np.empty(0, np.float64))


@dataclass(frozen=True, slots=True)
class Points:
    """A series of which only those points are unpacked that are looked at."""

    steps: Ints
    """Shape (N,), strictly ascending."""
    values: PackedFloats
    """Shape (N,); NaN is a gap."""

    def __len__(self) -> int:
        return len(self.steps)

    def last(self, count: int) -> Series:
        """Return the newest `count` points, or as many as there are."""
        start = max(0, len(self) - count)
        return Series(self.steps[start:], self.values[start:])

    def all(self) -> Series:
        """Return all of them, unpacked."""
        return Series(self.steps, self.values[:])


NO_POINTS = Points(EMPTY_SERIES.steps, PackedFloats.of(EMPTY_SERIES.values))


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """All metrics at one moment; later lines and resumes do not touch it."""

    steps: Ints = field(default_factory=lambda: EMPTY_SERIES.steps)
    """Shape (N,), strictly ascending."""
    columns: Mapping[str, Column] = field(default_factory=dict)
    """By key, in the order of their first appearance."""
    smoothed: Mapping[str, Floats] = field(default_factory=dict)
    """Debiased averages of some metrics, shape (N,), aligned with `steps`."""
    lineage: Lineage = field(default_factory=Lineage)
    """Which moment of which log this is."""

    def __len__(self) -> int:
        return len(self.steps)

    def series(self, key: str) -> Series:
        """Return the points of one metric; none if its key never stood on a line."""
        return self.points(key).all()

    def points(self, key: str) -> Points:
        """Return the same, packed as they are."""
        column = self.columns.get(key)
        return NO_POINTS if column is None else Points(self._at(column.rows), column.known)

    def smooth(self, key: str) -> Series:
        """Return the debiased average of a metric that is smoothed."""
        column, smoothed = self.columns.get(key), self.smoothed.get(key)
        if column is None or smoothed is None:
            return EMPTY_SERIES
        rows = column.rows
        return Series(self._at(rows), smoothed if rows is None else smoothed[rows])

    def _at(self, rows: Ints | RowNumbers | None) -> Ints:
        return self.steps if rows is None else self.steps[rows]
