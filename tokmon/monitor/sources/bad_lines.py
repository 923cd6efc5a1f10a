"""The count of lines that could not be read, with the newest of them to show."""

from collections import deque

from tokmon.monitor.state import BadLine
from tokmon.monitor.visible import excerpt, visible

_SHOWN = 50


class BadLines:
    """Shared by the readers of a run's files."""

    def __init__(self) -> None:
        self._newest: deque[BadLine] = deque(maxlen=_SHOWN)
        self._counts: dict[str, int] = {}

    def add(self, file: str, number: int, line: bytes, reason: str) -> None:
        """Count one bad line."""
        self._newest.append(BadLine(visible(file), number, excerpt(line), visible(reason)))
        self._counts[file] = self._counts.get(file, 0) + 1

    def forget(self, file: str) -> None:
        """Drop a file's bad lines: it was replaced."""
        self._counts.pop(file, None)
        kept = [bad for bad in self._newest if bad.file != visible(file)]
        self._newest = deque(kept, maxlen=_SHOWN)

    @property
    def count(self) -> int:
        """All of them."""
        return sum(self._counts.values())

    def newest(self) -> tuple[BadLine, ...]:
        """Return the last ones, oldest first."""
        return tuple(self._newest)
