"""Publish files whole: a reader sees the old content or the new, also after a crash."""

import errno
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_TEMPORARY_SUFFIX = ".tmp"
_FULL = frozenset({errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)})
# On Windows os.replace fails while a reader has the target open; readers hold it for milliseconds.
_REPLACE_ATTEMPTS = 50
_REPLACE_PAUSE_S = 0.02


def temporary_sibling(path: Path) -> Path:
    """Return a hidden name beside `path`, on the same file system, unique to this process."""
    return path.with_name(f".{path.name}.{os.getpid()}{_TEMPORARY_SUFFIX}")


def is_temporary(path: Path) -> bool:
    """Say whether `path` has the form of `temporary_sibling`."""
    return path.name.startswith(".") and path.name.endswith(_TEMPORARY_SUFFIX)


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a temporary path to write; on success make it durable and rename it to `path`.

    On an exception the temporary file is removed and `path` is left as it was.

    Raises:
        OSError: as the system says it, naming `path` whichever of the two files it was about.
    """
    temporary = temporary_sibling(path)
    try:
        yield temporary
        fsync_file(temporary)
        _replace(temporary, path)
        fsync_folder(path.parent)
    except OSError as error:
        if error.errno is None:
            raise
        raise OSError(error.errno, error.strerror, str(path)) from error
    finally:
        temporary.unlink(missing_ok=True)


def write_atomic(path: Path, content: bytes) -> None:
    """Replace `path` by `content`, durably."""
    with replacing(path) as temporary:
        temporary.write_bytes(content)


def is_full_disk(error: OSError) -> bool:
    """Say whether a write failed for want of room, which may come."""
    return error.errno in _FULL


def fsync_file(path: Path) -> None:
    """Flush one file's content to the disk."""
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def fsync_folder(folder: Path) -> None:
    """Flush a folder's entries to the disk, where the system can (Windows cannot open a folder)."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _replace(source: Path, target: Path) -> None:
    for _ in range(_REPLACE_ATTEMPTS - 1):
        try:
            source.replace(target)
        except PermissionError:
            if os.name != "nt":
                raise
            time.sleep(_REPLACE_PAUSE_S)
        else:
            return
    source.replace(target)
