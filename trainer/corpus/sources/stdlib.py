"""The source `stdlib`: the running interpreter's own standard library."""

import platform
import sysconfig
from contextlib import AbstractContextManager
from pathlib import Path, PurePosixPath

from tokmon.rundir.errors import TokmonError
from trainer.corpus.recipe import DEFAULT_MAX_FILE_BYTES
from trainer.corpus.sources.base import Listing, ReadFile
from trainer.corpus.sources.tree import Tree

# Tests at every depth, other people's packages, vendored wheels.
_LEFT_OUT = frozenset(
    {
        "test", "tests", "idle_test", "site-packages", "dist-packages", "lib-dynload", "_bundled",
    }
)  # fmt: skip
# Written by the build of this interpreter, or by its packager: not source code.
_BUILD_PREFIXES = ("_sysconfigdata", "_sysconfig_vars", "config-", "sitecustomize", "usercustomize")


class StdlibReader:
    """Reads the standard library of the interpreter that runs this."""

    def __init__(self, max_file_bytes: int = DEFAULT_MAX_FILE_BYTES) -> None:
        root = Path(sysconfig.get_path("stdlib"))
        self._tree = Tree(root, _is_left_out, max_file_bytes=max_file_bytes)

    @property
    def label(self) -> str:
        """The interpreter's version."""
        return f"Python {platform.python_version()} standard library"

    @property
    def is_ready(self) -> bool:
        """True: the files are there."""
        return True

    def identity(self) -> object:
        """Return the interpreter, and names, sizes and modification times of the files."""
        return [platform.python_implementation(), platform.python_version(), self._tree.identity()]

    def prepare(self) -> None:
        """Fetch nothing."""

    def list_files(self) -> Listing:
        """Return the files; raises TokmonError where the library is not a folder of source."""
        listing = self._tree.list_files()
        files = tuple(file for file in listing.files if not file.path.startswith(_BUILD_PREFIXES))
        if not files:
            raise TokmonError(
                f"{self._tree.root}: this Python has no standard library in source form",
                "use a folder source, or a Python that is not an embedded build",
            )
        return Listing(files, listing.skipped)

    def reading(self) -> AbstractContextManager[ReadFile]:
        """Return a context in which files can be read."""
        return self._tree.reading()


def _is_left_out(folder: str) -> bool:
    return PurePosixPath(folder).name in _LEFT_OUT or folder.startswith(_BUILD_PREFIXES)
