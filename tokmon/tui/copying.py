"""Copies text to the terminal's clipboard and to a file, and says where it went.

The clipboard is reached by OSC 52, which is a request: no terminal answers it, some ignore it, and
tmux cuts long ones on slow links (tmux/tmux#2814). So the file has the whole text always.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from textual.app import App

from tokmon.rundir.atomic import write_atomic
from tokmon.tui.state_folder import state_folder, tilde

FILE_NAME = "copied.txt"
_SAFE_BYTES = 8192
"""What a terminal multiplexer passes on for certain, as text; base64 makes it a third longer."""


class Copied(NamedTuple):
    """What became of a copy."""

    message: str
    """For people; holds a path, which is foreign text."""
    is_partial: bool = False
    """Whether the file could not be written."""


def copy(
    app: App[None],
    text: str,
    what: str,
    *,
    folder: Path | None = None,
    environment: Mapping[str, str] = os.environ,
) -> Copied:
    """Copy `text` and tell the user.

    Args:
        app: has the terminal.
        text: is written as it stands; a copy may be foreign text.
        what: it is, for people: `4 lines`.
        folder: of the file; the user's state folder.
        environment: tells whether tmux or screen is in between.
    """
    app.copy_to_clipboard(text)
    path = (folder or state_folder(environment)) / FILE_NAME
    copied = _to_file(path, text.encode(errors="replace"), what, environment)
    severity = "warning" if copied.is_partial else "information"
    app.notify(copied.message, title="Copied", severity=severity, markup=False)  # type: ignore[arg-type]  # str to Literal
    return copied


def _to_file(path: Path, content: bytes, what: str, environment: Mapping[str, str]) -> Copied:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(path, content)
    except OSError as error:
        reason = error.strerror or str(error)
        return Copied(f"{what} to the clipboard; not to {tilde(path)}: {reason}", is_partial=True)
    if len(content) > _SAFE_BYTES and is_multiplexed(environment):
        return Copied(
            f"{what}, {len(content):,} bytes: tmux may cut the clipboard's; all in {tilde(path)}"
        )
    return Copied(f"{what} to the clipboard and to {tilde(path)}")


def is_multiplexed(environment: Mapping[str, str]) -> bool:
    """Say whether tmux or screen stands between this program and the terminal."""
    return bool(environment.get("TMUX") or environment.get("STY"))
