"""`/` in the log leaves the lines that hold a text."""

from dataclasses import replace

from textual.app import ComposeResult
from textual.pilot import Pilot
from textual.screen import Screen

from tests.runs.builder import RunBuilder
from tests.tui.hosting import hosting
from tests.tui.screens import screen_text, state_of
from tokmon.monitor.state import JournalEntry, RunState
from tokmon.tui.glyphs import UNICODE
from tokmon.tui.widgets.log_tail import LogTail


class LogScreen(Screen[None]):
    def __init__(self, state: RunState) -> None:
        super().__init__()
        self.state = state

    def compose(self) -> ComposeResult:
        yield LogTail(UNICODE)

    def on_mount(self) -> None:
        log = self.query_one(LogTail)
        log.state = self.state
        log.focus()


async def type_search(pilot: Pilot[None], text: str) -> str:
    await pilot.press("slash", *text)
    await pilot.pause()
    return screen_text(pilot)


async def test_only_the_lines_that_hold_it_are_left_and_escape_brings_all_back(
    builder: RunBuilder,
) -> None:
    state = state_of(builder.run, builder.now)
    async with hosting(lambda _: LogScreen(state)) as pilot:
        before = screen_text(pilot)
        typed = await type_search(pilot, "BEST")
        nothing = "none of these lines has it" in typed
        await pilot.press("escape")
        best = await type_search(pilot, "best")
        await pilot.press("enter")
        asked = screen_text(pilot)
        await pilot.press("escape")
        await pilot.pause()

        assert screen_text(pilot) == before
    assert nothing
    titles = asked.splitlines()[0]
    count = int(titles.split("Log")[1].split()[0])
    assert count == sum("best" in line for line in asked.splitlines()) > 0
    assert "checkpoint" not in asked
    assert "of the last 200 lines have it" in best


async def test_new_lines_are_searched_as_they_come(builder: RunBuilder) -> None:
    state = state_of(builder.run, builder.now)
    async with hosting(lambda _: LogScreen(state)) as pilot:
        await type_search(pilot, "[/x]")
        await pilot.press("enter")
        entries = (*state.journal, JournalEntry("[/x] \x1b[2J comes"), JournalEntry("not this"))
        pilot.app.screen.query_one(LogTail).state = replace(state, journal=entries)
        await pilot.pause()
        screen = screen_text(pilot)

    assert "[/x] ^[[2J comes" in screen
    assert "not this" not in screen
    assert "1 of the last 200 lines" in screen
