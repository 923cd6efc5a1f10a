"""A step log from its two ends and a few places between, for a list of many runs.

Reads a bounded part of any log: 36 KiB of a long one. Must not judge what the lines say.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import msgspec
import numpy as np

from tokmon.monitor.series import Column, Floats, Frame, Ints, Mask
from tokmon.monitor.sources.step_lines import MAX_STEP, parse
from tokmon.rundir.records import moment

WHOLE_BYTES = 2**15
"""A log up to this size is read from beginning to end."""
HEAD_BYTES = 2**12
TAIL_BYTES = 2**14
"""About 50 lines: enough for the usual time between them."""
PROBES = 16
PROBE_BYTES = 2**10
"""At so many places between head and tail a line or two are read, for the shape of the curve."""
KEYS = ("train_loss", "val_loss", "val_bpb", "elapsed_s", "time")


class _Line(msgspec.Struct, gc=False):
    """What a list needs of a line; unknown keys are passed over, which is what makes it fast."""

    step: int
    train_loss: float | None = None
    val_loss: float | None = None
    val_bpb: float | None = None
    elapsed_s: float | None = None
    time: str | None = None


_decoder = msgspec.json.Decoder(_Line)


@dataclass(frozen=True, slots=True, eq=False)
class LogEnds:
    """The lines that were read."""

    frame: Frame = field(default_factory=Frame)
    """Of KEYS, where they stand; after a resume newer wins."""
    is_whole: bool = True
    """Whether these are all lines of the log."""
    bad_lines: int = 0
    """How many of them are no step record."""


def read_ends(path: Path) -> LogEnds:
    """Return the first and the last lines of a step log, and some between.

    A last line without its newline is held back.

    Raises:
        OSError: there is no such log, or it cannot be read.
    """
    with path.open("rb", buffering=0) as file:
        size = os.fstat(file.fileno()).st_size
        is_whole = size <= WHOLE_BYTES
        lines = list(_whole(file, size)) if is_whole else list(_ends(file, size))
    frame, bad_lines = _frame(lines)
    if not lines and size > HEAD_BYTES:  # that is no first line about to be written
        bad_lines = 1
    return LogEnds(frame, is_whole, bad_lines)


def _whole(file: BinaryIO, size: int) -> Iterator[bytes]:
    content = file.read(size)
    yield from _lines(content[: content.rfind(b"\n") + 1])


def _ends(file: BinaryIO, size: int) -> Iterator[bytes]:
    """Yield whole lines in the order of the file; none twice, as the pieces do not touch."""
    between = size - HEAD_BYTES - TAIL_BYTES
    probes = min(PROBES, between // PROBE_BYTES)
    starts = [HEAD_BYTES + between * index // probes for index in range(probes)]
    yield from _lines(_cut(_piece(file, 0, HEAD_BYTES), has_begin=True))
    for start in starts:
        yield from _lines(_cut(_piece(file, start, PROBE_BYTES)))
    yield from _lines(_cut(_piece(file, size - TAIL_BYTES, TAIL_BYTES)))


def _piece(file: BinaryIO, start: int, length: int) -> bytes:
    file.seek(start)
    return file.read(length)


def _cut(content: bytes, *, has_begin: bool = False) -> bytes:
    """Return the whole lines of a piece."""
    begin = 0 if has_begin else content.find(b"\n") + 1
    return content[begin : content.rfind(b"\n") + 1]


def _lines(content: bytes) -> list[bytes]:
    return [line for line in content.replace(b"\r\n", b"\n").split(b"\n") if line]


def _frame(lines: list[bytes]) -> tuple[Frame, int]:
    """Return the lines as columns, and how many of them are bad."""
    rows = _sound_rows(lines)
    if rows is not None:
        return _framed(*_columns(rows)), 0
    batch = parse(lines)
    columns = {key: batch.columns[key] for key in KEYS if key in batch.columns}
    return _framed(batch.steps, columns), len(batch.rejected)


def _sound_rows(lines: list[bytes]) -> list[_Line] | None:
    """Return the rows if every line is one good record, else None; see `step_lines`."""
    content = b"\n".join(lines)
    is_whole = content.startswith(b"{") and content.endswith(b"}")
    if lines and not (is_whole and content.count(b"}\n{") == len(lines) - 1):
        return None
    try:
        rows = _decoder.decode_lines(content)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    is_sound = len(rows) == len(lines) and all(0 <= row.step < MAX_STEP for row in rows)
    return rows if is_sound else None


def _columns(rows: list[_Line]) -> tuple[Ints, dict[str, Column]]:
    """Return steps and columns; a key that is null on all lines may as well not stand there."""
    values: dict[str, list[float | None]] = {
        "train_loss": [row.train_loss for row in rows],
        "val_loss": [row.val_loss for row in rows],
        "val_bpb": [row.val_bpb for row in rows],
        "elapsed_s": [row.elapsed_s for row in rows],
    }
    # A time costs a microsecond: where there is another clock, the last one is enough.
    timed = rows[-1:] if _has_value(values["elapsed_s"]) else rows
    untimed: list[float | None] = [None] * (len(rows) - len(timed))
    values["time"] = untimed + [moment(row.time) for row in timed]
    columns = {key: _column(found) for key, found in values.items() if _has_value(found)}
    return np.array([row.step for row in rows], dtype=np.int64), columns


def _has_value(values: list[float | None]) -> bool:
    return values.count(None) < len(values)


def _column(values: list[float | None]) -> Column:
    floats: Floats = np.array(values, dtype=np.float64)
    return Column(floats, np.ones(len(floats), dtype=np.bool_))


def _framed(steps: Ints, columns: dict[str, Column]) -> Frame:
    """Return a frame whose steps ascend: a line goes if a later one has its step or a lower."""
    if not len(steps):
        return Frame()
    lowest_from = np.minimum.accumulate(steps[::-1])[::-1]
    kept: Mask = np.ones(len(steps), dtype=np.bool_)
    kept[:-1] = steps[:-1] < lowest_from[1:]
    if kept.all():
        return Frame(steps, columns)
    cut = {
        key: Column(column.values[kept], column.present[kept]) for key, column in columns.items()
    }
    return Frame(steps[kept], cut)
