"""The metrics of a run as they arrive, batch by batch. Must not read files."""

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import numpy as np

from tokmon.monitor.buffer import Buffer
from tokmon.monitor.lineage import Lineage
from tokmon.monitor.series import Column, Frame, Ints
from tokmon.monitor.smoothing import DebiasedEma
from tokmon.monitor.stored_column import StoredColumn

MAX_METRICS = 256
"""A log whose keys never end would fill the memory."""


class History:
    """Grows by batches of log lines; amortised constant time a line.

    Args:
        smoothed_keys: metrics of which a debiased average is kept.
    """

    def __init__(self, smoothed_keys: tuple[str, ...] = ()) -> None:
        self._length = 0
        self._lineage = Lineage()
        self._steps = Buffer(np.int64, 0)
        self._columns: dict[str, StoredColumn] = {}
        self._emas = {key: DebiasedEma() for key in smoothed_keys}
        self._smoothed = {key: Buffer(np.float64, np.nan) for key in smoothed_keys}
        self._is_shown = False
        self.expected_lines = 0
        """How many there will be, as far as that can be known: room is made for them at once."""
        self.rewinds = 0
        """How often the log went back in step."""
        self.refused_keys: set[str] = set()
        """Metrics beyond MAX_METRICS, which are not kept."""

    def __len__(self) -> int:
        return self._length

    def extend(self, steps: Ints, columns: Mapping[str, Column]) -> None:
        """Append lines; where a step does not ascend, newer wins and what it passes is dropped."""
        starts = np.flatnonzero(np.diff(steps) <= 0) + 1
        bounds = [0, *starts.tolist(), len(steps)]
        for start, end in pairwise(bounds):
            if start < end:
                self._rewind_to(int(steps[start]))
                self._append(steps[start:end], _sliced(columns, start, end))

    def frame(self) -> Frame:
        """Return a snapshot; views, not copies."""
        self._is_shown = True
        length, lineage = self._length, self._lineage
        columns = {}
        for key, stored in self._columns.items():
            values = stored.show(length, lineage)
            columns[key] = Column(values, values.rows)
        smoothed = {key: buffer.show(length) for key, buffer in self._smoothed.items()}
        return Frame(self._steps.show(length), columns, smoothed, lineage)

    def _append(self, steps: Ints, columns: Mapping[str, Column]) -> None:
        start, end = self._length, self._length + len(steps)
        columns = self._admitted(columns)
        for buffer in self._buffers():
            buffer.reserve(max(end, self.expected_lines))
            buffer.clear(start, end)
        self._steps.put(start, steps)
        for key, column in columns.items():
            self._columns[key].expect(self.expected_lines)
            self._columns[key].extend(start, np.asarray(column.values), np.asarray(column.present))
        self._length = end
        self._smooth(start, columns)

    def _admitted(self, columns: Mapping[str, Column]) -> Mapping[str, Column]:
        """Make columns for new keys, up to MAX_METRICS of them."""
        new = [key for key in columns if key not in self._columns]
        room = MAX_METRICS - len(self._columns)
        self._columns.update((key, StoredColumn()) for key in new[:room])
        self.refused_keys.update(new[room:])
        return {key: column for key, column in columns.items() if key in self._columns}

    def _smooth(self, start: int, columns: Mapping[str, Column]) -> None:
        for key, ema in self._emas.items():
            if key in columns:
                self._smoothed[key].put(start, ema.extend(np.asarray(columns[key].values)))

    def _rewind_to(self, step: int) -> None:
        steps = self._steps.view(self._length)
        kept = int(np.searchsorted(steps, step))
        if kept == self._length:
            return
        self.rewinds += 1
        if self._is_shown:
            self._lineage, self._is_shown = self._lineage.cut(kept), False
        else:
            self._lineage.cut_again(kept)
        held: list[StoredColumn | Buffer[Any]] = [*self._columns.values(), *self._buffers()]
        for stored in held:
            stored.drop(kept)
        for key, smoothed in self._smoothed.items():
            self._emas[key].resume(smoothed.view(kept))
        self._length = kept

    def _buffers(self) -> list[Buffer[Any]]:
        return [self._steps, *self._smoothed.values()]


def _sliced(columns: Mapping[str, Column], start: int, end: int) -> dict[str, Column]:
    return {
        key: Column(np.asarray(column.values[start:end]), np.asarray(column.present[start:end]))
        for key, column in columns.items()
    }
