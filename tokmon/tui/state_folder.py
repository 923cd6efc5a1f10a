"""Where the monitor keeps what is a person's own: views, copies. Never in a run directory."""

import os
from collections.abc import Mapping
from pathlib import Path

from platformdirs import user_state_path

VARIABLE = "TOKMON_STATE"


def state_folder(environment: Mapping[str, str] = os.environ) -> Path:
    r"""Return `TOKMON_STATE`, else the folder that this system gives its users; it need not exist.

    Linux ~/.local/state/tokmon (XDG_STATE_HOME), macOS ~/Library/Application Support/tokmon,
    Windows %LOCALAPPDATA%\tokmon.
    """
    if chosen := environment.get(VARIABLE):
        return Path(chosen).expanduser().absolute()
    return user_state_path("tokmon", appauthor=False)


def tilde(path: Path) -> str:
    """Return a path with the home folder as `~`: it is shown on narrow screens."""
    try:
        return f"~/{path.relative_to(Path.home()).as_posix()}"
    except (ValueError, RuntimeError):  # elsewhere, or nobody's home is known
        return str(path)
