"""The step log of a run, read a slice at a time, its end first. Must not judge what it says."""

import os
from pathlib import Path

from tokmon.monitor.digest import Digest, digest
from tokmon.monitor.history import History
from tokmon.monitor.sources.bad_lines import BadLines
from tokmon.monitor.sources.known_lines import KnownLines
from tokmon.monitor.sources.step_lines import parse
from tokmon.rundir.jsonl import Tail

SLICE_BYTES = 2**20
"""Read at most at one look: about 30 ms of decoding."""
_PREVIEW_BYTES = 2**16
SMOOTHED_KEYS = ("train_loss",)


class StepLog:
    """Fills a History as the log grows.

    A log longer than a slice is shown from its end at once; its history follows.
    """

    def __init__(self, path: Path, bad_lines: BadLines) -> None:
        self._tail = Tail(path)
        self._bad_lines = bad_lines
        self._history = History(SMOOTHED_KEYS)
        self._known_lines = KnownLines()
        self._line_count = 0
        self._preview: Digest | None = None
        self._size = 0
        self.at_end = False
        """Whether the last look reached the end of the file."""
        self.is_gone = False
        """Whether the file that was read is not there any more."""
        self.restarts = 0
        """How often it was cut or replaced, and read anew."""
        self.written_at: float | None = None
        """When the file was last written, seconds since 1970."""
        self.frame = self._history.frame()
        """All that is taken in."""
        self.digest = Digest()
        """Of the last lines; of the frame when it is complete."""

    def read(self) -> bool:
        """Take in the next slice; return whether that changed anything."""
        is_first = self._tail.offset == 0
        found = self._tail.read(SLICE_BYTES)
        if found.restarted:
            self._forget()
            self.is_gone = not self._tail.path.exists()
            self.restarts += not self.is_gone
        self.is_gone &= not found.lines
        self.at_end = found.at_end
        self._size, self.written_at = _size_and_time(self._tail.path)
        self._take(found.lines)
        has_changed = bool(found.lines) or found.restarted
        if found.at_end:
            has_changed |= self._preview is not None
            self._preview = None
        elif is_first or found.restarted:
            self._preview = _last_lines(self._tail.path)
        if has_changed:
            self.frame = self._history.frame()
            self.digest = self._preview or digest(self.frame)
        return has_changed

    @property
    def fault(self) -> str:
        """Why the file could not be read at the last look; empty if it could."""
        return self._tail.fault

    @property
    def loaded_fraction(self) -> float:
        """How much of the file is taken in, 0 to 1."""
        return 1.0 if self.at_end else min(self._tail.offset / max(1, self._size), 0.999)

    @property
    def refused_keys(self) -> int:
        """Metrics that were not kept: there were too many."""
        return len(self._history.refused_keys)

    def _take(self, lines: tuple[bytes, ...]) -> None:
        batch = parse(lines, self._known_lines)
        for bad in batch.rejected:
            number = self._line_count + bad.index + 1
            self._bad_lines.add(self._tail.path.name, number, lines[bad.index], bad.reason)
        self._line_count += len(lines)
        if self._tail.offset < self._size:
            # Estimated from what is read: 1 % more, so that a little error moves nothing.
            self._history.expected_lines = int(
                1.01 * self._line_count * self._size / self._tail.offset
            )
        self._history.extend(batch.steps, batch.columns)

    def _forget(self) -> None:
        self._history = History(SMOOTHED_KEYS)
        self._line_count = 0
        self._preview = None
        self._bad_lines.forget(self._tail.path.name)


def _size_and_time(path: Path) -> tuple[int, float | None]:
    try:
        status = path.stat()
    except OSError:  # not there yet, or gone
        return 0, None
    return status.st_size, status.st_mtime


def _last_lines(path: Path) -> Digest | None:
    """Return the last whole lines in brief; the full reading counts the bad ones among them."""
    try:
        with path.open("rb") as file:
            file.seek(-_PREVIEW_BYTES, os.SEEK_END)
            content = file.read()
    except OSError:  # shorter than that by now, or gone: the full reading tells
        return None
    batch = parse([line for line in content.split(b"\n")[1:-1] if line])
    history = History(SMOOTHED_KEYS)
    history.extend(batch.steps, batch.columns)
    return digest(history.frame())
