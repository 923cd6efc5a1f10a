"""Where the lines of a growing file begin, sparsely: a file of any size opens and scrolls at once.

Every 64 KiB the start of one line is noted, so that any line is found by reading about that
much. Opens, reads, closes; holds no line. Any bytes are text here.
"""

import os
from bisect import bisect_right
from dataclasses import dataclass, field
from pathlib import Path

BLOCK_BYTES = 2**16
"""A block ends with the first line that ends this far behind its start."""
MAX_SHOWN_BYTES = 4096
"""Of one line; a longer one is cut, which is said."""
_SCAN_BYTES = 8 * 2**20
_COUNT_BYTES = 2**20
_FINGERPRINT_BYTES = 64


@dataclass(frozen=True, slots=True)
class Extent:
    """What is known of a file at one moment; later growth does not touch it."""

    path: Path
    lines: tuple[int, ...] | list[int] = (0,)
    """First line of each block; entries may be added behind those that this extent needs."""
    offsets: tuple[int, ...] | list[int] = (0,)
    """Where each block begins, in bytes."""
    line_count: int = 0
    """Lines, an unfinished last one included."""
    size: int = 0
    """Bytes that have been looked through."""

    def block_of(self, line: int) -> int:
        """Return the block that holds `line`."""
        return max(0, bisect_right(self.lines, line) - 1)

    def span(self, block: int) -> tuple[int, int]:
        """Return where a block begins and ends, in bytes."""
        following = self.offsets[block + 1] if block + 1 < len(self.offsets) else self.size
        return self.offsets[block], min(following, self.size)


@dataclass(slots=True)
class _Found:
    """What one file, known by its inode, has shown so far."""

    inode: int = 0
    offset: int = 0
    newlines: int = 0
    before: bytes = b""
    """The bytes just before `offset`, to recognise the file again."""
    lines: list[int] = field(default_factory=lambda: [0])
    offsets: list[int] = field(default_factory=lambda: [0])


class LineIndex:
    """Looks through a file that another process appends to, truncates or replaces."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._found = _Found()
        self.fault = ""
        """Why the file cannot be read now; nothing while it can."""
        self.file_size = 0
        """At the last look, bytes."""

    @property
    def extent(self) -> Extent:
        """What is known now."""
        found = self._found
        is_unfinished = bool(found.before) and not found.before.endswith(b"\n")
        lines = found.newlines + is_unfinished
        return Extent(self._path, found.lines, found.offsets, lines, found.offset)

    @property
    def at_end(self) -> bool:
        """Whether all of the file that was there at the last look is known."""
        return self._found.offset >= self.file_size

    def scan(self, max_bytes: int = _SCAN_BYTES) -> bool:
        """Look through the next `max_bytes`; return whether what was known has been forgotten.

        It is forgotten when the file was truncated, replaced or removed.
        """
        try:
            with self._path.open("rb") as file:
                status = os.fstat(file.fileno())
                is_other = self._is_other_file(file.fileno(), status)
                if is_other:
                    self._found = _Found()
                self._found.inode, self.file_size = status.st_ino, status.st_size
                file.seek(self._found.offset)
                chunk = file.read(max_bytes)
        except OSError as error:
            return self._vanished(error)
        self.fault = ""
        self._take(chunk)
        self.file_size = max(self.file_size, self._found.offset)
        return is_other

    def _vanished(self, error: OSError) -> bool:
        had_content = self._found.offset > 0
        self.fault = error.strerror or str(error)
        self._found, self.file_size = _Found(), 0
        return had_content

    def _is_other_file(self, descriptor: int, status: os.stat_result) -> bool:
        found = self._found
        if found.offset == 0:
            return False
        if status.st_ino != found.inode or status.st_size < found.offset:
            return True
        os.lseek(descriptor, found.offset - len(found.before), os.SEEK_SET)
        return os.read(descriptor, len(found.before)) != found.before

    def _take(self, chunk: bytes) -> None:
        """Count newlines, and note where a block begins."""
        found, place = self._found, 0
        while place < len(chunk):
            block_end = found.offsets[-1] + BLOCK_BYTES - found.offset
            end = chunk.find(b"\n", max(place, block_end - 1)) + 1
            stop = end or len(chunk)
            found.newlines += chunk.count(b"\n", place, stop)
            place = stop
            if end:
                found.lines.append(found.newlines)
                found.offsets.append(found.offset + end)
        found.offset += len(chunk)
        found.before = (found.before + chunk)[-_FINGERPRINT_BYTES:]


def read_block(extent: Extent, block: int) -> list[bytes]:
    """Return the lines of a block without their newlines, each cut to about MAX_SHOWN_BYTES.

    Bounded work however long a line is. Fewer lines where the file has shrunk meanwhile.

    Raises:
        OSError: the file cannot be read.
    """
    start, end = extent.span(block)
    head_bytes = BLOCK_BYTES + MAX_SHOWN_BYTES
    with extent.path.open("rb") as file:
        file.seek(start)
        head = file.read(min(end - start, head_bytes))
        is_cut = end - start > head_bytes
        tail = b""
        if is_cut:
            file.seek(end - MAX_SHOWN_BYTES)
            tail = file.read(MAX_SHOWN_BYTES)
    *lines, last = head.removesuffix(b"\n").split(b"\n") if head else [b""]
    beyond = end - start - len(head) - tail.endswith(b"\n") if is_cut else 0
    shown = [_shown(line, line, len(line)) for line in lines]
    tail = tail.removesuffix(b"\n")
    return [*shown, _shown(last, tail or last, len(last) + beyond)] if head else []


def _shown(line: bytes, tail: bytes, length: int) -> bytes:
    """Return what is shown of a line: its last state, if it rewrites itself (carriage returns)."""
    rewritten = tail.rstrip(b"\r").rsplit(b"\r", 1)
    if len(rewritten) > 1:
        line, length = rewritten[1], len(rewritten[1])
    line = line.rstrip(b"\r")
    if length <= MAX_SHOWN_BYTES:
        return line
    left_out = length - MAX_SHOWN_BYTES
    return line[:MAX_SHOWN_BYTES] + f" ({left_out:,} bytes more)".encode()


def line_at(extent: Extent, offset: int) -> int:
    """Return the line that holds the byte at `offset`.

    Raises:
        OSError: the file cannot be read.
    """
    block = max(0, bisect_right(extent.offsets, offset) - 1)
    line, place = extent.lines[block], extent.offsets[block]
    with extent.path.open("rb") as file:
        file.seek(place)
        while place < offset and (chunk := file.read(min(_COUNT_BYTES, offset - place))):
            line += chunk.count(b"\n")
            place += len(chunk)
    return line


def offset_of(extent: Extent, line: int) -> int:
    """Return where `line` begins; the end of what is known for a line behind it.

    Raises:
        OSError: the file cannot be read.
    """
    if line >= extent.line_count:
        return extent.size
    block = extent.block_of(line)
    start, end = extent.span(block)
    with extent.path.open("rb") as file:
        file.seek(start)
        # Only a block's last line reaches further than this, and it begins before.
        content = file.read(min(end - start, BLOCK_BYTES))
    place = 0
    for _ in range(line - extent.lines[block]):
        place = content.find(b"\n", place) + 1
    return start + place
