"""Puts a finished folder in its place in one rename; a folder is seen whole or not at all."""

import os
import platform
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from tokmon.rundir.atomic import fsync_file, fsync_folder

_PREFIX = ".building-"
_CLOCK_SLACK_S = 60.0


@contextmanager
def building(target: Path) -> Iterator[Path]:
    """Yield an empty folder beside `target`; on success it becomes `target`, else it is removed.

    If another process has put its own there meanwhile, that one stays: `target` exists in any
    case. Folders that killed builds left are removed first.
    """
    _sweep(target.parent)
    folder = target.with_name(f"{own_prefix()}{os.getpid()}-{secrets.token_hex(4)}")
    folder.mkdir()
    try:
        yield folder
        _make_durable(folder)
        _rename(folder, target)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _make_durable(folder: Path) -> None:
    for path in folder.iterdir():
        fsync_file(path)
    fsync_folder(folder)


def _rename(folder: Path, target: Path) -> None:
    try:
        folder.rename(target)
    except OSError:
        # POSIX says ENOTEMPTY or EEXIST, Windows EEXIST or EACCES: someone was first.
        if not target.is_dir():
            raise
    else:
        fsync_folder(target.parent)


def _sweep(parent: Path) -> None:
    """Remove what builds on this host left whose process is gone."""
    for folder in parent.glob(f"{own_prefix()}*"):
        owner = folder.name.removeprefix(own_prefix()).split("-")[0]
        if owner.isdigit() and not _is_at_work(int(owner), folder):
            shutil.rmtree(folder, ignore_errors=True)


def _is_at_work(pid: int, folder: Path) -> bool:
    """Say whether process `pid` made `folder`; a later process may have got the number."""
    try:
        return psutil.Process(pid).create_time() < folder.stat().st_mtime + _CLOCK_SLACK_S
    except (psutil.NoSuchProcess, FileNotFoundError):
        return False
    except psutil.AccessDenied:
        return True


def own_prefix() -> str:
    """Begin the names of this host's temporary folders: a cache may be shared by several."""
    return f"{_PREFIX}{re.sub(r'[^A-Za-z0-9]', '_', platform.node())}-"
