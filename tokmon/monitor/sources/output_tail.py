"""The end of what a process wrote to its terminal. Any bytes are text here; nothing is bad."""

from pathlib import Path

_BACKLOG_BYTES = 2**16
_MAX_LINE_BYTES = 4096


class OutputTail:
    """Follows a growing text file from 64 KiB before its end.

    Of a line that a progress bar rewrites (carriage returns) the last state is kept. Unlike a
    record, an output line is cut when it is very long.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._offset = 0
        self._inode = 0
        self._pending = b""

    def read(self) -> list[str]:
        """Return the whole lines that are new since the last look; none if there is no file."""
        try:
            with self.path.open("rb") as file:
                self._seek(file.seek(0, 2), self.path.stat().st_ino)
                file.seek(self._offset)
                chunk = file.read(_BACKLOG_BYTES)
        except OSError:
            self._offset, self._pending = 0, b""
            return []
        self._offset += len(chunk)
        *lines, pending = (self._pending + chunk).split(b"\n")
        self._pending = pending[-_MAX_LINE_BYTES:]
        return [_text(line) for line in lines if line.strip()]

    def _seek(self, size: int, inode: int) -> None:
        """Start behind what is too old to show; start again in a file that was replaced."""
        is_other = inode != self._inode or size < self._offset
        if is_other:
            self._offset, self._pending, self._inode = 0, b"", inode
        if size - self._offset > _BACKLOG_BYTES:
            self._offset, self._pending = size - _BACKLOG_BYTES, b""


def _text(line: bytes) -> str:
    shown = line.rstrip(b"\r").rsplit(b"\r", 1)[-1][:_MAX_LINE_BYTES]
    return shown.decode(errors="backslashreplace")
