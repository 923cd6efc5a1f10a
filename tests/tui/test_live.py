"""From an appended line to the screen: real files, the real poller."""

import time
from itertools import pairwise
from pathlib import Path

import pytest

from tests.runs.builder import RunBuilder, write_long_log
from tests.tui.screens import screen_text, until
from tokmon.monitor.sources.tokmon_run import RunSource
from tokmon.monitor.state import RunState
from tokmon.rundir.layout import RunDir
from tokmon.tui import poller as poller_module
from tokmon.tui.app import TokmonApp
from tokmon.tui.file_watch import FileWatch
from tokmon.tui.poller import Poller

BUDGET_S = 0.5


def watching(builder: RunBuilder) -> TokmonApp:
    source = RunSource(builder.run, is_alive=lambda _: True)
    return TokmonApp(builder.run, source, clock=lambda: builder.now)


@pytest.mark.parametrize("has_events", [True, False])
async def test_an_appended_line_is_on_the_screen_within_half_a_second(
    builder: RunBuilder, monkeypatch: pytest.MonkeyPatch, has_events: bool
) -> None:
    """With change events of the system and without: network file systems send none."""
    if not has_events:
        monkeypatch.setattr(FileWatch, "start", lambda self: None)
    latencies = []
    app = watching(builder)
    async with app.run_test(size=(160, 45)) as pilot:
        await until(pilot, lambda: "19,000" in screen_text(pilot))
        for step in ("19,100", "19,200", "19,300"):
            builder.line()
            appended_at = time.monotonic()
            await until(pilot, lambda step=step: step in screen_text(pilot))  # type: ignore[misc]
            latencies.append(time.monotonic() - appended_at)

    assert sorted(latencies)[1] < BUDGET_S


async def test_the_screen_closes_promptly_and_its_threads_with_it(builder: RunBuilder) -> None:
    app = watching(builder)
    async with app.run_test() as pilot:
        await until(pilot, lambda: app.state is not None)
        left_at = time.monotonic()
        await pilot.press("q")
    assert time.monotonic() - left_at < 2.0


def test_states_come_at_most_four_times_a_second_and_every_second_without_news(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    builder = RunBuilder(logs=tmp_path).write(2)
    posted: list[float] = []

    class Busy(RunSource):
        def poll(self, now: float) -> RunState:
            if now < 30:
                builder.line()
            return super().poll(builder.now)

    ticks = iter(range(10_000))
    poller = Poller(
        Busy(builder.run), lambda _: posted.append(time.monotonic()), lambda: next(ticks)
    )

    def stop_after_two_seconds(state: RunState) -> None:
        posted.append(time.monotonic())
        if posted[-1] - posted[0] > 2:
            poller.stop()

    poller._post = stop_after_two_seconds
    poller.run()

    gaps = [after - before for before, after in pairwise(posted)]
    assert min(gaps) >= poller_module.REPAINT_S - 0.01
    assert max(gaps) <= poller_module.TICK_S + 0.5


async def test_a_long_log_is_useful_at_once_and_complete_soon(tmp_path: Path) -> None:
    run = RunDir.of_experiment(tmp_path, "long")
    run.path.mkdir()
    write_long_log(run.log, 100_000)
    app = TokmonApp(run, RunSource(run))
    async with app.run_test(size=(160, 45)) as pilot:
        started_at = time.monotonic()
        await until(pilot, lambda: "100,000" in screen_text(pilot))
        first_s = time.monotonic() - started_at
        was_loading = app.state is not None and app.state.is_loading
        await until(pilot, lambda: app.state is not None and not app.state.is_loading)

    assert first_s < 1.0
    assert was_loading


def test_a_folder_that_cannot_be_watched_is_polled(tmp_path: Path) -> None:
    watch = FileWatch(tmp_path / "nowhere", lambda: None)
    watch.start()
    watch.stop()

    assert watch.fault
