"""The source `folder`: the user's own .py files."""

from contextlib import AbstractContextManager
from pathlib import Path

from tokmon.rundir.errors import TokmonError
from trainer.corpus.recipe import DEFAULT_MAX_FILE_BYTES, FolderSource
from trainer.corpus.sources.base import Listing, ReadFile
from trainer.corpus.sources.globs import path_pattern, split_glob
from trainer.corpus.sources.tree import Tree


class FolderReader:
    """Reads the .py files below a folder, or those that a glob matches."""

    def __init__(
        self, source: FolderSource, base: Path, max_file_bytes: int = DEFAULT_MAX_FILE_BYTES
    ) -> None:
        """Take the source; a relative path is seen from `base`."""
        root, self._glob = split_glob(base / Path(source.path).expanduser())
        is_taken = path_pattern(self._glob or "**").match
        self._tree = Tree(root, lambda _: False, is_taken, max_file_bytes)

    @property
    def label(self) -> str:
        """The folder, with the glob if there is one."""
        return str(self._tree.root / self._glob)

    @property
    def is_ready(self) -> bool:
        """True: the files are there."""
        return True

    def identity(self) -> object:
        """Return names, sizes and modification times; raises TokmonError without a folder."""
        self._require_folder()
        return self._tree.identity()

    def prepare(self) -> None:
        """Fetch nothing."""

    def list_files(self) -> Listing:
        """Return the files; raises TokmonError if there is no folder or no .py file in it."""
        self._require_folder()
        listing = self._tree.list_files()
        if not listing.files:
            raise TokmonError(
                f"{self.label}: no .py files below this folder",
                "name a folder of Python source",
            )
        return listing

    def reading(self) -> AbstractContextManager[ReadFile]:
        """Return a context in which files can be read."""
        return self._tree.reading()

    def _require_folder(self) -> None:
        root = self._tree.root
        if not root.is_dir():
            fault = "not a folder" if root.exists() else "no such folder"
            raise TokmonError(f"{root}: {fault}", "a corpus source must be a folder of .py files")
