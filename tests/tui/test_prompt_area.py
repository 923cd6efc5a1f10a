"""Writing a prompt: lines, indentation, and what is pasted."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from textual import events
from textual.app import App, ComposeResult
from textual.pilot import Pilot
from textual.widgets import Input

from tests.tui.screens import until
from tokmon.tui.widgets.prompt_area import PromptArea


class Writing(App[None]):
    def __init__(self) -> None:
        super().__init__()
        self.submitted = 0
        self.left_out = 0

    def compose(self) -> ComposeResult:
        yield PromptArea("", id="prompt")
        yield Input()

    def on_prompt_area_submitted(self) -> None:
        self.submitted += 1

    def on_prompt_area_cleaned(self, event: PromptArea.Cleaned) -> None:
        self.left_out += event.count


@asynccontextmanager
async def writing() -> AsyncIterator[tuple[Pilot[None], PromptArea]]:
    app = Writing()
    async with app.run_test() as pilot:
        area = app.query_one(PromptArea)
        area.focus()
        yield pilot, area


async def test_lines_are_indented_as_python_is() -> None:
    async with writing() as (pilot, area):
        await pilot.press(*"if x:", "ctrl+j", *"y", "ctrl+j", "tab", *"z", "ctrl+j")
        assert area.text == "if x:\n    y\n        z\n        "
        await pilot.press("backspace", "backspace")
        assert area.text == "if x:\n    y\n        z\n"
        await pilot.press("alt+enter", "enter")
        await pilot.pause()

        assert area.text == "if x:\n    y\n        z\n\n"
        assert pilot.app.submitted == 1


async def test_blanks_on_the_last_line_are_left_to_the_model() -> None:
    async with writing() as (_, area):
        area.put("def f():\n    ")
        assert area.prompt == "def f():\n"
        area.put("  ")
        assert area.prompt == "  "


async def test_tab_leaves_where_it_cannot_indent_and_escape_is_not_taken() -> None:
    async with writing() as (pilot, area):
        await pilot.press(*"a", "escape")
        assert area.has_focus
        await pilot.press("tab")

        assert isinstance(pilot.app.focused, Input)


@pytest.mark.parametrize(
    ("pasted", "kept", "left_out"),
    [
        ("def f():\r\n\treturn 1\r", "def f():\n\treturn 1\n", 0),
        ("a\x1b[2Jb\x00\x9b\u202e\u200b\ud800", "a[2Jb", 6),
        ("e\u0301" + "\u0301" * 40, "e\u0301\u0301", 39),
        ("caf\u00e9 \u4e2d \U0001f40d", "caf\u00e9 \u4e2d \U0001f40d", 0),
    ],
)
async def test_what_would_not_show_is_left_out_and_counted(
    pasted: str, kept: str, left_out: int
) -> None:
    async with writing() as (pilot, area):
        area.post_message(events.Paste(pasted))
        await until(pilot, lambda: area.text == kept)
        await pilot.pause()

        assert pilot.app.left_out == left_out
