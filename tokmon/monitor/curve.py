"""One metric as something to draw: its values, which lines they stand on, and their extremes.

A curve follows the frames of a log as they grow and go back. Must not know screens.
"""

import numpy as np

from tokmon.monitor.buffer import Buffer
from tokmon.monitor.lineage import Lineage
from tokmon.monitor.moving_average import Carried, carried_at, debiased_average
from tokmon.monitor.packed import PackedFloats
from tokmon.monitor.pyramid import Pyramid
from tokmon.monitor.row_values import RowFloats, RowNumbers, Rows
from tokmon.monitor.series import Floats, Ints, Mask
from tokmon.monitor.shared_prefix import shared_prefix

_AT_ONCE = 2**16
"""Values that are averaged at one look: about 1 ms. The rest follows with the next looks."""


class Curve:
    """A metric over rows of the log. As long as it stands on every row, nothing is copied."""

    def __init__(self) -> None:
        self.pyramid = Pyramid()
        self.values: Floats | PackedFloats = np.empty(0)
        """Shape (N,); NaN is a gap."""
        self.rows: Ints | RowNumbers | None = None
        """Row of each value, ascending; None where they are 0 to N - 1."""
        self.lineage = Lineage()
        """Which moment in the life of the values this is."""
        self._seen: tuple[Floats | RowFloats, Mask | Rows] = (np.empty(0), np.empty(0, np.bool_))
        self._kept_rows = Buffer(np.int64, 0)
        self._kept_values = Buffer(np.float64, np.nan)

    def __len__(self) -> int:
        return len(self.values)

    def follow(self, values: Floats | RowFloats, present: Mask | Rows) -> None:
        """Take in a column of the newest frame, shape (rows,) each."""
        known = min(map(shared_prefix, self._seen, (values, present)))
        if known < len(self._seen[0]):
            self._go_back(known)
        self._seen = values, present
        if isinstance(values, RowFloats):
            self.values, self.rows = values.known, values.rows.at
        else:
            self._take(values, present[known:], known)
        self.pyramid.extend(self.values)

    def _take(self, values: Floats, new: Mask, known: int) -> None:
        is_whole = self.rows is None and bool(new.all())
        self.values = values if is_whole else self._compacted(values, new, known)

    def index(self, rows: Ints) -> Ints:
        """Return the index of the first value on or after each row."""
        if self.rows is None:
            return np.minimum(rows, len(self))
        # Of one type: else all of them would be converted first.
        return self.rows.searchsorted(rows.astype(self.rows.dtype))

    def row(self, indexes: Ints) -> Ints:
        """Return the row of each value."""
        return indexes if self.rows is None else self.rows[indexes].astype(np.int64)

    def _go_back(self, row: int) -> None:
        length = row if self.rows is None else int(self.rows.searchsorted(row))
        self.lineage = self.lineage.cut(length)
        self.pyramid.truncate(length)
        if isinstance(self._seen[0], RowFloats) or not row:
            self.values, self.rows = np.empty(0), None
            return
        self.values = self.values[:length]
        if self.rows is not None:
            # A copy: who has drawn the old values may still compare with them.
            self._kept_rows.detach(length)
            self._kept_values.detach(length)
            self.rows = self._kept_rows.view(length)

    def _compacted(self, values: Floats, new: Mask, known: int) -> Floats:
        """Copy what stands on rows from `known` on behind what was there."""
        if self.rows is None:
            self._put(0, np.arange(known), values[:known])
        start, rows = len(self.values), np.flatnonzero(new) + known
        self._put(start, rows, values[rows])
        length = start + len(rows)
        self.rows = self._kept_rows.view(length)
        return self._kept_values.view(length)

    def _put(self, start: int, rows: Ints, values: Floats) -> None:
        for buffer in (self._kept_rows, self._kept_values):
            buffer.reserve(start + len(rows))
        self._kept_rows.put(start, rows)
        self._kept_values.put(start, values)


class AverageCurve(Curve):
    """The debiased average of another curve, on the same rows."""

    def __init__(self, beta: float) -> None:
        super().__init__()
        self._beta = beta
        self._carried = Carried()
        self._base = Lineage()
        self._averages = Buffer(np.float64, np.nan)

    def follow_curve(self, curve: Curve) -> bool:
        """Take in what is new of `curve`, at most so much at a time; return whether that is all."""
        length = self._base.shared(curve.lineage, min(len(self), len(curve)))
        if length < len(self):
            self._averages.detach(length)
            self._carried = carried_at(self._averages.view(length), self._beta)
            self.pyramid.truncate(length)
        end = min(len(curve), length + _AT_ONCE)
        self._averages.reserve(len(curve))
        new, self._carried = debiased_average(curve.values[length:end], self._beta, self._carried)
        self._averages.put(length, new)
        self._base, self.values = curve.lineage, self._averages.view(end)
        self.rows = None if curve.rows is None else curve.rows[:end]
        self.pyramid.extend(self.values)
        return end == len(curve)
