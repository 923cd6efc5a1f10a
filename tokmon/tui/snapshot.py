"""One screen without a terminal: polls until the data are in, renders, leaves."""

import re
from pathlib import Path
from typing import Any

from textual.pilot import Pilot

from tokmon.rundir.atomic import write_atomic
from tokmon.tui.app import TokmonApp

_WAIT_S = 0.02
_FONT_FACE = re.compile(r"@font-face\s*\{[^}]*\}")


def write_svg(app: TokmonApp, file: Path, columns: int, rows: int) -> None:
    """Render the app's first complete screen at `columns` x `rows` to an SVG file.

    Raises:
        OSError: the file cannot be written.
    """

    async def render(pilot: Pilot[Any]) -> None:
        while app.state is None or app.state.is_loading:
            await pilot.pause(_WAIT_S)
        await pilot.pause()
        svg = app.export_screenshot(title=f"tokmon watch {app.state.experiment}")
        write_atomic(file, _without_remote_fonts(svg).encode())
        app.exit()

    app.run(headless=True, size=(columns, rows), auto_pilot=render)


def _without_remote_fonts(svg: str) -> str:
    """Leave the font to who looks at it: a picture must not make anyone's browser call home."""
    return _FONT_FACE.sub("", svg)
