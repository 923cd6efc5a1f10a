"""Everything that a key does can be called by name."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.command import CommandPalette
from textual.pilot import Pilot
from textual.screen import Screen
from textual.widgets import Static

from tests.tui.hosting import Host
from tests.tui.screens import screen_text, until
from tokmon.tui.commands import TokmonCommands
from tokmon.tui.glyphs import UNICODE
from tokmon.tui.widgets.log_tail import LogTail


class Room(Screen[None]):
    """A screen with a pane that has keys of its own."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("b", "brew", "Brew", id="room.brew", tooltip="Make [tea]"),
        Binding("z", "never", "Never", id="room.never"),
        Binding("x", "brew", "Without an id"),
    ]
    brewed = 0

    def compose(self) -> ComposeResult:
        yield Static("a room")
        yield LogTail(UNICODE)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return action != "never"

    def action_brew(self) -> None:
        self.brewed += 1


class Palette(Host):
    COMMANDS = {TokmonCommands}  # noqa: RUF012  Textual's


@asynccontextmanager
async def palette() -> AsyncIterator[tuple[Pilot[None], Room]]:
    """Open the palette over the room."""
    app = Palette()
    async with app.run_test(size=(100, 40)) as pilot:
        room = Room()
        await app.push_screen(room)
        await pilot.press("ctrl+p")
        await until(pilot, lambda: isinstance(app.screen, CommandPalette))
        yield pilot, room


async def test_it_lists_bindings_of_the_screen_its_panes_and_the_themes() -> None:
    async with palette() as (pilot, _):
        await until(pilot, lambda: "Theme tokmon-light" in screen_text(pilot))
        screen = screen_text(pilot)

    for words in ("Brew", "b  Make [tea]", "Search log", "Theme tokmon-light"):
        assert words in screen
    for words in ("Never", "Without an id", "ansi", "monokai"):
        assert words not in screen


async def test_a_command_does_what_its_key_does() -> None:
    async with palette() as (pilot, room):
        await pilot.press(*"brw")
        await until(pilot, lambda: "Make [tea]" in screen_text(pilot))
        await pilot.press("down", "enter")
        await until(pilot, lambda: room.brewed == 1)


async def test_a_key_of_another_pane_works_from_here() -> None:
    async with palette() as (pilot, _):
        await pilot.press(*"search log")
        await until(pilot, lambda: "Only the log lines" in screen_text(pilot))
        await pilot.press("down", "enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, Room))
        await until(pilot, lambda: "/" in screen_text(pilot))


async def test_a_theme_is_chosen_by_name() -> None:
    async with palette() as (pilot, _):
        await pilot.press(*"tokmon-light")
        await until(pilot, lambda: "Theme tokmon-light" in screen_text(pilot))
        await pilot.press("down", "enter")
        await until(pilot, lambda: pilot.app.theme == "tokmon-light")
