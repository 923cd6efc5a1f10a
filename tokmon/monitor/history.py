"""The metrics of a run as they arrive, batch by batch. Must not read files."""

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import numpy as np

from tokmon.monitor.buffer import Buffer
from tokmon.monitor.series import Column, Frame, Ints
from tokmon.monitor.smoothing import DebiasedEma

MAX_METRICS = 256
"""A log whose keys never end would fill the memory."""


class History:
    """Grows by batches of log lines; amortised constant time a line.

    Args:
        smoothed_keys: metrics of which a debiased average is kept.
    """

    def __init__(self, smoothed_keys: tuple[str, ...] = ()) -> None:
        self._length = 0
        self._steps = Buffer(np.int64, 0)
        self._values: dict[str, Buffer[np.float64]] = {}
        self._present: dict[str, Buffer[np.bool_]] = {}
        self._emas = {key: DebiasedEma() for key in smoothed_keys}
        self._smoothed = {key: Buffer(np.float64, np.nan) for key in smoothed_keys}
        self._is_shown = False
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
        length = self._length
        columns = {
            key: Column(values.view(length), self._present[key].view(length))
            for key, values in self._values.items()
        }
        smoothed = {key: buffer.view(length) for key, buffer in self._smoothed.items()}
        return Frame(self._steps.view(length), columns, smoothed)

    def _append(self, steps: Ints, columns: Mapping[str, Column]) -> None:
        start, end = self._length, self._length + len(steps)
        columns = self._admitted(columns)
        for buffer in self._buffers():
            buffer.reserve(end)
            buffer.clear(start, end)
        self._steps.put(start, steps)
        for key, column in columns.items():
            self._values[key].put(start, column.values)
            self._present[key].put(start, column.present)
        self._length = end
        self._smooth(start, columns)

    def _admitted(self, columns: Mapping[str, Column]) -> Mapping[str, Column]:
        """Make columns for new keys, up to MAX_METRICS of them."""
        new = [key for key in columns if key not in self._values]
        room = MAX_METRICS - len(self._values)
        for key in new[:room]:
            self._values[key] = Buffer(np.float64, np.nan)
            self._present[key] = Buffer(np.bool_, False)
            for buffer in (self._values[key], self._present[key]):
                buffer.reserve(self._length)
                buffer.clear(0, self._length)
        self.refused_keys.update(new[room:])
        return {key: column for key, column in columns.items() if key in self._values}

    def _smooth(self, start: int, columns: Mapping[str, Column]) -> None:
        for key, ema in self._emas.items():
            if key in columns:
                self._smoothed[key].put(start, ema.extend(columns[key].values))

    def _rewind_to(self, step: int) -> None:
        steps = self._steps.view(self._length)
        kept = int(np.searchsorted(steps, step))
        if kept == self._length:
            return
        self.rewinds += 1
        if self._is_shown:
            for buffer in self._buffers():
                buffer.detach(kept)
            self._is_shown = False
        for key, smoothed in self._smoothed.items():
            self._emas[key].resume(smoothed.view(kept))
        self._length = kept

    def _buffers(self) -> list[Buffer[Any]]:
        return [
            self._steps,
            *self._values.values(),
            *self._present.values(),
            *self._smoothed.values(),
        ]


def _sliced(columns: Mapping[str, Column], start: int, end: int) -> dict[str, Column]:
    return {
        key: Column(column.values[start:end], column.present[start:end])
        for key, column in columns.items()
    }
