"""Metrics by step: columns that grow, and snapshots of them that never change.

A column is float64 with NaN for null; a mask says on which lines its key stood at all, so that
a sparse metric (validation) has no gaps between its points. Must not read files.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Column:
    """One metric on consecutive log lines."""

    values: Floats
    """Shape (N,); NaN where the value was null or the key was absent."""
    present: Mask
    """Shape (N,); whether the key stood on the line."""


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


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """All metrics at one moment; later lines and resumes do not touch it."""

    steps: Ints = field(default_factory=lambda: EMPTY_SERIES.steps)
    """Shape (N,), strictly ascending."""
    columns: Mapping[str, Column] = field(default_factory=dict)
    """By key, in the order of their first appearance."""
    smoothed: Mapping[str, Floats] = field(default_factory=dict)
    """Debiased averages of some metrics, shape (N,), aligned with `steps`."""

    def __len__(self) -> int:
        return len(self.steps)

    def series(self, key: str) -> Series:
        """Return the points of one metric; none if its key never stood on a line."""
        column = self.columns.get(key)
        return self._at(column.present, column.values) if column else EMPTY_SERIES

    def smooth(self, key: str) -> Series:
        """Return the debiased average of a metric that is smoothed."""
        column, smoothed = self.columns.get(key), self.smoothed.get(key)
        if column is None or smoothed is None:
            return EMPTY_SERIES
        return self._at(column.present, smoothed)

    def _at(self, present: Mask, values: Floats) -> Series:
        if present.all():
            return Series(self.steps, values)
        return Series(self.steps[present], values[present])
