"""Looking into a chart with keys and mouse, on the dashboard as anywhere."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import numpy as np
import pytest
from textual import events
from textual.content import Content
from textual.pilot import Pilot

from tests.runs.builder import RunBuilder
from tests.tui.screens import post, screen_text, showing, state_of, until
from tokmon.monitor.history import History
from tokmon.monitor.series import Column, Frame
from tokmon.monitor.state import RunState
from tokmon.report import figures
from tokmon.rundir.records import iso
from tokmon.tui import glyphs
from tokmon.tui.glyphs import Glyphs
from tokmon.tui.plot.sheet import Layer
from tokmon.tui.widgets.loss_chart import LossChart


@asynccontextmanager
async def charting(
    state: RunState, size: tuple[int, int] = (100, 30), signs: Glyphs = glyphs.UNICODE
) -> AsyncIterator[tuple[Pilot[None], LossChart]]:
    """Show the dashboard with the focus on its chart."""
    async with showing(state, size, glyphs=signs) as pilot:
        chart = pilot.app.screen.query_one(LossChart)
        chart.focus()
        await pilot.pause()
        yield pilot, chart


def title(chart: LossChart) -> str:
    return Content.from_markup(chart.border_title).plain


def span(chart: LossChart) -> tuple[float, float]:
    assert chart.scene is not None
    return chart.scene.chart.span


async def test_the_crosshair_tells_the_exact_values_of_its_step(builder: RunBuilder) -> None:
    state = state_of(builder.run, builder.now)
    async with charting(state, (160, 45)) as (pilot, chart):
        await pilot.press("h")
        newest = title(chart)
        await pilot.press("left", "left")
        earlier = chart.crosshair
        await pilot.press("escape")

        assert chart.crosshair is None
        assert "best" in title(chart)
    frame = state.frame
    train = figures.loss(float(frame.columns["train_loss"].values[-1]))
    average = figures.loss(float(frame.smoothed["train_loss"][-1]))
    validation = figures.loss(state.latest["val_loss"])
    for words in ("step 19,000", f"train {train}", f"EMA {average}", f"val {validation}",
                  f"lr {figures.learning_rate(state.latest['lr'])}"):  # fmt: skip
        assert words in newest
    assert earlier in frame.steps
    assert earlier is not None
    assert earlier < 19_000


async def test_the_crosshair_goes_step_by_step_where_there_are_more_columns_than_points(
    builder: RunBuilder,
) -> None:
    async with charting(state_of(builder.run, builder.now)) as (pilot, chart):
        await pilot.press("h", *["plus"] * 6, "h", "h")
        assert chart.crosshair == 18_800
        first = span(chart)[0]
        while chart.crosshair > first:
            await pilot.press("h")

        assert span(chart)[0] <= chart.crosshair < first


async def test_keys_zoom_pan_and_show_all_again(builder: RunBuilder) -> None:
    async with charting(state_of(builder.run, builder.now)) as (pilot, chart):
        await pilot.press("plus", "equals_sign")
        closer = span(chart)
        await pilot.press("L")
        later = span(chart)
        await pilot.press("H", "H", "minus")
        farther = span(chart)
        await pilot.press("0")

        assert span(chart) == (0, 19_000)
    assert closer == pytest.approx((7125, 11_875))
    assert later == pytest.approx((8312.5, 13_062.5))
    assert farther[1] - farther[0] == pytest.approx(9500)


async def test_the_newest_part_stays_in_sight_as_the_run_goes_on(builder: RunBuilder) -> None:
    async with charting(state_of(builder.run, builder.now)) as (pilot, chart):
        await pilot.press("f")
        before = span(chart)
        for _ in builder.lines(10):
            pass
        await post(pilot, state_of(builder.run, builder.now))
        after = span(chart)

        assert "following" in title(chart)
        await pilot.press("f")
        assert not chart.window.is_following
    assert before == pytest.approx((17_100, 19_000))
    assert after == pytest.approx((18_100, 20_000))


async def test_x_takes_the_axes_that_the_log_has_and_keeps_what_is_in_sight(
    builder: RunBuilder,
) -> None:
    async with charting(state_of(builder.run, builder.now)) as (pilot, chart):
        await pilot.press("plus")
        spans, screens = [], []
        for _ in range(4):
            await pilot.press("x")
            spans.append(span(chart))
            screens.append(title(chart) + screen_text(pilot))

    tokens, wall, relative, steps = spans
    assert tokens == pytest.approx((4750 * 16_384, 14_250 * 16_384), rel=1e-3)
    assert builder.started < wall[0] < wall[1] < builder.now
    assert relative[1] - relative[0] == pytest.approx(wall[1] - wall[0], rel=0.01)
    assert steps == pytest.approx((4750, 14_250), rel=1e-3)
    for screen, words in zip(screens, ("by tokens", "by wall time", "by relative time", "zoomed"),
                             strict=True):  # fmt: skip
        assert words in screen
    assert "14:20" in screens[1]
    assert "5m" in screens[2]


async def test_s_takes_the_average_away_and_changes_it(builder: RunBuilder) -> None:
    async with charting(state_of(builder.run, builder.now)) as (pilot, chart):
        titles = []
        for _ in range(4):
            await pilot.press("s")
            titles.append(title(chart))

        assert "Samples of step" not in screen_text(pilot)
    assert [name.partition("  ")[0] for name in titles] == [
        "Loss, stronger average", "Loss, no average", "Loss, weaker average", "Loss",
    ]  # fmt: skip
    assert "raw" not in titles[1]


async def test_the_wheel_zooms_where_the_pointer_is_and_dragging_pans(builder: RunBuilder) -> None:
    async with charting(state_of(builder.run, builder.now)) as (pilot, chart):
        area = chart.drawing.area
        assert area is not None
        left = area.left + chart.content_offset.x
        await wheel(pilot, chart, left + area.width // 4, 4)
        zoomed, area = span(chart), chart.drawing.area
        assert area is not None
        await pilot.mouse_down(chart, offset=(left + 40, 5))
        await pilot.hover(chart, offset=(left + 20, 5))
        await pilot.mouse_up(chart, offset=(left + 20, 5))
        panned = span(chart)

        assert chart.crosshair is None
    fixed = zoomed[0] + 0.25 * (zoomed[1] - zoomed[0])
    assert fixed == pytest.approx(19_000 / 4, rel=0.05)
    assert zoomed[1] - zoomed[0] == pytest.approx(19_000 / 1.25**4)
    moved = 20 / area.width * (zoomed[1] - zoomed[0])
    assert panned[0] - zoomed[0] == pytest.approx(moved, rel=0.05)


async def wheel(pilot: Pilot[None], chart: LossChart, column: int, turns: int) -> None:
    for _ in range(turns):
        at = {"x": column, "y": 5, "screen_x": chart.region.x + column, "screen_y": 8}
        chart.post_message(
            events.MouseScrollUp(
                chart, **at, delta_x=0, delta_y=-1, button=0, shift=False, meta=False, ctrl=False
            )
        )
        await pilot.pause()


async def test_a_click_puts_the_crosshair_there(builder: RunBuilder) -> None:
    async with charting(state_of(builder.run, builder.now)) as (pilot, chart):
        area = chart.drawing.area
        assert area is not None
        await pilot.click(chart, offset=(chart.content_offset.x + area.left + area.width // 2, 5))

        assert chart.crosshair is not None
        assert abs(chart.crosshair - 9500) <= 200
        assert "┆" in screen_text(pilot)


async def test_signs_say_what_happened_along_the_way(builder: RunBuilder) -> None:
    builder.event("spike", "loss 9 at step 12000", step=12_000)
    builder.event("resume", "from step 9000", step=9_000)
    state = state_of(builder.run, builder.now)
    async with charting(state, (160, 45)) as (pilot, chart):
        line = next(row for row in screen_text(pilot).splitlines() if "└" in row)

        assert all(sign in line for sign in "▪◣↻!")
        assert "3 checkpoints" in screen_text(pilot)
    async with charting(state, (80, 24), glyphs.ASCII) as (pilot, chart):
        screen = screen_text(pilot)

        assert screen.isascii()
        assert len(np.argwhere(chart.drawing.layers == Layer.ALERT)) == 1


async def test_no_line_is_drawn_over_the_time_in_which_nothing_ran(builder: RunBuilder) -> None:
    builder.started += 86_400
    builder.event("resume", "from step 19000", time=iso(builder.now))
    for _ in builder.lines(20):
        pass
    async with charting(state_of(builder.run, builder.now)) as (pilot, chart):
        await pilot.press("x", "x")
        area = chart.drawing.area
        assert area is not None
        gap = chart.drawing.layers[: area.height, area.left + 10 : -10]

        assert chart.window.axis == "wall time"
        assert (gap == -1).all()


async def test_a_long_average_is_complete_after_a_few_moments(builder: RunBuilder) -> None:
    state = replace(state_of(builder.run, builder.now), frame=long_frame(300_000))
    async with charting(state) as (pilot, chart):
        await pilot.press("s")
        await until(pilot, lambda: chart.scene is not None and chart.scene.is_complete)

        average = chart.book.average("train_loss", chart.smoothing.value)
        assert len(average) == 300_000


def long_frame(length: int) -> Frame:
    history = History(("train_loss",))
    values = np.linspace(9, 2, length)
    columns = {"train_loss": Column(values, np.ones(length, np.bool_))}
    history.extend(np.arange(1, length + 1), columns)
    return history.frame()
