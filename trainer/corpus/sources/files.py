"""The files that a source of its own format names: one, those of a glob, or standard input."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tokmon.rundir.errors import TokmonError
from trainer.corpus.sources.globs import path_pattern, split_glob
from trainer.corpus.sources.stdin import STDIN, stdin_file


@dataclass(frozen=True, slots=True)
class NamedFile:
    """A file to read."""

    path: Path
    """Where it lies."""
    name: str
    """What to call it: below the part of a glob that has no wildcards, else its last part."""


class SourceFiles:
    """The files of a source, looked up anew each time."""

    def __init__(self, path: str, base: Path) -> None:
        """Take the recipe's path; a relative one is seen from `base`."""
        self.is_stdin = path == STDIN
        self._root, self.glob = (
            (stdin_file(), "") if self.is_stdin else split_glob(base / Path(path).expanduser())
        )

    @property
    def label(self) -> str:
        """The path as a person would write it."""
        if self.is_stdin:
            return "standard input"
        return str(self._root / self.glob) if self.glob else str(self._root)

    def identity(self) -> list[object]:
        """Return names, sizes and modification times; of standard input its sha256."""
        if self.is_stdin:
            return [self._root.name.rpartition("-")[2]]
        statuses = [(file.name, file.path.stat()) for file in self.find()]
        return [[name, status.st_size, status.st_mtime_ns] for name, status in statuses]

    def find(self) -> list[NamedFile]:
        """Return the files, sorted by name.

        Raises:
            TokmonError: there is none.
        """
        if not self.glob:
            if not self._root.is_file():
                fault = "not a file" if self._root.exists() else "no such file"
                raise TokmonError(f"{self._root}: {fault}", "check source.path in the recipe")
            return [NamedFile(self._root, self._root.name)]
        files = sorted(self._matching(), key=lambda file: file.name)
        if not files:
            raise TokmonError(f"{self.label}: matches no file", "check source.path in the recipe")
        return files

    def _matching(self) -> Iterator[NamedFile]:
        pattern = path_pattern(self.glob)
        for path in self._root.rglob("*"):
            name = path.relative_to(self._root).as_posix()
            if pattern.match(name) and path.is_file():
                yield NamedFile(path, name)
