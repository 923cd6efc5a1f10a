"""What models print can neither stop the screen nor reach the terminal as a control character."""

import dataclasses
import unicodedata
from functools import partial

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from textual.pilot import Pilot

from tests.runs.builder import RunBuilder
from tests.tui.fake_sampler import FakeSampler
from tests.tui.screens import post, screen_text, showing, state_of, until
from tests.tui.test_shown_text import odd_text
from tokmon.rundir.records import Sample
from tokmon.tui.widgets.generation_form import GenerationForm
from tokmon.tui.widgets.prompt_area import PromptArea

pytestmark = pytest.mark.slow

HOSTILE = (
    "[/x] [red]bold[/] [@click=app.quit]q[/]",
    "\x1b[2J\x1b]52;c;aGk=\x07\x1b]0;title\x07\x9b31m",
    "\u202eevil\u2066\u2069\u200b\u200d\ufeff\u2028\u2029",
    "\ud800\udfff lone",
    "\r\rover\x00\x08\x7f",
    "e" + "\u0301" * 500,
    "\U0001f468\u200d\U0001f469\u200d\U0001f467 \U0001f1e9\U0001f1ea \u4e2d\u6587 \ufdfd",
    "\U000e0041\U000e0042\u3164\u115f\u180e\ufff9",
)
LONG = "x" * 10_000 + "\n" + "\u4e2d\u0301 " * 3_000
ACTING = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


def check_inert(pilot: Pilot[None]) -> None:
    """Fail where the screen holds what a terminal acts upon."""
    signs = set(screen_text(pilot)) - {"\n"}
    found = {sign for sign in signs if unicodedata.category(sign) in ACTING}
    assert not found, (found, screen_text(pilot))


async def show_everywhere(pilot: Pilot[None], state: object, texts: list[str]) -> None:
    """Show texts as prompt, continuation, alternatives and samples, and look at each screen."""
    FakeSampler.opened.clear()
    samples = tuple(
        Sample(prompt=text, text=text, step=5, collapsed=True, validity=text, prompt_id=text)
        for text in texts
    )
    await post(pilot, dataclasses.replace(state, samples=samples))
    pilot.app.screen.query_one(PromptArea).put("".join(texts))
    await pilot.press("enter")
    await until(pilot, lambda: bool(FakeSampler.opened[0:]))
    await until(pilot, lambda: "not collapsed" in screen_text(pilot))
    check_inert(pilot)
    await pilot.press("down", "down", "p", "end", "left")
    await pilot.pause()
    check_inert(pilot)


@pytest.mark.parametrize("size", [(110, 30), (50, 14)])
async def test_hostile_texts_show_and_do_nothing(
    builder: RunBuilder, size: tuple[int, int]
) -> None:
    state = state_of(builder.run, builder.now)
    hostile = partial(FakeSampler, pieces=(*HOSTILE, LONG))
    async with showing(state, size, new_client=hostile) as pilot:
        await pilot.press("g")
        pilot.app.screen.query_one(GenerationForm).query_one("#samples").value = "2"
        await show_everywhere(pilot, state, [*HOSTILE, LONG])
        await pilot.press("y", "escape", "s")
        await until(pilot, lambda: "Samples of step 5" in screen_text(pilot))
        check_inert(pilot)
        for _ in range(2):
            await pilot.press("pagedown")
            check_inert(pilot)


async def test_any_text_shows_and_does_nothing(builder: RunBuilder) -> None:
    """One app for all examples; each is put where models' texts come in, and drawn."""
    state = state_of(builder.run, builder.now)
    examples: list[list[str]] = []

    @settings(max_examples=8, database=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(odd_text, min_size=1, max_size=5))
    def collect(texts: list[str]) -> None:
        examples.append(texts)

    collect()
    current: list[str] = []

    class Hostile(FakeSampler):
        async def generate(self, request):
            self._pieces = tuple(current)
            async for reply in super().generate(request):
                yield reply

    async with showing(state, (80, 24), new_client=Hostile) as pilot:
        await pilot.press("g")
        for texts in examples:
            current[:] = texts
            pilot.app.screen.query_one(PromptArea).focus()
            pilot.app.screen.query_one(PromptArea).put("".join(texts))
            await pilot.press("enter", "down", "end")
            await pilot.pause()
            check_inert(pilot)
