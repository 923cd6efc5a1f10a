"""The thread that looks through an output log and searches it. Knows no widget."""

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from tokmon.monitor.line_index import Extent, LineIndex, line_at
from tokmon.monitor.line_search import Needle, find

POLL_S = 0.25
_TELL_EVERY_S = 0.1


class Looked(NamedTuple):
    """What a look at the file brought."""

    extent: Extent
    is_other: bool
    """Whether the file was truncated or replaced: forget what came before."""
    fraction: float
    """How much of the file is known, 0 to 1."""
    fault: str
    """Why it cannot be read."""


class OutputReader:
    """Runs in a thread of its caller until stopped.

    Args:
        path: of the log; it may come later.
        tell: takes what is new; called in the reader's thread.
    """

    def __init__(self, path: Path, tell: Callable[[Looked], None]) -> None:
        self._index = LineIndex(path)
        self._tell = tell
        self._stopped = threading.Event()
        self._is_other = False
        self._told: tuple[object, ...] = ()
        self._told_at = float("-inf")

    def run(self) -> None:
        """Look until `stop`."""
        while not self._stopped.is_set():
            self._is_other |= self._index.scan()
            now = time.monotonic()
            if self._index.at_end or now - self._told_at >= _TELL_EVERY_S:
                self._told_at = now
                self._tell_news()
            if self._index.at_end:
                self._stopped.wait(POLL_S)

    def stop(self) -> None:
        """Let `run` return within a poll."""
        self._stopped.set()

    def _tell_news(self) -> None:
        extent, size = self._index.extent, self._index.file_size
        news = (extent.size, extent.line_count, self._index.fault, self._is_other, size)
        if news == self._told:
            return
        fraction = extent.size / size if size else 1.0
        self._tell(Looked(extent, self._is_other, fraction, self._index.fault))
        self._is_other = False
        self._told = (*news[:3], False, size)


class Place(NamedTuple):
    """Where something was found."""

    line: int
    has_wrapped: bool
    """Whether it lies on the other side of the file's end."""


def seek(
    extent: Extent,
    needle: Needle,
    start: int,
    *,
    is_backwards: bool,
    should_stop: Callable[[], bool],
) -> Place | None:
    """Return the next line with `needle` behind the byte `start`, or the one before it.

    Raises:
        OSError: the file cannot be read.
    """
    ranges = [(start, extent.size), (0, start)]
    for has_wrapped, (first, last) in enumerate(reversed(ranges) if is_backwards else ranges):
        offset = find(
            extent, needle, first, last, is_backwards=is_backwards, should_stop=should_stop
        )
        if offset is not None:
            return Place(line_at(extent, offset), bool(has_wrapped))
    return None
