"""An app around one screen of several runs, which keeps the messages that reach it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from textual.app import App
from textual.message import Message
from textual.pilot import Pilot
from textual.screen import Screen

from tokmon.monitor.run_list import RunList, RunListState
from tokmon.rundir.records import RunInfo
from tokmon.tui.glyphs import UNICODE, Glyphs
from tokmon.tui.screens.runs import RunChosen, RunsCompared, RunsScreen
from tokmon.tui.theme import CHART_VARIABLES, TOKMON_THEME


class ListingApp(App[None]):
    """What the program's own app does with these screens, and no more."""

    def __init__(self, first: Screen[None]) -> None:
        super().__init__()
        self.register_theme(TOKMON_THEME)
        self.theme = TOKMON_THEME.name
        self._first = first
        self.heard: list[Message] = []

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return CHART_VARIABLES

    def on_mount(self) -> None:
        self.push_screen(self._first)

    def on_run_chosen(self, message: RunChosen) -> None:
        self.heard.append(message)

    def on_runs_compared(self, message: RunsCompared) -> None:
        self.heard.append(message)


def no_process(_: RunInfo) -> None:
    """Answer for the writer's process as on another host."""


def read_all(runs: RunList, now: float) -> RunListState:
    state = runs.poll(now)
    while state.is_reading:
        state = runs.poll(now)
    return state


@asynccontextmanager
async def listing(
    logs: Path,
    now: float,
    size: tuple[int, int] = (160, 45),
    *,
    glyphs: Glyphs = UNICODE,
) -> AsyncIterator[Pilot[None]]:
    """Show the runs below `logs` as they are read in the thread; the clock stands."""
    runs = RunList([logs], is_alive=no_process)
    screen = RunsScreen(runs, "logs", glyphs, clock=lambda: now)
    async with ListingApp(screen).run_test(size=size) as pilot:
        yield pilot
