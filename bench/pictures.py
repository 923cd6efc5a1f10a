"""Pictures of panel, samples and charts, of a real run with its real process.

    python bench/pictures.py RUN FOLDER [--prompt TEXT] [--columns N --rows N]

Writes FOLDER/generation.svg (two texts, likelihood shown), FOLDER/checkpoints.svg (the same prompt
over three checkpoints, syntax shown), FOLDER/samples.svg and FOLDER/charts.svg (zoomed, with the
crosshair).
"""

import argparse
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from textual.pilot import Pilot
from textual.widgets import Input

from tokmon.monitor.sources.tokmon_run import RunSource
from tokmon.rundir.layout import RunDir
from tokmon.tui.app import TokmonApp
from tokmon.tui.snapshot import Prepare, write_svg
from tokmon.tui.widgets.generated_columns import GeneratedColumns
from tokmon.tui.widgets.generation_panel import GenerationPanel
from tokmon.tui.widgets.prompt_area import PromptArea

_WAIT_S = 0.1


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("run", type=Path, metavar="RUN")
    parser.add_argument("folder", type=Path, metavar="FOLDER")
    parser.add_argument("--prompt", default="class DataLoader:")
    parser.add_argument("--columns", type=int, default=160)
    parser.add_argument("--rows", type=int, default=45)
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    run = RunDir.open(options.run)
    steps = [path.name for path in run.step_checkpoints().values()]
    shown = [steps[0], steps[len(steps) // 4], run.best.name]
    pictures: dict[str, Prepare] = {
        "generation": lambda pilot: _likelihood(pilot, options.prompt),
        "checkpoints": lambda pilot: _checkpoints(pilot, options.prompt, shown),
        "samples": lambda pilot: pilot.press("s"),
        "charts": _charts,
    }
    for name, prepare in pictures.items():
        app = TokmonApp(run, RunSource(run))
        write_svg(app, options.folder / f"{name}.svg", options.columns, options.rows, prepare)


async def _likelihood(pilot: Pilot[Any], prompt: str) -> None:
    panel = await _panel(pilot, prompt)
    panel.query_one("#samples", Input).value = "2"
    await _written(pilot)
    await pilot.press("ctrl+t")
    panel.query_one(GeneratedColumns).focus_text(0)
    await pilot.press(*["right"] * 12)


async def _checkpoints(pilot: Pilot[Any], prompt: str, names: list[str]) -> None:
    panel = await _panel(pilot, prompt)
    panel._take_checkpoints(tuple(names))
    await _written(pilot)


async def _charts(pilot: Pilot[Any]) -> None:
    await pilot.press("c")
    await pilot.pause(_WAIT_S)
    await pilot.press("plus", "plus", *["h"] * 40)


async def _panel(pilot: Pilot[Any], prompt: str) -> GenerationPanel:
    await pilot.press("g")
    panel = pilot.app.screen.query_one(GenerationPanel)
    panel.query_one(PromptArea).put(prompt)
    return panel


async def _written(pilot: Pilot[Any]) -> None:
    panel = pilot.app.screen.query_one(GenerationPanel)
    await pilot.press("enter")
    while panel.is_writing:
        await pilot.pause(_WAIT_S)


if __name__ == "__main__":
    main()
