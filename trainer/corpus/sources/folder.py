"""The source `folder`: the user's own .py files."""

from contextlib import AbstractContextManager
from pathlib import Path

from tokmon.rundir.errors import TokmonError
from trainer.corpus.recipe import FolderSource
from trainer.corpus.sources.base import Listing, ReadFile
from trainer.corpus.sources.tree import Tree


class FolderReader:
    """Reads the .py files below a folder."""

    def __init__(self, source: FolderSource, base: Path) -> None:
        """Take the source; a relative path is seen from `base`."""
        self._tree = Tree(base / Path(source.path).expanduser(), lambda _: False)

    @property
    def label(self) -> str:
        """The folder."""
        return str(self._tree.root)

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
                f"{self._tree.root}: no .py files below this folder",
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
