"""One screen without a terminal: polls until the data are in, renders, leaves."""

from pathlib import Path
from typing import Any

from textual.pilot import Pilot

from tokmon.rundir.atomic import write_atomic
from tokmon.tui.app import TokmonApp

_WAIT_S = 0.02


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
        write_atomic(file, svg.encode())
        app.exit()

    app.run(headless=True, size=(columns, rows), auto_pilot=render)
