"""The .py members of a zip file, in the order of its directory."""

import io
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

from trainer.corpus.sources.compression import DAMAGED, TOO_COMPRESSED, StreamError
from trainer.corpus.sources.members import (
    ENCRYPTED,
    LINK,
    NOT_A_FILE,
    UNSAFE_PATH,
    Member,
    clean_path,
    is_passed_over,
    read_blocks,
)

MAX_MEMBER_RATIO = 400
"""Decompressed size over compressed: files of one repeated line reach 200, bombs 1000."""
MAX_DIRECTORY_BYTES = 32 * 2**20
"""zipfile holds the whole directory in memory; this one has about 300,000 members."""
_ENCRYPTED_FLAG = 0x1
_UNIX_TYPE = 0o170000
_UNIX_LINK = 0o120000
_UNIX_PLAIN = (0, 0o100000)
_FAULTS = (
    zipfile.BadZipFile, EOFError, zlib.error, NotImplementedError, RuntimeError, ValueError,
)  # fmt: skip


def zip_members(path: Path) -> Iterator[Member]:
    """Yield the members.

    Raises:
        StreamError: the file is damaged, or its directory too large.
        OSError: it cannot be opened.
    """
    with _SmallReads(io.FileIO(path)) as file:
        try:
            archive = zipfile.ZipFile(file)
        except _FAULTS as error:
            raise StreamError(DAMAGED, str(error)) from error
        with archive:
            for info in archive.infolist():
                if not info.is_dir():
                    yield from _member(archive, info)


def _member(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Iterator[Member]:
    path = clean_path(info.filename)
    if not is_passed_over(path, info.filename):
        fault = _fault(info) if path else UNSAFE_PATH
        yield Member(path or "", info.file_size, lambda: _content(archive, info), fault)


def _fault(info: zipfile.ZipInfo) -> str:
    unix_type = info.external_attr >> 16 & _UNIX_TYPE
    if unix_type not in _UNIX_PLAIN:
        return LINK if unix_type == _UNIX_LINK else NOT_A_FILE
    if info.flag_bits & _ENCRYPTED_FLAG:
        return ENCRYPTED
    is_bomb = info.file_size > MAX_MEMBER_RATIO * max(1, info.compress_size)
    return TOO_COMPRESSED if is_bomb else ""


def _content(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    try:
        with archive.open(info) as file:
            return read_blocks(file.read, info.file_size)
    except _FAULTS as error:
        raise StreamError(DAMAGED, str(error)) from error


class _SmallReads(io.BufferedReader):
    """A file that is never read in larger pieces than a directory may have."""

    def read(self, size: int | None = -1, /) -> bytes:
        """Read; raises zipfile.BadZipFile where more is asked for, and is there, than allowed."""
        most = MAX_DIRECTORY_BYTES + 1
        content = super().read(most if size is None or size < 0 else min(size, most))
        if len(content) == most:
            raise zipfile.BadZipFile(f"directory of more than {MAX_DIRECTORY_BYTES} bytes")
        return content
