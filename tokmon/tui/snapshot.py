"""One screen without a terminal: polls until the data are in, renders, leaves."""

import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeAlias

from textual.pilot import Pilot

from tokmon.rundir.atomic import write_atomic
from tokmon.tui.app import TokmonApp

Prepare: TypeAlias = Callable[[Pilot[Any]], Awaitable[None]]
_WAIT_S = 0.02
_FONT_FACE = re.compile(r"@font-face\s*\{[^}]*\}")


async def _as_it_comes(_pilot: Pilot[Any]) -> None:
    """Leave the screen as it is."""


def write_svg(
    app: TokmonApp, file: Path, columns: int, rows: int, prepare: Prepare = _as_it_comes
) -> None:
    """Render the app's first complete screen to an SVG file.

    Args:
        app: not running yet.
        file: is replaced.
        columns: of the terminal.
        rows: of it.
        prepare: does on the screen what is to be seen.

    Raises:
        OSError: the file cannot be written.
    """

    async def render(pilot: Pilot[Any]) -> None:
        while app.state is None or app.state.is_loading:
            await pilot.pause(_WAIT_S)
        await prepare(pilot)
        await pilot.pause()
        write_atomic(file, picture(app, f"tokmon watch {app.state.experiment}").encode())
        app.exit()

    app.run(headless=True, size=(columns, rows), auto_pilot=render)


def picture(app: TokmonApp, title: str) -> str:
    """Return what is on the screen as SVG.

    The font is left to who looks at it: a picture must not make anyone's browser call home.
    """
    return _FONT_FACE.sub("", app.export_screenshot(title=title))
