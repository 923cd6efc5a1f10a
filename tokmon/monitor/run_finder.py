"""Which runs lie in some folders, looked up again and again at little cost. Must not read them."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from tokmon.monitor.visible import visible
from tokmon.rundir.errors import TokmonError
from tokmon.rundir.layout import RunDir


class RunFinder:
    """Knows the runs in folders, and which of their subfolders hold none.

    Args:
        folders: each a run, or a folder of runs; need not exist yet.
    """

    def __init__(self, folders: Sequence[Path]) -> None:
        self._folders = list(folders)
        # By path as text: thousands of Path objects a look would cost more than all else.
        self._runs: dict[str, RunDir] = {}
        # A folder without a run is looked into again when something was made in it.
        self._empty: dict[str, int] = {}
        self.faults: tuple[str, ...] = ()
        """Folders that could not be read at the last look, and why, safe to print."""

    def look(self) -> dict[str, RunDir]:
        """Return the runs that are there now, by path."""
        faults: list[str] = []
        found: dict[str, RunDir] = {}
        for folder in self._folders:
            for path, changed in self._candidates(folder, faults):
                if run := self._run_at(path, changed, faults):
                    found[path] = run
        self._runs = found
        self.faults = tuple(faults)
        return found

    def _candidates(self, folder: Path, faults: list[str]) -> Iterator[tuple[str, int]]:
        """Yield the folder itself if it is a run, else those in it, with their last change."""
        try:
            if self._run_at(str(folder), folder.stat().st_mtime_ns, faults):
                yield str(folder), 0
                return
            with os.scandir(folder) as entries:
                below = list(entries)
        except OSError as error:
            faults.append(_fault(str(folder), error))
            return
        for entry in below:
            try:
                if entry.is_dir():
                    is_known = entry.path in self._runs
                    yield entry.path, 0 if is_known else entry.stat().st_mtime_ns
            except OSError as error:  # a link in a circle, say
                faults.append(_fault(entry.path, error))

    def _run_at(self, path: str, changed_ns: int, faults: list[str]) -> RunDir | None:
        if run := self._runs.get(path):
            return run
        if self._empty.get(path) == changed_ns:
            return None
        try:
            run = RunDir.open(Path(path))
        except TokmonError:
            self._empty[path] = changed_ns
            return None
        except OSError as error:
            faults.append(_fault(path, error))
            return None
        self._empty.pop(path, None)
        return run


def _fault(path: str, error: OSError) -> str:
    return visible(f"{path}: {error.strerror or error}")
