"""Opens a file whatever it is compressed with, within limits that a harmless file never meets."""

import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias

from tokmon.rundir.errors import TokmonError

MAX_RATIO = 200
"""Decompressed bytes a compressed byte may give: source code reaches 5 to 30."""
RATIO_FLOOR_BYTES = 64 * 2**20
"""So much may come out of any file."""
DAMAGED = "damaged_file"
TOO_COMPRESSED = "too_compressed"
_ZSTD_MAX_WINDOW = 27  # bits; what `zstd` itself takes without being asked: 128 MiB of memory
_MAGIC_BYTES = 6
_BUFFER_BYTES = 2**18

_Stream: TypeAlias = tuple[Any, tuple[type[Exception], ...]]
"""A stream of content, and what else than OSError and EOFError reading it raises."""


class StreamError(OSError):
    """Reading came to its end before the file did; `reason` is a key of the manifest's counts."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """Yield the decompressed content of a plain, gzip, bzip2, xz or zstd file, told by its bytes.

    Reading raises StreamError where the file is damaged or gives more than `MAX_RATIO` times its
    size.

    Raises:
        TokmonError: it is a zstd file, and no library for these is installed.
        OSError: it cannot be opened.
    """
    limit = max(RATIO_FLOOR_BYTES, MAX_RATIO * path.stat().st_size)
    with path.open("rb") as raw:
        stream, faults = _decompressed(raw)
        with io.BufferedReader(_Limited(stream, limit, faults), _BUFFER_BYTES) as file:
            yield file


def _decompressed(raw: io.BufferedReader) -> _Stream:
    magic = raw.peek(_MAGIC_BYTES)[:_MAGIC_BYTES]
    if magic.startswith(b"\x1f\x8b"):
        return gzip.GzipFile(fileobj=raw), (zlib.error,)
    if magic.startswith(b"BZh"):
        return _standard("bz2", raw).BZ2File(raw), ()
    if magic.startswith(b"\xfd7zXZ"):
        lzma = _standard("lzma", raw)
        return lzma.LZMAFile(raw), (lzma.LZMAError,)
    if magic.startswith(b"\x28\xb5\x2f\xfd"):
        return _zstd(raw)
    return raw, ()


def _standard(name: str, raw: BinaryIO) -> Any:
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        raise TokmonError(
            f"{raw.name}: this Python was built without {name}", "unpack the file, or use another"
        ) from error


def _zstd(raw: BinaryIO) -> _Stream:
    try:
        own: Any = import_module("compression.zstd")  # from Python 3.14 on
    except ModuleNotFoundError:
        return _zstandard(raw)
    options = {own.DecompressionParameter.window_log_max: _ZSTD_MAX_WINDOW}
    return own.ZstdFile(raw, options=options), (own.ZstdError,)


def _zstandard(raw: BinaryIO) -> _Stream:
    try:
        import zstandard  # the one that comes with the extra `data`
    except ModuleNotFoundError as error:
        raise TokmonError(
            f"{raw.name}: zstd needs zstandard, which is not installed",
            'pip install "tokmon[data]", or Python 3.14',
        ) from error
    context = zstandard.ZstdDecompressor(max_window_size=2**_ZSTD_MAX_WINDOW)
    return context.stream_reader(raw, read_across_frames=True), (zstandard.ZstdError,)


class _Limited(io.RawIOBase):
    """Counts what comes out of a stream, and turns every fault into a StreamError."""

    def __init__(self, stream: Any, limit: int, faults: tuple[type[Exception], ...]) -> None:
        self._stream = stream
        self._left = limit
        self._faults: tuple[type[Exception], ...] = (OSError, EOFError, *faults)

    def readable(self) -> bool:
        """True."""
        return True

    def readinto(self, buffer: Any, /) -> int:
        """Fill `buffer`; raises StreamError."""
        try:
            content = self._stream.read1(len(buffer))  # what comes before a fault is not lost
        except self._faults as error:
            raise StreamError(DAMAGED, str(error)) from error
        self._left -= len(content)
        if self._left < 0:
            raise StreamError(TOO_COMPRESSED, f"more than {MAX_RATIO} times the file's size")
        buffer[: len(content)] = content
        return len(content)
