"""The generation panel: streams, stops, goes on, repeats, and tells faults in words."""

from functools import partial

import pytest
from textual.pilot import Pilot

from tests.runs.builder import RunBuilder
from tests.tui.fake_sampler import FakeSampler
from tests.tui.screens import SIZES, check_golden, screen_text, showing, state_of, until
from tokmon.tui import glyphs
from tokmon.tui.widgets.generated_text import GeneratedText
from tokmon.tui.widgets.generation_panel import GenerationPanel
from tokmon.tui.widgets.prompt_area import PromptArea

PIECES = ('"""', "Return", " the", " doubled", ' values."""', "\n", "    return", " [", "v", " *")


AREA = (110, 30)
"""Enough for the panel; every repaint costs by the cell."""


def requests() -> list:
    return [request for client in FakeSampler.opened for request in client.requests]


async def generated(pilot: Pilot[None], *keys: str, count: int = 1) -> None:
    """Press keys, the last of which asks for texts, and wait for all of them."""
    before = len(requests())
    await pilot.press(*keys)
    await until(pilot, lambda: len(requests()) >= before + count)
    panel = pilot.app.screen.query_one(GenerationPanel)
    await until(pilot, lambda: not panel.is_writing)
    await pilot.pause()


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_the_golden_screen(builder: RunBuilder, size: tuple[int, int]) -> None:
    typed = ("ctrl+u", *"def double(values):", "ctrl+j")
    many = partial(FakeSampler, pieces=PIECES)
    async with showing(state_of(builder.run, builder.now + 1), size, new_client=many) as pilot:
        await generated(pilot, "g", *typed, "enter")
        check_golden(f"generation_{size[0]}x{size[1]}", screen_text(pilot))


async def test_the_golden_screen_of_several_texts_with_odds_without_unicode(
    builder: RunBuilder,
) -> None:
    many = partial(FakeSampler, pieces=PIECES)
    state = state_of(builder.run, builder.now + 1)
    async with showing(state, (80, 24), new_client=many, glyphs=glyphs.ASCII) as pilot:
        await pilot.press("g")
        pilot.app.screen.query_one("#generation #samples").value = "3"
        await generated(pilot, "enter")
        await pilot.press("down", "down", "p", "right", "right", "right")
        await until(pilot, lambda: "likeliest" in screen_text(pilot))
        screen = screen_text(pilot)

    assert screen.isascii()
    check_golden("generation_ascii_80x24", screen)


async def test_text_streams_and_ends_with_its_verdict(builder: RunBuilder) -> None:
    async with showing(state_of(builder.run, builder.now + 1)) as pilot:
        await generated(pilot, "g", "enter")
        screen = screen_text(pilot)

    for words in ("return 1^[[31m", "v1_token_bigdata_best.pt", "41.2 tokens/s", "seed 0"):
        assert words in screen
    for words in ("not collapsed", "valid", "seq-rep-4 0.03", "val loss 2.088", "step 18,500"):
        assert words in screen
    assert FakeSampler.opened[0].is_closed


async def test_the_form_is_what_is_asked_for(builder: RunBuilder) -> None:
    values = (".5", "4", ".9", ".05", "2", "7", "3", "2", "cpu")
    async with showing(state_of(builder.run, builder.now), AREA) as pilot:
        await pilot.press("g", *"f:", "ctrl+j", *"x")
        for value in values:
            await pilot.press("tab", "ctrl+u", *value)
        await pilot.press("enter")
        await until(pilot, lambda: bool(requests()))

    (request,) = requests()
    assert request.prompt == "def f:\n    x"
    assert (request.temperature, request.top_k, request.top_p) == (0.5, 4, 0.9)
    assert (request.min_p, request.repetition_penalty) == (0.05, 2)
    assert (request.max_new_tokens, request.seed, request.samples) == (7, 3, 2)
    assert request.alternatives > 0
    assert FakeSampler.opened[0].device == "cpu"


async def test_a_field_out_of_range_is_named_and_nothing_is_started(builder: RunBuilder) -> None:
    async with showing(state_of(builder.run, builder.now), AREA) as pilot:
        await pilot.press("g")
        for field, value, words in (
            ("device", "gpu", "device must be auto, cpu"),
            ("samples", "99", "texts must be a whole number from 1 to 16"),
            ("top_p", "1.5", "top-p must be a number"),
        ):
            pilot.app.screen.query_one(f"#generation #{field}").value = value
            await pilot.press("enter")
            await until(pilot, lambda words=words: words in screen_text(pilot))

            assert pilot.app.focused is not None
            assert pilot.app.focused.id == field
            pilot.app.focused.value = {"device": "auto", "samples": "1"}.get(field, value)
    assert FakeSampler.opened == []


async def test_escape_stops_the_text_and_then_closes_the_panel(builder: RunBuilder) -> None:
    slow = partial(FakeSampler, pieces=tuple("word ") * 400, pause_s=0.01)
    async with showing(state_of(builder.run, builder.now), AREA, new_client=slow) as pilot:
        await pilot.press("g", "enter")
        await until(pilot, lambda: "word word" in screen_text(pilot))
        await pilot.press("enter")
        await until(pilot, lambda: "one request at a time" in screen_text(pilot))
        await pilot.press("escape")
        await until(pilot, lambda: "stopped; enter" in screen_text(pilot))
        assert "word word" in screen_text(pilot)
        await pilot.press("escape")
        await pilot.pause()

        assert "word word" not in screen_text(pilot)


