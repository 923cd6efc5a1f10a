"""The .py members of a tar file, read forward once, so that a compressed one is never held."""

import io
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from trainer.corpus.sources.compression import DAMAGED, StreamError, opened
from trainer.corpus.sources.members import (
    LINK,
    NOT_A_FILE,
    UNSAFE_PATH,
    Member,
    clean_path,
    is_passed_over,
    read_blocks,
)

MAX_HEADER_BYTES = 2**20
"""tarfile reads long names and pax headers whole, however long they say they are."""
_SKIP_BYTES = 2**18


def tar_members(path: Path) -> Iterator[Member]:
    """Yield the members of a plain or compressed tar file.

    Raises:
        StreamError: the file is damaged, or gives more than a harmless one.
        OSError: it cannot be opened.
        TokmonError: the library for its compression is missing.
    """
    with opened(path) as stream:
        try:
            archive = tarfile.TarFile(fileobj=_Forward(stream), mode="r")
            while info := archive.next():
                # It would keep every header: a gigabyte for a million members.
                archive.members.clear()  # type: ignore[attr-defined]  # typeshed leaves it out
                yield from _member(archive, info)
        except (tarfile.TarError, ValueError, OverflowError) as error:
            raise StreamError(DAMAGED, str(error)) from error


def _member(archive: tarfile.TarFile, info: tarfile.TarInfo) -> Iterator[Member]:
    path = clean_path(info.name)
    if info.isdir() or is_passed_over(path, info.name):
        return
    if info.issym() or info.islnk():
        fault = LINK
    elif not info.isreg() or info.issparse():
        fault = NOT_A_FILE
    else:
        fault = "" if path else UNSAFE_PATH
    yield Member(path or "", info.size, lambda: _content(archive, info), fault)


def _content(archive: tarfile.TarFile, info: tarfile.TarInfo) -> bytes:
    try:
        file = archive.extractfile(info)
        return read_blocks(file.read, info.size) if file else b""
    except tarfile.TarError as error:
        raise StreamError(DAMAGED, str(error)) from error


class _Forward(io.RawIOBase):
    """What tarfile needs of a stream that cannot go back; refuses to read much at once."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._position = 0

    def read(self, size: int = -1, /) -> bytes:
        """Return `size` bytes, or less at the end; raises StreamError."""
        if not 0 <= size <= MAX_HEADER_BYTES:
            raise StreamError(DAMAGED, f"a header of more than {MAX_HEADER_BYTES} bytes")
        content = self._stream.read(size)
        self._position += len(content)
        return content

    def tell(self) -> int:
        """Return the position."""
        return self._position

    def seek(self, position: int, whence: int = io.SEEK_SET, /) -> int:
        """Read forward to `position`; raises StreamError where that lies behind."""
        if whence != io.SEEK_SET or position < self._position:
            raise StreamError(DAMAGED, "members overlap")
        while self._position < position:
            if not self.read(min(_SKIP_BYTES, position - self._position)):
                break
        return self._position
