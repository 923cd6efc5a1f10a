"""The lock that a trainer holds while it writes a run, as another program can ask for it.

The trainer takes it through `filelock`, which the monitor does without: on Linux and macOS that is
flock, on Windows a locked byte.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


@dataclass(slots=True)
class Hold:
    """What came of asking for a lock."""

    is_held: bool
    """Whether no trainer can take it now. True as well where the file system cannot lock: other
    witnesses then decide alone."""
    is_obsolete: bool = False
    """Set where the run is gone: the lock file goes too."""


@contextmanager
def holding(lock: Path) -> Iterator[Hold]:
    """Hold a run's lock, if no trainer holds it. A lock file that was made for it is removed again.

    Args:
        lock: `RunDir.lock`; its folder has to exist.

    Raises:
        OSError: the file can neither be opened nor made.
    """
    was_there = lock.exists()
    descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o644)
    hold = Hold(is_held=False)
    try:
        hold.is_held = _is_taken_now(descriptor)
        yield hold
    finally:
        is_superfluous = hold.is_held and (hold.is_obsolete or not was_there)
        # While it is held, so that no trainer can wait for a file that is about to go; Windows
        # removes no open file.
        if is_superfluous and os.name != "nt":
            lock.unlink(missing_ok=True)
        os.close(descriptor)
        if is_superfluous and os.name == "nt":
            lock.unlink(missing_ok=True)


if os.name == "nt":
    import msvcrt

    def _is_taken_now(descriptor: int) -> bool:
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]  # Windows only
        except PermissionError:
            return False
        return True

else:
    import errno
    import fcntl

    _HELD = (errno.EWOULDBLOCK, errno.EAGAIN, errno.EACCES)

    def _is_taken_now(descriptor: int) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:  # else it cannot be locked at all: some network file systems
            return error.errno not in _HELD
        return True
