"""The source `wheel`: the Python files inside one pinned wheel."""

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tokmon.rundir.errors import TokmonError
from trainer.corpus.recipe import WheelSource
from trainer.corpus.sources.base import Listing, ReadFile, SourceFile
from trainer.corpus.sources.fetch import cached_wheel, fetch_wheel


class WheelReader:
    """Reads the .py files of a wheel; the wheel is fetched once and kept in the cache."""

    def __init__(self, source: WheelSource) -> None:
        self._source = source

    @property
    def label(self) -> str:
        """Name and version."""
        return f"{self._source.name} {self._source.version}"

    @property
    def is_ready(self) -> bool:
        """Whether the cache has the wheel; `prepare` checks it."""
        return self._path.is_file()

    def identity(self) -> object:
        """Return the sha256 of the wheel."""
        return self._source.sha256

    def prepare(self) -> None:
        """Fetch the wheel if the cache lacks it; raises TokmonError."""
        fetch_wheel(self._source)

    def list_files(self) -> Listing:
        """Return the .py members, all of one unit, the project."""
        with self._opened() as archive:
            members = {info.filename: info for info in archive.infolist()}
        files = (
            SourceFile(self._source.name, name, info.file_size)
            for name, info in sorted(members.items())
            if name.endswith(".py")
        )
        return Listing(tuple(files))

    @contextmanager
    def reading(self) -> Iterator[ReadFile]:
        """Yield a function that reads one member."""
        with self._opened() as archive:
            yield archive.read

    @property
    def _path(self) -> Path:
        return cached_wheel(self._source)

    @contextmanager
    def _opened(self) -> Iterator[zipfile.ZipFile]:
        try:
            with zipfile.ZipFile(self._path) as archive:
                yield archive
        except (zipfile.BadZipFile, EOFError) as error:
            raise TokmonError(
                f"{self._path}: damaged wheel ({error})", "delete it; it is fetched again"
            ) from error
