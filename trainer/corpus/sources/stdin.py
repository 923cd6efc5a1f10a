"""Standard input as a file: it is read several times, so the cache holds it while this runs."""

import atexit
import hashlib
import sys
import tempfile
import time
from functools import cache
from pathlib import Path

from tokmon.rundir.errors import TokmonError
from trainer.corpus.cache import cache_folder, ensure_folder

STDIN = "-"
_PREFIX = "stdin-"
_BLOCK_BYTES = 2**20
_LEFT_BEHIND_S = 7 * 24 * 3600
"""No build takes a week: what is older was left by a process that was killed."""


@cache
def stdin_file() -> Path:
    """Return a file with the whole of standard input, named by its sha256, until this process ends.

    Raises:
        TokmonError: standard input is a terminal, closed or empty, or the cache cannot be written.
    """
    stream = sys.stdin
    if stream is None or stream.closed or stream.isatty():
        raise TokmonError(
            "-: nothing is piped into standard input",
            "pipe JSON lines, an archive or Parquet into it, or name a file",
        )
    folder = ensure_folder(cache_folder() / "stdin")
    _sweep(folder, time.time())
    try:
        return _spool(folder)
    except OSError as error:
        raise TokmonError(
            f"{folder}: cannot keep standard input there ({error.strerror})",
            "check the disk, or set TOKMON_CACHE to another folder",
        ) from error


def _spool(folder: Path) -> Path:
    digest = hashlib.sha256()
    with tempfile.NamedTemporaryFile(prefix=_PREFIX, dir=folder, delete=False) as file:
        path = Path(file.name)
        atexit.register(path.unlink, missing_ok=True)
        while block := sys.stdin.buffer.read(_BLOCK_BYTES):
            digest.update(block)
            file.write(block)
        size = file.tell()
    if not size:
        raise TokmonError("-: standard input is empty", "pipe JSON lines into it, or name a file")
    named = path.with_name(f"{path.name}-{digest.hexdigest()}")
    atexit.register(named.unlink, missing_ok=True)
    return path.rename(named)


def _sweep(folder: Path, now: float) -> None:
    for path in folder.glob(f"{_PREFIX}*"):
        try:
            if now - path.stat().st_mtime > _LEFT_BEHIND_S:
                path.unlink()
        except FileNotFoundError:
            continue  # another process was first
