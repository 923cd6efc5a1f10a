"""Packs a built corpus into one file, small enough to be copied to a machine without a network."""

import io
import tarfile
from importlib import import_module
from pathlib import Path
from typing import Any

from tokmon.rundir.atomic import replacing
from tokmon.rundir.errors import TokmonError
from trainer.corpus.pack_format import (
    DICTIONARY_BYTES,
    LITERAL_POSITION_BITS,
    MEMBERS,
    SUFFIX,
)
from trainer.corpus.progress import Report, no_progress
from trainer.corpus.store import Corpus

_PRESET = 6
_FOLDER_CHARS = 60


def packed_name(corpus: Corpus) -> str:
    """Return the file name that a packed corpus gets where none is given."""
    return f"{corpus.manifest.name}{SUFFIX}"


def pack(corpus: Corpus, output: Path, progress: Report = no_progress) -> None:
    """Write `corpus` to `output`, whole or not at all; the same corpus gives the same bytes.

    Raises:
        TokmonError: the corpus differs from its manifest, or the file cannot be written.
    """
    corpus.verify()
    lzma = _lzma()
    try:
        with (
            replacing(output) as temporary,
            lzma.open(temporary, "wb", filters=_filters(lzma)) as stream,
            tarfile.open(fileobj=stream, mode="w", format=tarfile.GNU_FORMAT) as archive,
        ):
            _add_members(archive, corpus, progress)
    except OSError as error:
        raise TokmonError(
            f"{output}: cannot be written ({error.strerror or error})",
            "name another file with -o",
        ) from error


def _add_members(archive: tarfile.TarFile, corpus: Corpus, progress: Report) -> None:
    paths = [corpus.folder / name for name in MEMBERS]
    sizes = [path.stat().st_size for path in paths]
    done = 0
    for path, size in zip(paths, sizes, strict=True):
        # Neither owner nor time: they would make other bytes of the same corpus.
        info = tarfile.TarInfo(f"{corpus.manifest.name[:_FOLDER_CHARS]}/{path.name}")
        info.size = size
        with path.open("rb") as file:
            archive.addfile(info, _Counted(file, done, sum(sizes), progress))
        done += size


class _Counted(io.RawIOBase):
    """A file that tells how much of the whole has been read."""

    def __init__(self, file: io.BufferedReader, done: int, total: int, progress: Report) -> None:
        self._file = file
        self._done = done
        self._total = total
        self._progress = progress

    def read(self, size: int = -1, /) -> bytes:
        content = self._file.read(size)
        self._done += len(content)
        self._progress("packing", self._done, self._total)
        return content


def _lzma() -> Any:
    try:
        return import_module("lzma")
    except ModuleNotFoundError as error:
        raise TokmonError(
            "packing a corpus needs lzma, which this Python was built without",
            "use another Python, or copy the corpus folder as it is",
        ) from error


def _filters(lzma: Any) -> list[dict[str, int]]:
    return [
        {
            "id": lzma.FILTER_LZMA2,
            "preset": _PRESET,
            "dict_size": DICTIONARY_BYTES,
            "lp": LITERAL_POSITION_BITS,
            "pb": LITERAL_POSITION_BITS,
        }
    ]
