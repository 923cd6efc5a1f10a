"""The newest records of one growing file of lines. Must not interpret them."""

from collections import deque
from pathlib import Path
from typing import Generic, TypeVar

from tokmon.monitor.sources.bad_lines import BadLines
from tokmon.rundir.jsonl import Tail
from tokmon.rundir.records import BadLineError, Record, decode

R = TypeVar("R", bound=Record)

SLICE_BYTES = 2**20
"""Read at most at one look: about 20 ms of decoding."""


class RecordFile(Generic[R]):
    """Reads what is new at each look and keeps the last `keep` records.

    Args:
        path: may not exist yet.
        kind: the record on each line.
        keep: how many are kept.
        bad_lines: where unreadable lines are counted.
    """

    def __init__(self, path: Path, kind: type[R], keep: int, bad_lines: BadLines) -> None:
        self._tail = Tail(path)
        self._kind = kind
        self._kept: deque[R] = deque(maxlen=keep)
        self._bad_lines = bad_lines
        self._line_count = 0
        self.at_end = False
        """Whether the last look reached the end of the file."""
        self.restarted = False
        """Whether the last look found another file in its place."""

    def read(self) -> list[R]:
        """Return the records that are new since the last look."""
        found = self._tail.read(SLICE_BYTES)
        self.at_end, self.restarted = found.at_end, found.restarted
        if found.restarted:
            self._forget()
        new = [record for line in found.lines if (record := self._decoded(line)) is not None]
        self._kept.extend(new)
        return new

    def records(self) -> tuple[R, ...]:
        """Return the records kept, oldest first."""
        return tuple(self._kept)

    def _decoded(self, line: bytes) -> R | None:
        self._line_count += 1
        try:
            return decode(line, self._kind)
        except BadLineError as error:
            self._bad_lines.add(self._tail.path.name, self._line_count, line, str(error))
            return None

    def _forget(self) -> None:
        self._kept.clear()
        self._line_count = 0
        self._bad_lines.forget(self._tail.path.name)
