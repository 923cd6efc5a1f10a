"""The log lines between two steps as CSV, every column and exact values. Must not thin out.

A key that does not stand on a line leaves its cell empty; a null is `nan`, as in the frame. `time`
is seconds since 1970.
"""

import csv
import io
from collections.abc import Iterable, Iterator

import numpy as np

from tokmon.monitor.series import Column, Frame, Ints
from tokmon.rundir.layout import RunDir

_ROWS_AT_ONCE = 10_000


def rows_between(frame: Frame, first_step: int, last_step: int) -> slice:
    """Return the rows of the steps from `first_step` to `last_step`, both included."""
    start = int(np.searchsorted(frame.steps, first_step, side="left"))
    return slice(start, int(np.searchsorted(frame.steps, last_step, side="right")))


def csv_of(frame: Frame, rows: slice) -> bytes:
    r"""Return these rows with a heading, lines ended by \n; values as Python's `repr`.

    `repr` of a float is the shortest text that reads back as the same 64 bits.
    """
    heading = io.StringIO()
    csv.writer(heading, lineterminator="\n").writerow(["step", *frame.columns])
    columns = list(frame.columns.values())
    pieces = [heading.getvalue().encode(errors="replace")]
    for start in range(rows.start, rows.stop, _ROWS_AT_ONCE):
        end = min(start + _ROWS_AT_ONCE, rows.stop)
        pieces += _lines(frame.steps[start:end], columns, start, end)
    return b"".join(pieces)


def _lines(steps: Ints, columns: list[Column], start: int, end: int) -> Iterator[bytes]:
    cells: list[Iterable[str]] = [map(repr, steps.tolist())]
    for column in columns:
        texts = list(map(repr, column.values[start:end].tolist()))
        for absent in np.flatnonzero(~column.present[start:end]).tolist():
            texts[absent] = ""
        cells.append(texts)
    for row in zip(*cells, strict=True):
        yield ",".join(row).encode() + b"\n"


def file_name(run: RunDir, frame: Frame, rows: slice) -> str:
    """Return a name to start from: EXPERIMENT_steps_100-19000.csv."""
    first, last = int(frame.steps[rows.start]), int(frame.steps[rows.stop - 1])
    return f"{run.experiment}_steps_{first}-{last}.csv"
