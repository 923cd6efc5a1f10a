"""The generation panel: streams, cancels, says who answered, and tells faults in words."""

from functools import partial

import pytest

from tests.runs.builder import RunBuilder
from tests.tui.fake_sampler import FakeSampler
from tests.tui.screens import SIZES, check_golden, screen_text, showing, state_of, until


async def test_text_streams_and_ends_with_its_verdict(builder: RunBuilder) -> None:
    async with showing(state_of(builder.run, builder.now + 1), (80, 24)) as pilot:
        await pilot.press("g", "enter")
        await until(pilot, lambda: "not collapsed" in screen_text(pilot))
        screen = screen_text(pilot)
        check_golden("generation_80x24", screen)

    client = FakeSampler.opened[0]
    assert "return 1^[[31m" in screen
    assert "v1_best.pt" in screen
    assert "41.2 tokens/s" in screen
    assert client.is_closed


@pytest.mark.parametrize(("phase", "device"), [("training", "cpu"), ("finished", "auto")])
async def test_a_live_run_keeps_its_gpu(builder: RunBuilder, phase: str, device: str) -> None:
    builder.heartbeat(phase)
    async with showing(state_of(builder.run, builder.now)) as pilot:
        await pilot.press("g", "enter")
        await until(pilot, lambda: "after" in screen_text(pilot))

    assert [client.device for client in FakeSampler.opened] == [device]


async def test_the_form_is_what_is_asked_for(builder: RunBuilder) -> None:
    async with showing(state_of(builder.run, builder.now)) as pilot:
        await pilot.press("g", "end", *"f:\\n")
        for value in ("0.5", "40", "0.9", "7", "3"):
            await pilot.press("tab", "ctrl+u", *value)
        await pilot.press("enter")
        await until(pilot, lambda: bool(FakeSampler.opened and FakeSampler.opened[0].requests))

    request = FakeSampler.opened[0].requests[0]
    assert request.prompt == "def f:\n"
    assert (request.temperature, request.top_k, request.top_p) == (0.5, 40, 0.9)
    assert (request.max_new_tokens, request.seed) == (7, 3)


async def test_a_field_out_of_range_is_named_and_nothing_is_started(builder: RunBuilder) -> None:
    async with showing(state_of(builder.run, builder.now)) as pilot:
        await pilot.press("g", "tab", "tab", "tab", "ctrl+u", *"1.5", "enter")
        await until(pilot, lambda: "top-p must be a number" in screen_text(pilot))

        assert pilot.app.focused is not None
        assert pilot.app.focused.id == "top_p"
    assert FakeSampler.opened == []


async def test_escape_stops_the_text_and_then_closes_the_panel(builder: RunBuilder) -> None:
    slow = partial(FakeSampler, pieces=tuple("word ") * 400, pause_s=0.01)
    async with showing(state_of(builder.run, builder.now), new_client=slow) as pilot:
        await pilot.press("g", "enter")
        await until(pilot, lambda: "word word" in screen_text(pilot))
        await pilot.press("escape")
        await until(pilot, lambda: "cancelled after" in screen_text(pilot))
        await pilot.press("escape")
        await pilot.pause()

        assert "cancelled after" not in screen_text(pilot)


async def test_a_second_text_uses_the_same_process_with_a_higher_id(builder: RunBuilder) -> None:
    async with showing(state_of(builder.run, builder.now)) as pilot:
        for number in (1, 2):
            await pilot.press("g", "enter") if number == 1 else await pilot.press("enter")
            await until(
                pilot,
                lambda number=number: (
                    len(FakeSampler.opened[0].requests) == number  # type: ignore[misc]
                    and "not collapsed" in screen_text(pilot)
                ),
            )

    assert [request.id for request in FakeSampler.opened[0].requests] == [1, 2]


@pytest.mark.parametrize("size", SIZES)
async def test_a_fault_is_told_and_the_next_try_starts_anew(
    builder: RunBuilder, size: tuple[int, int]
) -> None:
    fault = "no checkpoint yet; wait for the first evaluation"
    broken = partial(FakeSampler, fault=fault)
    async with showing(state_of(builder.run, builder.now), size, new_client=broken) as pilot:
        await pilot.press("g", "enter")
        await until(pilot, lambda: "no checkpoint yet" in screen_text(pilot))
        await pilot.press("enter")
        await until(pilot, lambda: len(FakeSampler.opened) == 2)

    assert all(client.is_closed for client in FakeSampler.opened)


async def test_collapse_is_said_in_words(builder: RunBuilder) -> None:
    collapsed = partial(FakeSampler, pieces=(":)",) * 30, collapsed=True)
    async with showing(state_of(builder.run, builder.now), new_client=collapsed) as pilot:
        await pilot.press("g", "enter")
        await until(pilot, lambda: "COLLAPSED" in screen_text(pilot))
