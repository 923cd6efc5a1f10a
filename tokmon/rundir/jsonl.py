"""Files of lines: append one whole line per write, and read what another process appends.

Files are opened, used and closed each time: one that is held open cannot be replaced on Windows.
"""

import os
from dataclasses import dataclass
from pathlib import Path

_FINGERPRINT_BYTES = 64
MAX_LINE_BYTES = 16 * 2**20
"""A line that grows past this without an end is given up as a bad line."""


def append_line(path: Path, line: bytes) -> None:
    r"""Append `line` (without its newline) in one write, so that readers see it whole or torn.

    A torn line left by a killed writer is closed first: it stays one bad line of its own.

    Raises:
        OSError: the disk is full, say; then nothing of the line stays in the file.
    """
    ending = b"" if _ends_whole(path) else b"\n"
    content = ending + line + b"\n"
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_BINARY", 0)
    descriptor = os.open(path, flags, 0o666)
    try:
        _write_all_or_nothing(descriptor, content)
    except OSError as error:
        raise type(error)(error.errno, error.strerror, str(path)) from error
    finally:
        os.close(descriptor)


def _write_all_or_nothing(descriptor: int, content: bytes) -> None:
    written = 0
    try:
        while written < len(content):
            written += os.write(descriptor, content[written:])
    except OSError:
        # A full disk takes a part first and says so only when asked for the rest.
        if written:
            os.ftruncate(descriptor, os.fstat(descriptor).st_size - written)
        raise


def _ends_whole(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            if file.seek(0, os.SEEK_END) == 0:
                return True
            file.seek(-1, os.SEEK_END)
            return file.read(1) == b"\n"
    except FileNotFoundError:
        return True


@dataclass(frozen=True, slots=True)
class Lines:
    """What one look at a growing file brought."""

    lines: tuple[bytes, ...] = ()
    """Whole new lines without their newlines; empty lines are left out."""

    restarted: bool = False
    """The file was truncated or replaced: forget what came before these lines."""

    at_end: bool = True
    """Nothing more can be read now."""


class Tail:
    """Reads a file that another process appends to, truncates or replaces.

    Holds back a last line that has no newline yet. Notices a replaced file by its inode and by
    the bytes just before its own position, so that a copy over the same file shows as well.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._inode = 0
        self._offset = 0
        self._before = b""  # the bytes just before _offset, to recognise the file again
        self._pending = b""
        self._is_skipping = False
        self.fault = ""
        """Why the last look was refused; what was read before still counts."""

    @property
    def offset(self) -> int:
        """Bytes read so far, for a progress bar."""
        return self._offset

    def read(self, max_bytes: int = 4 * 2**20) -> Lines:
        """Return the whole lines among the next `max_bytes`; nothing if the file is not there."""
        self.fault = ""
        try:
            with self.path.open("rb") as file:
                status = os.fstat(file.fileno())
                restarted = self._is_other_file(file.fileno(), status)
                if restarted:
                    self._forget()
                self._inode = status.st_ino
                file.seek(self._offset)
                chunk = file.read(max_bytes)
        except PermissionError as error:
            if not self.path.is_dir():  # on Windows a folder is opened like a forbidden file
                self.fault = str(error)
                return Lines()
            return self._vanished()
        except (FileNotFoundError, IsADirectoryError):
            return self._vanished()
        self._offset += len(chunk)
        self._before = (self._before + chunk)[-_FINGERPRINT_BYTES:]
        lines = self._split(chunk)
        return Lines(lines, restarted, at_end=len(chunk) < max_bytes)

    def _is_other_file(self, descriptor: int, status: os.stat_result) -> bool:
        if self._offset == 0:
            return False
        if status.st_ino != self._inode or status.st_size < self._offset:
            return True
        os.lseek(descriptor, self._offset - len(self._before), os.SEEK_SET)
        return os.read(descriptor, len(self._before)) != self._before

    def _vanished(self) -> Lines:
        had_content = self._offset > 0
        self._forget()
        return Lines(restarted=had_content)

    def _forget(self) -> None:
        self._offset = 0
        self._before = self._pending = b""
        self._is_skipping = False

    def _split(self, chunk: bytes) -> tuple[bytes, ...]:
        text = self._pending + chunk
        *whole, self._pending = text.split(b"\n")
        if self._is_skipping and whole:
            whole, self._is_skipping = whole[1:], False
        if len(self._pending) > MAX_LINE_BYTES:
            # What is shown of a line without end is its beginning; the rest is dropped.
            whole = whole if self._is_skipping else [*whole, self._pending[:_FINGERPRINT_BYTES]]
            self._pending, self._is_skipping = b"", True
        if b"\r" in text:
            whole = [line.strip(b"\r") for line in whole]
        return tuple(filter(None, whole))
