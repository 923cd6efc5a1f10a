"""The members of a packed corpus, read forward; everything that `pack` does not write is refused.

Headers are parsed one block at a time. tarfile's own reader would follow extended headers, which
may be of any size and may name links and other files.
"""

import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from tokmon.rundir.errors import TokmonError
from trainer.corpus.pack_format import BLOCK_BYTES
from trainer.corpus.sources.compression import DAMAGED, StreamError, opened

_HINT = "pack the corpus folder with `tokmon data pack`"
_HEAD_BYTES = 2**12
_MAGIC = b"\xfd7zXZ"
_FILE_TYPES = (tarfile.REGTYPE, tarfile.AREGTYPE)


def first_member(path: Path, name: str) -> bytes:
    """Return the first bytes of the first member if `path` is a .tar.xz and it has that name."""
    try:
        with path.open("rb") as file:
            if file.read(len(_MAGIC)) != _MAGIC:
                return b""
        with opened(path) as stream:
            info = _parsed(stream.read(BLOCK_BYTES))
            return stream.read(_HEAD_BYTES) if _base_name(info) == name else b""
    except (OSError, TokmonError, tarfile.HeaderError):
        return b""  # whoever opens it as something else tells the fault


class Members:
    """What is in an opened packed corpus, one member after the other."""

    def __init__(self, stream: BinaryIO, path: Path) -> None:
        self._stream = stream
        self.path = path
        """For messages."""

    def content(self, name: str, limit: int) -> bytes:
        """Return the next member, which has to have this name and at most `limit` bytes.

        Raises:
            TokmonError: it has another name or size, or is no file.
            StreamError: the file is damaged or gives too much.
        """
        size = self._header(name).size
        if not 0 <= size <= limit:
            raise self._refused(f"{name} of {size:,} bytes")
        return b"".join(self._read(size, limit))

    def pieces(self, name: str, size: int, piece_bytes: int) -> Iterator[bytes]:
        """Yield the next member, which has to have this name and size; errors as in `content`."""
        found = self._header(name).size
        if found != size:
            raise self._refused(f"{name} of {found:,} bytes, not {size:,}")
        yield from self._read(size, piece_bytes)

    def end(self) -> None:
        """Read to the end, which also compares the checksum of the xz stream.

        Raises:
            TokmonError: there is something more.
            StreamError: as in `content`.
        """
        if any(self._stream.read(2 * BLOCK_BYTES)):
            raise self._refused("more members than a corpus has")
        while rest := self._stream.read(tarfile.RECORDSIZE):
            if any(rest):
                raise self._refused("something after its end")

    def _header(self, name: str) -> tarfile.TarInfo:
        try:
            info = _parsed(self._exactly(BLOCK_BYTES))
        except tarfile.HeaderError as error:
            raise StreamError(DAMAGED, str(error)) from error
        if _base_name(info) != name:
            raise self._refused(f"a member {info.name!r} in place of {name}")
        if info.type not in _FILE_TYPES:
            raise self._refused(f"{name} is no plain file")
        return info

    def _read(self, size: int, piece_bytes: int) -> Iterator[bytes]:
        left = size
        while left:
            piece = self._exactly(min(left, piece_bytes))
            left -= len(piece)
            yield piece
        self._exactly(-size % BLOCK_BYTES)

    def _exactly(self, size: int) -> bytes:
        content = self._stream.read(size)
        if len(content) < size:
            raise StreamError(DAMAGED, "ends within a member")
        return content

    def _refused(self, what: str) -> TokmonError:
        return TokmonError(f"{self.path}: not a packed corpus ({what})", _HINT)


def _parsed(block: bytes) -> tarfile.TarInfo:
    return tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")


def _base_name(info: tarfile.TarInfo) -> str:
    """Return the last part of FOLDER/NAME; empty if there are more or fewer parts."""
    folder, _, name = info.name.partition("/")
    return name if folder and "/" not in name else ""
