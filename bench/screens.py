"""Pictures of every screen of the monitor at three sizes, of real runs.

    python bench/screens.py RUN [--out docs/pictures/screens] [--only NAME]

Writes OUT/NAME_COLUMNSxROWS.svg. The list of runs is of the folder in which RUN lies; its first two
are compared.
"""

import argparse
import asyncio
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).parents[1]))

from textual.pilot import Pilot

from tokmon.monitor.sources.tokmon_run import RunSource
from tokmon.rundir.atomic import write_atomic
from tokmon.rundir.layout import RunDir
from tokmon.tui.app import TokmonApp
from tokmon.tui.glyphs import suited_to
from tokmon.tui.snapshot import picture

SIZES = ((160, 45), (80, 24), (50, 14))
_PATIENCE_S = 20.0
_LOOK_S = 0.05
_SETTLE_S = 0.6


class Shown(NamedTuple):
    """A screen and the way to it."""

    name: str
    keys: Sequence[str] = ()
    """Pressed on the dashboard."""
    words: Sequence[str] = ()
    """Then on the screen, sooner or later."""


SCREENS = (
    Shown("dashboard"),
    Shown("chart", ["m", "plus", "plus", *["h"] * 8]),
    Shown("charts", ["c", "plus", *["h"] * 12]),
    Shown("samples", ["s"]),
    Shown("config", ["i"]),
    Shown("output", ["o"]),
    Shown("alerts", ["e"]),
    Shown("control", ["a"]),
    Shown("generation", ["g"]),
    Shown("help", ["question_mark"]),
    Shown("palette", ["ctrl+p"]),
    Shown("runs", ["r"]),
    Shown("comparison", ["r", "space", "j", "space", "c"]),
)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("run", type=Path, metavar="RUN")
    parser.add_argument("--out", type=Path, default=Path("docs/pictures/screens"))
    parser.add_argument("--only", choices=[shown.name for shown in SCREENS])
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    run = RunDir.open(options.run)
    for shown in SCREENS:
        for columns, rows in SIZES:
            if options.only in {None, shown.name}:
                file = options.out / f"{shown.name}_{columns}x{rows}.svg"
                write_atomic(file, asyncio.run(drawn(run, shown, columns, rows)).encode())


async def drawn(run: RunDir, shown: Shown, columns: int, rows: int) -> str:
    """Return the picture of one screen."""
    app = TokmonApp(run, RunSource(run), glyphs=suited_to(os.environ))
    async with app.run_test(size=(columns, rows)) as pilot:
        while app.state is None or app.state.is_loading:
            await pilot.pause(_LOOK_S)
        for key in shown.keys:
            await pilot.press(key)
            if key in {"r", "c"}:
                await pilot.pause(_SETTLE_S)
        await _seen(pilot, shown.words)
        return picture(app, f"tokmon watch {run.path}")


async def _seen(pilot: Pilot[Any], words: Sequence[str]) -> None:
    """Wait until all of them are on the screen."""
    give_up_at = time.monotonic() + _PATIENCE_S
    while True:
        await pilot.pause(_SETTLE_S)
        text = "\n".join(strip.text for strip in pilot.app.screen._compositor.render_strips())
        if all(word in text for word in words):
            return
        if time.monotonic() > give_up_at:
            raise SystemExit(f"not on the screen: {words}")


if __name__ == "__main__":
    main()