async def test_the_screen_closes_while_a_text_is_written(builder: RunBuilder) -> None:
    slow = partial(FakeSampler, pieces=tuple("word ") * 400, pause_s=0.01)
    async with showing(state_of(builder.run, builder.now), AREA, new_client=slow) as pilot:
        await pilot.press("g", "enter")
        await until(pilot, lambda: "word word" in screen_text(pilot))
    assert FakeSampler.opened[0].is_closed


async def test_enter_repeats_and_ctrl_r_takes_the_seeds_that_follow(builder: RunBuilder) -> None:
    async with showing(state_of(builder.run, builder.now), AREA) as pilot:
        await pilot.press("g")
        pilot.app.screen.query_one("#generation #samples").value = "3"
        await generated(pilot, "enter")
        await generated(pilot, "enter")
        await generated(pilot, "ctrl+r")

        assert "seed 5" in screen_text(pilot)
    assert [request.seed for request in requests()] == [0, 0, 3]
    assert [request.id for request in requests()] == [1, 2, 3]
    assert len(FakeSampler.opened) == 1


async def test_going_on_lengthens_the_text_and_stays_one(builder: RunBuilder) -> None:
    async with showing(state_of(builder.run, builder.now), AREA) as pilot:
        await generated(pilot, "g", "enter")
        await generated(pilot, "ctrl+g")
        screen = screen_text(pilot)

    first, second = requests()
    assert second.prompt == first.prompt + "f():\n\treturn 1\x1b[31m"
    assert second.is_following is False
    assert screen.count("return 1^[[31m") == 2
    assert "6 tokens" in screen


async def test_going_on_without_a_text_is_told(builder: RunBuilder) -> None:
    async with showing(state_of(builder.run, builder.now), AREA) as pilot:
        await pilot.press("g", "ctrl+g")

        assert "nothing to go on from" in screen_text(pilot)
    assert FakeSampler.opened == []


async def test_arrows_walk_from_the_prompt_to_the_text_and_back(builder: RunBuilder) -> None:
    async with showing(state_of(builder.run, builder.now), AREA) as pilot:
        await generated(pilot, "g", "enter")
        await pilot.press("down", "down")
        assert isinstance(pilot.app.focused, GeneratedText)
        await pilot.press("right", "right")
        await until(pilot, lambda: '"():\\n"  p 0.20' in screen_text(pilot))
        assert '" yield" 0.11' in screen_text(pilot)
        await pilot.press("home", "up", "up")

        assert isinstance(pilot.app.focused, PromptArea)
        assert "p 0.20" not in screen_text(pilot)


async def test_prompts_come_back_with_the_arrow_keys(builder: RunBuilder) -> None:
    async with showing(state_of(builder.run, builder.now), AREA) as pilot:
        await pilot.press("g")
        area = pilot.app.screen.query_one(PromptArea)
        for prompt in ("first", "second"):
            area.put(prompt)
            await generated(pilot, "enter")
        await pilot.press("ctrl+u", *"draft")
        walked = []
        for key in ("up", "up", "up", "down", "down"):
            await pilot.press(key)
            walked.append(area.text)

    assert walked == ["second", "first", "first", "second", "draft"]


async def test_a_fault_is_told_and_the_next_try_starts_anew(builder: RunBuilder) -> None:
    broken = partial(FakeSampler, fault="no checkpoint yet; wait for the first evaluation")
    async with showing(state_of(builder.run, builder.now), SIZES[2], new_client=broken) as pilot:
        await pilot.press("g", "enter")
        await until(pilot, lambda: "no checkpoint yet" in screen_text(pilot))
        await pilot.press("enter")
        await until(pilot, lambda: len(FakeSampler.opened) == 2)

    assert all(client.is_closed for client in FakeSampler.opened)


async def test_collapse_is_said_in_words(builder: RunBuilder) -> None:
    collapsed = partial(FakeSampler, pieces=(":)",) * 30, collapsed=True)
    async with showing(state_of(builder.run, builder.now), AREA, new_client=collapsed) as pilot:
        await generated(pilot, "g", "enter")

        assert "COLLAPSED" in screen_text(pilot)


async def test_a_long_text_stays_at_its_end_scrolls_and_may_have_the_screen(
    builder: RunBuilder,
) -> None:
    lines = tuple(f"line {number}\n" for number in range(200))
    many = partial(FakeSampler, pieces=lines)
    async with showing(state_of(builder.run, builder.now), (80, 24), new_client=many) as pilot:
        await generated(pilot, "g", "enter")
        await until(pilot, lambda: "line 199" in screen_text(pilot))
        await pilot.press("down", "down", "home")
        await until(pilot, lambda: "line 0" in screen_text(pilot))
        await pilot.press("m")
        await until(pilot, lambda: "Loss" not in screen_text(pilot))
        await pilot.press("m")
        await until(pilot, lambda: "Loss" in screen_text(pilot))
