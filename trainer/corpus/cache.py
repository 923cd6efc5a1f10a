"""Where built corpora and fetched wheels are kept between runs. Nothing else knows the place."""

import os
import sys
from pathlib import Path

from tokmon.rundir.errors import TokmonError

_VARIABLE = "TOKMON_CACHE"


def cache_folder() -> Path:
    """Return tokmon's cache folder: `TOKMON_CACHE`, else the one this system gives its users."""
    if chosen := os.environ.get(_VARIABLE):
        return Path(chosen).expanduser().absolute()
    return _user_cache() / "tokmon"


def ensure_folder(folder: Path) -> Path:
    """Make `folder` and return it.

    Raises:
        TokmonError: it cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise TokmonError(
            f"{folder}: cannot make this cache folder ({error.strerror})",
            f"set {_VARIABLE} to a folder you can write",
        ) from error
    return folder


def corpora_folder() -> Path:
    """Return the folder that holds a folder for each built corpus; made if missing."""
    return ensure_folder(cache_folder() / "corpora")


def wheels_folder() -> Path:
    """Return the folder of fetched wheels; made if missing."""
    return ensure_folder(cache_folder() / "wheels")


def _user_cache() -> Path:
    # The XDG base directory specification says that a relative path is to be ignored.
    xdg = Path(os.environ.get("XDG_CACHE_HOME", ""))
    if xdg.is_absolute():
        return xdg
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches"
    return Path.home() / ".cache"
