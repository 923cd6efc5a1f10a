"""A run is found the way it was left: through the program, file and all."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from textual.pilot import Pilot

from tests.runs.builder import RunBuilder
from tests.tui.fake_sampler import FakeSampler
from tests.tui.screens import post, screen_text, state_of
from tokmon.monitor.places import XAxis
from tokmon.monitor.series import Frame
from tokmon.monitor.state import RunState
from tokmon.tui.app import TokmonApp
from tokmon.tui.plot.spec import LOSS, Smoothing
from tokmon.tui.plot.window import Window
from tokmon.tui.remembered_charts import window_left, window_of
from tokmon.tui.screens.charts import ChartsScreen
from tokmon.tui.screens.dashboard import DashboardScreen
from tokmon.tui.view_state import View, ViewMemory, WindowView
from tokmon.tui.widgets.loss_chart import LossChart

SIZE = (130, 30)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.fixture
def state(builder: RunBuilder) -> RunState:
    return state_of(builder.run, builder.now)


@asynccontextmanager
async def visit(
    state: RunState, folder: Path, size: tuple[int, int] = SIZE
) -> AsyncIterator[Pilot[None]]:
    """Open the program on a run, and leave it at the end."""
    app = TokmonApp(state.run, memory=ViewMemory(folder), new_client=FakeSampler)
    async with app.run_test(size=size) as pilot:
        await post(pilot, state)
        await pilot.pause()
        yield pilot


def write_views(folder: Path, content: bytes) -> None:
    folder.mkdir()
    (folder / "views.json").write_bytes(content)


def loss(pilot: Pilot[None]) -> LossChart:
    dashboard = next(s for s in pilot.app.screen_stack if isinstance(s, DashboardScreen))
    return dashboard.query_one(LossChart)


def charts(pilot: Pilot[None]) -> ChartsScreen:
    assert isinstance(pilot.app.screen, ChartsScreen)
    return pilot.app.screen


async def test_the_chart_is_found_as_it_was_left(state: RunState, folder: Path) -> None:
    async with visit(state, folder) as pilot:
        await pilot.press("tab", "x", "plus", "plus", "H", "s", "y")
        left = (loss(pilot).window, loss(pilot).smoothing, loss(pilot).is_log)
        await pilot.press("q")
    async with visit(state, folder) as pilot:
        found = (loss(pilot).window, loss(pilot).smoothing, loss(pilot).is_log)
        screen = screen_text(pilot)

    assert found == left
    assert (left[0].axis, left[1], left[2]) == (XAxis.TOKENS, Smoothing.STRONGER, True)
    assert left[0].span is not None
    for words in ("log y", "by tokens", "stronger average", "zoomed"):
        assert words in screen


async def test_a_chart_that_followed_follows_the_newest(
    builder: RunBuilder, state: RunState, folder: Path
) -> None:
    async with visit(state, folder) as pilot:
        await pilot.press("tab", "f")
        left = loss(pilot).window
    for _ in builder.lines(20):
        pass
    later = state_of(builder.run, builder.now)
    async with visit(later, folder) as pilot:
        found = loss(pilot).window
        newest = loss(pilot).steps_in_sight()[1]

    assert found == left
    assert found.is_following
    assert newest == 21_000


async def test_no_average_stays_none(state: RunState, folder: Path) -> None:
    async with visit(state, folder) as pilot:
        await pilot.press("tab", "s", "s")
        assert loss(pilot).smoothing is Smoothing.OFF
    async with visit(state, folder) as pilot:
        assert loss(pilot).smoothing is Smoothing.OFF


async def test_the_focus_is_found_where_it_was(state: RunState, folder: Path) -> None:
    async with visit(state, folder) as pilot:
        assert pilot.app.focused is None
        await pilot.press("tab", "tab")
        assert pilot.app.focused is not None
        left = pilot.app.focused.id
        await pilot.press("q")
    async with visit(state, folder) as pilot:
        found = pilot.app.focused
        await pilot.press("g")
    async with visit(state, folder) as pilot:
        after = pilot.app.focused

    assert left == "table"
    assert found is not None
    assert found.id == left
    assert after is None, "the panel for generation is not there at the start"


@pytest.mark.parametrize("leave", ["escape", "ctrl+q"], ids=["by the dashboard", "at once"])
async def test_the_screen_of_charts_is_found_as_it_was_left(
    state: RunState, folder: Path, leave: str
) -> None:
    async with visit(state, folder) as pilot:
        await pilot.press("c", "d", "slash", *"bpb", "enter", "y", "x", "plus", "s", "m")
        await pilot.pause()
        screen = charts(pilot)
        left = [(c.spec.key, c.window, c.is_log, c.smoothing) for c in screen.charts]
        current = screen.current.spec.key if screen.current else ""
        await pilot.press(leave, *(["escape"] if leave == "escape" else []))
    async with visit(state, folder) as pilot:
        await pilot.press("c")
        await pilot.pause()
        screen = charts(pilot)
        found = [(c.spec.key, c.window, c.is_log, c.smoothing) for c in screen.charts]
        now = screen.current.spec.key if screen.current else ""
        shown = [chart.spec.key for chart in screen.charts if chart.display]

    assert found == left
    assert now == current == "val_bpb"
    assert "train_loss" not in {key for key, *_ in found}
    assert {key: is_log for key, _, is_log, _ in found}["val_bpb"]
    assert len({window for _, window, *_ in found}) == 1
    assert "val_bpb" in shown
    assert (len(shown) == 1) is (leave == "ctrl+q"), "escape first brings the others back"


async def test_charts_are_found_again_within_one_visit_too(state: RunState, folder: Path) -> None:
    async with visit(state, folder) as pilot:
        await pilot.press("c", "plus", "escape", "escape", "c")
        await pilot.pause()
        spans = {chart.window.span is None for chart in charts(pilot).charts}

    assert spans == {False}


async def test_one_metric_that_was_looked_up_is_not_what_charts_mean(
    state: RunState, folder: Path
) -> None:
    async with visit(state, folder) as pilot:
        await pilot.press("tab", "slash", *"bpb", "enter")
        await pilot.pause()
        looked_up = [chart.spec.key for chart in charts(pilot).charts]
    async with visit(state, folder) as pilot:
        await pilot.press("c")
        await pilot.pause()
        usual = [chart.spec.key for chart in charts(pilot).charts]

    assert looked_up == ["val_bpb"]
    assert len(usual) > 1


async def test_what_the_run_has_no_more_is_passed_over(state: RunState, folder: Path) -> None:
    columns = {key: state.frame.columns[key] for key in ("train_loss", "grad_norm")}
    poorer = replace(state, frame=Frame(steps=state.frame.steps, columns=columns), systems=())
    async with visit(state, folder) as pilot:
        await pilot.press("tab", "x", "plus", "c", "x", "n", "n")
        await pilot.press("ctrl+q")
    async with visit(poorer, folder) as pilot:
        window = loss(pilot).window
        await pilot.press("c")
        await pilot.pause()
        keys = [chart.spec.key for chart in charts(pilot).charts]

    assert window == Window()
    assert keys == ["train_loss", "grad_norm"]


async def test_a_visit_that_saw_no_line_forgets_no_range(state: RunState, folder: Path) -> None:
    async with visit(state, folder) as pilot:
        await pilot.press("tab", "plus")
        left = loss(pilot).window
    async with visit(replace(state, frame=Frame()), folder) as pilot:
        await pilot.press("q")
    async with visit(state, folder) as pilot:
        found = loss(pilot).window

    assert found == left


async def test_a_file_that_was_deleted_is_no_matter(state: RunState, folder: Path) -> None:
    async with visit(state, folder) as pilot:
        await pilot.press("tab", "plus")
    (folder / "views.json").unlink()
    async with visit(state, folder) as pilot:
        window = loss(pilot).window
        told = len(pilot.app._notifications)

    assert window == Window()
    assert told == 0
    assert (folder / "views.json").is_file()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"{torn", "views start afresh"),
        (b'{"version": 2, "runs": {"x": {"charts": 3}}}', "views start afresh"),
        (b'{"version": 99, "runs": {}}', "written by a newer tokmon"),
    ],
    ids=["torn", "another type", "of the future"],
)
async def test_a_file_that_cannot_be_used_is_told_in_one_line(
    state: RunState, folder: Path, content: bytes, words: str
) -> None:
    write_views(folder, content)
    async with visit(state, folder) as pilot:
        notices = [notice.message for notice in pilot.app._notifications]
        window = loss(pilot).window

    (notice,) = notices
    assert words in notice
    assert "\n" not in notice
    assert window == Window()


async def test_values_that_mean_nothing_are_passed_over(state: RunState, folder: Path) -> None:
    view = {
        "x_axis": "moon phase",
        "chart_range": [5.0, 1.0],
        "smoothing": 0.123,
        "view": "[/x]",
        "focused": "#hea der",
        "charts": {
            "keys": ["[/x]", "lr", "lr"],
            "current": "nothing",
            "chart_range": [1e308, -1e308],
            "drawn": {"lr": {"smoothing": -1.0}},
        },
    }
    runs = {str(state.run.path.absolute()): view}
    write_views(folder, msgspec.json.encode({"version": 2, "runs": runs}))
    async with visit(state, folder) as pilot:
        found = (loss(pilot).window, loss(pilot).smoothing, pilot.app.focused)
        told = len(pilot.app._notifications)
        await pilot.press("c")
        await pilot.pause()
        keys = [chart.spec.key for chart in charts(pilot).charts]
        window = charts(pilot).charts[0].window

    assert found == (Window(), Smoothing.DEFAULT, None)
    assert told == 0
    assert keys == ["lr"]
    assert window == Window()


@pytest.mark.parametrize(
    "window",
    [
        Window(),
        Window(XAxis.WALL),
        Window(XAxis.STEP, (3.0, 4.5)),
        Window(XAxis.RELATIVE, (0.0, 1e9), True),
    ],
)
def test_a_window_is_the_same_after_it_was_remembered(window: Window) -> None:
    left = window_left(window)
    again = msgspec.json.decode(msgspec.json.encode(left), type=WindowView)

    assert window_of(again, list(XAxis)) == window
    assert LOSS.is_smoothed


async def test_the_file_holds_nothing_that_is_as_usual(state: RunState, folder: Path) -> None:
    async with visit(state, folder) as pilot:
        await pilot.press("q")
    view = ViewMemory(folder).view_of(state.run)

    assert msgspec.structs.replace(view, visited_at=0.0) == View(view="chart")
