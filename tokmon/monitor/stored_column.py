"""One metric of a log as it arrives. Must not know the other metrics."""

import numpy as np

from tokmon.monitor.arrays import Floats, Ints, Mask
from tokmon.monitor.buffer import Buffer
from tokmon.monitor.lineage import Lineage
from tokmon.monitor.packed_buffer import PackedBuffer
from tokmon.monitor.row_values import RowFloats, Rows


class StoredColumn:
    """Grows by batches of lines; takes no room for lines on which the metric does not stand."""

    def __init__(self) -> None:
        self._values = PackedBuffer()
        self._rows = Buffer[np.int32](np.int32, 0)
        self._is_on_all = True
        """Whether the values stand on the first lines, without a gap: then no rows are held."""

    def expect(self, length: int) -> None:
        """Make room for so many lines, if the metric has stood on all until now."""
        if self._is_on_all:
            self._values.expect(length)

    def extend(self, start: int, values: Floats, present: Mask) -> None:
        """Take in the lines from `start` on: values, and on which of them they stand."""
        rows = None if present.all() else np.flatnonzero(present)
        if self._is_on_all and (rows is not None or start > len(self._values)):
            self._note_rows()
        known = values if rows is None else values[rows]
        if not self._is_on_all:
            placed = np.arange(len(values)) if rows is None else rows
            self._put_rows(len(self._values), start + placed)
        self._values.extend(known)

    def show(self, length: int, lineage: Lineage) -> RowFloats:
        """Return the metric on the first `length` lines, without copying; it stays as it is."""
        if self._is_on_all and length > len(self._values):
            self._note_rows()
        at = None if self._is_on_all else self._rows.show(len(self._values))
        return RowFloats(self._values.show(), Rows(at, length, lineage))

    def drop(self, kept_lines: int) -> None:
        """Drop all but the first lines."""
        if self._is_on_all:
            kept = min(kept_lines, len(self._values))
        else:
            kept = int(self._rows.view(len(self._values)).searchsorted(np.int32(kept_lines)))
            self._rows.drop(kept)
        self._values.drop(kept)

    def _note_rows(self) -> None:
        self._is_on_all = False
        self._put_rows(0, np.arange(len(self._values)))

    def _put_rows(self, start: int, rows: Ints) -> None:
        self._rows.reserve(start + len(rows))
        self._rows.put(start, rows.astype(np.int32))
