"""Python files below a folder on disk: what the sources `folder` and `stdlib` share."""

import errno
import os
import stat
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from trainer.corpus.recipe import DEFAULT_MAX_FILE_BYTES
from trainer.corpus.sources.base import Listing, ReadFile, SourceFile

_SUFFIX = ".py"
_ENVIRONMENT_MARK = "pyvenv.cfg"


@dataclass(frozen=True, slots=True)
class _Found:
    path: str
    size: int
    modified_ns: int


class Tree:
    """The .py files below `root`, without hidden folders, caches and virtual environments."""

    def __init__(
        self,
        root: Path,
        is_left_out: Callable[[str], bool],
        is_taken: Callable[[str], object] = lambda _: True,
        max_file_bytes: int = DEFAULT_MAX_FILE_BYTES,
    ) -> None:
        """Take `root`, which folders below it are passed over, and which files are taken.

        No file is read beyond `max_file_bytes`; a longer one has grown since it was listed.
        """
        self.root = root
        self._is_left_out = is_left_out
        self._is_taken = is_taken
        self._max_file_bytes = max_file_bytes

    def identity(self) -> list[object]:
        """Return names, sizes and modification times."""
        found, _ = self._find()
        return [[printable(file.path), file.size, file.modified_ns] for file in found]

    def list_files(self) -> Listing:
        """Return the files with the first part of their path, without .py, as their unit."""
        found, skipped = self._find()
        files = (SourceFile(_unit(file.path), file.path, file.size) for file in found)
        return Listing(tuple(files), dict(skipped))

    @contextmanager
    def reading(self) -> Iterator[ReadFile]:
        """Yield a function that reads one file."""

        def read(path: str) -> bytes:
            with (self.root / path).open("rb") as file:
                content = file.read(self._max_file_bytes + 1)
            if len(content) > self._max_file_bytes:
                raise OSError(errno.EFBIG, "grew while the corpus was being built", path)
            return content

        yield read

    def _find(self) -> tuple[list[_Found], Counter[str]]:
        skipped: Counter[str] = Counter()

        def count_unreadable(_: OSError) -> None:
            skipped["unreadable_folder"] += 1

        found: list[_Found] = []
        for folder, subfolders, names in os.walk(self.root, onerror=count_unreadable):
            below = Path(folder).relative_to(self.root)
            subfolders[:] = [name for name in subfolders if self._is_walked(below / name)]
            for name in names:
                if name.endswith(_SUFFIX) and self._is_taken((below / name).as_posix()):
                    found += self._look(below / name, skipped)
        return sorted(found, key=lambda file: file.path), skipped

    def _is_walked(self, folder: Path) -> bool:
        if folder.name.startswith(".") or folder.name == "__pycache__":
            return False
        is_environment = (self.root / folder / _ENVIRONMENT_MARK).is_file()
        return not (is_environment or self._is_left_out(folder.as_posix()))

    def _look(self, path: Path, skipped: Counter[str]) -> Iterator[_Found]:
        try:
            status = (self.root / path).stat()
        except OSError:
            skipped["unreadable"] += 1
            return
        if not stat.S_ISREG(status.st_mode):
            skipped["not_a_file"] += 1
            return
        yield _Found(path.as_posix(), status.st_size, status.st_mtime_ns)


def _unit(path: str) -> str:
    return printable(path.split("/", 1)[0].removesuffix(_SUFFIX))


def printable(path: str) -> str:
    """Return a path as UTF-8 can hold it: POSIX names may have bytes that are no UTF-8."""
    return path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
