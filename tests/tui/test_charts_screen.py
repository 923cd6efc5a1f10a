"""The curves on a screen of their own, and the choice of any metric by a few letters."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import numpy as np
import pytest
from textual.fuzzy import FuzzySearch
from textual.pilot import Pilot

from tests.runs.builder import RunBuilder
from tests.tui.screens import SIZES, check_golden, screen_text, showing, state_of, until
from tokmon.monitor.series import Column
from tokmon.monitor.state import RunState
from tokmon.tui import glyphs
from tokmon.tui.fuzzy_match import fuzzy_match
from tokmon.tui.glyphs import Glyphs
from tokmon.tui.screens.charts import ChartsScreen
from tokmon.tui.widgets.metric_chart import MetricChart

HOSTILE = "[/x][red]\x1b[2J\u202eevil"


@asynccontextmanager
async def charting(
    state: RunState, size: tuple[int, int] = (130, 24), signs: Glyphs = glyphs.UNICODE
) -> AsyncIterator[tuple[Pilot[None], ChartsScreen]]:
    async with showing(state, size, glyphs=signs) as pilot:
        screen = ChartsScreen(state, signs)
        await pilot.app.push_screen(screen)
        await pilot.pause()
        yield pilot, screen


def keys(screen: ChartsScreen) -> list[str]:
    return [chart.spec.key for chart in screen.charts]


def current(screen: ChartsScreen) -> MetricChart:
    assert screen.current is not None
    assert screen.focused is screen.current
    return screen.current


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_the_golden_screen(builder: RunBuilder, size: tuple[int, int]) -> None:
    async with charting(state_of(builder.run, builder.now), size) as (pilot, _):
        check_golden(f"charts_{size[0]}x{size[1]}", screen_text(pilot))


async def test_the_golden_screen_without_unicode(builder: RunBuilder) -> None:
    state = state_of(builder.run, builder.now)
    async with charting(state, (80, 24), glyphs.ASCII) as (pilot, _):
        await pilot.press("h", "plus")
        screen = screen_text(pilot)

    assert screen.isascii()
    check_golden("charts_ascii_80x24", screen)


async def test_the_golden_picker(builder: RunBuilder) -> None:
    async with charting(state_of(builder.run, builder.now), (80, 24)) as (pilot, _):
        await pilot.press("slash", *"gpu")
        await pilot.pause()
        check_golden("charts_picker_80x24", screen_text(pilot))


async def test_all_charts_show_the_same_steps_and_the_same_crosshair(builder: RunBuilder) -> None:
    async with charting(state_of(builder.run, builder.now)) as (pilot, screen):
        await pilot.press("x", "plus", "h", "h")
        await pilot.pause()

        assert len({(chart.window, chart.crosshair) for chart in screen.charts}) == 1
        assert screen.charts[0].window.axis == "tokens"
        assert screen.charts[-1].crosshair is not None
        assert screen_text(pilot).count("┆") >= 20


async def test_a_metric_is_found_by_some_of_its_letters_and_gets_a_chart(
    builder: RunBuilder,
) -> None:
    async with charting(state_of(builder.run, builder.now)) as (pilot, screen):
        before = keys(screen)
        await pilot.press("slash", *"vbpb", "enter")
        await until(pilot, lambda: len(screen.charts) > len(before))
        await pilot.pause()
        shown = screen_text(pilot)
        assert current(screen).spec.key == "val_bpb"
        await pilot.press("p", *"loss", "enter")
        await pilot.pause()
        assert current(screen).spec.key == "train_loss"
        await pilot.press("d")
        await pilot.pause()

        assert keys(screen) == [*before[1:], "val_bpb"]
    assert "Validation bpb" in shown


async def test_gpu_traces_lie_over_the_steps_and_over_the_clock(builder: RunBuilder) -> None:
    async with charting(state_of(builder.run, builder.now)) as (pilot, screen):
        await pilot.press("slash", *"pow", "enter")
        await until(pilot, lambda: keys(screen)[-1] == "gpu0 power W")
        chart = current(screen)
        by_step = int((chart.drawing.layers == 1).sum())
        await pilot.press("x", "x")
        by_clock = int((chart.drawing.layers == 1).sum())
        await pilot.press("h")

        assert "W" in screen_text(pilot)
        assert "step 19,000" in screen_text(pilot)
    assert by_step > 50
    assert by_clock > 50


async def test_enter_shows_one_chart_alone_and_escape_leads_back_step_by_step(
    builder: RunBuilder,
) -> None:
    async with charting(state_of(builder.run, builder.now)) as (pilot, screen):
        small = current(screen).size
        await pilot.press("tab", "enter", "h")
        alone = current(screen).size
        await pilot.press("escape")
        without_crosshair = current(screen).crosshair
        await pilot.press("escape")
        again = current(screen).size.height
        await pilot.press("escape")
        await pilot.pause()

        assert not isinstance(pilot.app.screen, ChartsScreen)
    assert alone.height > 2 * small.height
    assert without_crosshair is None
    assert again == small.height


async def test_tab_turns_the_page_where_not_all_charts_are_in_sight(builder: RunBuilder) -> None:
    async with charting(state_of(builder.run, builder.now), (50, 14)) as (pilot, screen):
        titles = []
        for _ in range(len(screen.charts)):
            titles.append(screen_text(pilot).splitlines()[0].strip("─").split("  ")[0])
            await pilot.press("tab")
            await pilot.pause()

    assert titles == ["Loss", "PPL", "LR", "Gradient norm", "Tokens/s", "GPU 0 utilization %"]


async def test_hostile_keys_are_shown_and_do_nothing(builder: RunBuilder) -> None:
    state = state_of(builder.run, builder.now)
    values = np.linspace(0, 1, len(state.frame))
    column = Column(values, np.ones(len(values), np.bool_))
    frame = replace(state.frame, columns={**state.frame.columns, HOSTILE: column})
    async with charting(replace(state, frame=frame), (80, 24)) as (pilot, screen):
        await pilot.press("slash", *"evil")
        await pilot.pause()
        listed = screen_text(pilot)
        await pilot.press("enter")
        await until(pilot, lambda: HOSTILE in keys(screen))
        await pilot.pause()
        shown = screen_text(pilot)

    for screen_shown in (listed, shown):
        assert "[/x][red]^[[2J\\u202eevil" in screen_shown
        assert not set(screen_shown) & {"\x1b", "\u202e"}


async def test_an_empty_run_says_so_and_survives_every_key(builder: RunBuilder) -> None:
    empty = RunBuilder(logs=builder.logs, experiment="empty")
    empty.heartbeat("starting")
    async with charting(state_of(empty.run, empty.now), (80, 24)) as (pilot, screen):
        shown = screen_text(pilot)
        charted = keys(screen)
        await pilot.press(*"hlHLf0yxsfd", "plus", "minus", "escape")
        await pilot.pause()

        assert not isinstance(pilot.app.screen, ChartsScreen)
    assert "no loss logged yet" in shown
    assert charted == ["train_loss"]


def test_a_name_with_millions_of_ways_to_be_found_does_not_stall_the_search() -> None:
    search = FuzzySearch()

    assert fuzzy_match(search, "aaaaaaaaab", "a" * 58 + "cb")[0] > 0
    assert fuzzy_match(search, "aaaaaaaaabb", "a" * 58 + "cb") == (0.0, ())
    assert fuzzy_match(search, "vbpb", "val_bpb")[1] == [0, 4, 5, 6]
    assert fuzzy_match(search, "", "val_bpb") == (0.0, ())
