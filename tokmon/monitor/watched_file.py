"""A file that is read as a whole, or as little of it as is wanted, when it has changed."""

from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

from tokmon.monitor.visible import visible
from tokmon.rundir.records import BadLineError

T = TypeVar("T")

Status = tuple[int, int, int] | None
"""Size, time of the last change in nanoseconds, inode; None where there is no file."""


class WatchedFile(Generic[T]):
    """Holds what the file said when it last could be read.

    Args:
        path: may not exist yet, and may go.
        read: what is wanted of it; raises OSError or BadLineError.
        nothing: what a file that is not there says.
    """

    def __init__(self, path: Path, read: Callable[[Path], T], nothing: T) -> None:
        self._path = path
        self._read = read
        self._nothing = nothing
        self._status: Status = None
        self.content = nothing
        """As `read` returned it."""
        self.fault = ""
        """Why the file could not be read, safe to print; empty if it could."""

    @property
    def written_at(self) -> float | None:
        """When the file was last written, by the last look, seconds since 1970."""
        return self._status[1] / 1e9 if self._status else None

    def peek(self) -> float:
        """Return when the file was last written without reading it; 0 where there is none."""
        status = status_of(self._path)
        return status[1] / 1e9 if status else 0.0

    def refresh(self) -> bool:
        """Read the file if it has changed; return whether it has."""
        status = status_of(self._path)
        if status == self._status:
            return False
        self._status = status
        self._take()
        return True

    def _take(self) -> None:
        self.fault = ""
        try:
            self.content = self._read(self._path)
        except FileNotFoundError:
            self.content = self._nothing
        except OSError as error:
            self.fault = visible(f"{self._path.name}: {error.strerror or error}")
        except BadLineError as error:
            self.fault = visible(f"{self._path.name}: {error}")


def status_of(path: Path) -> Status:
    """Return what changes with a file; None where it is not to be seen."""
    try:
        status = path.stat()
    except OSError:  # whatever it is, the reading tells
        return None
    return status.st_size, status.st_mtime_ns, status.st_ino
