"""The list of runs on the screen: read in a thread, filtered, marked, opened."""

import os
import shutil
from pathlib import Path

import pytest
from textual.pilot import Pilot

from tests.monitor.many_runs import write_many
from tests.runs.builder import EPOCH, RunBuilder
from tests.tui.listing import ListingApp, listing
from tests.tui.screens import SIZES, check_golden, screen_text, until
from tokmon.monitor.run_summary import RunSummary
from tokmon.monitor.state import Health, Phase
from tokmon.rundir.layout import RunDir
from tokmon.rundir.records import Summary, encode
from tokmon.tui.glyphs import ASCII, UNICODE, Glyphs
from tokmon.tui.run_cells import Row
from tokmon.tui.run_columns import row_line, titles
from tokmon.tui.screens.runs import RunChosen, RunsCompared, RunsScreen
from tokmon.tui.sparkline import sparkline
from tokmon.tui.widgets.run_rows import RunRows

NOW = EPOCH + 100_000
NASTY = "[red]x[/x]\x1b[31m\u202e\u200b\u7a0b\u5e8f" + "long" * 60


@pytest.fixture(scope="module")
def recorded_logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Runs in many states, each a few hours older than the one before."""
    logs = tmp_path_factory.mktemp("listed") / "logs"
    logs.mkdir()
    ages = {"v1_running": 0, "v1_finished": 1, "sweep_lr3": 2, "v1_stalled": 3, "v1_crashed": 4}
    for name, hours in ages.items():
        builder = RunBuilder(logs=logs, experiment=name, seed=hours, max_steps=4_000)
        builder.started = NOW - 3600 * hours - 141
        builder.write(30 + 2 * hours)
        if name == "v1_crashed":
            builder.heartbeat("crashed", error="CUDA out of memory")
        elif name != "v1_stalled" and hours:
            builder.finish()
    foreign = RunDir.of_experiment(logs, "[red]x[bold]" + "long" * 12)
    foreign.path.mkdir()
    foreign.log.write_text('{"step": 5, "train_loss": 3.5, "time": "2026-09-20T00:00:00Z"}\nx\n')
    only = RunDir.of_experiment(logs, "only_a_summary")
    only.path.mkdir()
    only.summary.write_bytes(encode(Summary(experiment="x", state="finished")))
    only.run_info.write_bytes(b"{")
    for path in only.path.iterdir():
        os.utime(path, (NOW - 86_400, NOW - 86_400))
    return logs


@pytest.fixture
def relative_logs(recorded_logs: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The same by a name that is as long everywhere: a long path is left out of a narrow line."""
    monkeypatch.chdir(recorded_logs.parent)
    return Path(recorded_logs.name)


@pytest.fixture
def logs(recorded_logs: Path, tmp_path: Path) -> Path:
    shutil.copytree(recorded_logs, tmp_path / "logs")
    return tmp_path / "logs"


def screen_of(pilot: Pilot[None]) -> RunsScreen:
    screen = pilot.app.screen
    assert isinstance(screen, RunsScreen)
    return screen


async def all_read(pilot: Pilot[None]) -> None:
    await until(pilot, lambda: bool(screen_of(pilot).state.runs))
    await until(pilot, lambda: not screen_of(pilot).state.is_reading)
    await pilot.pause()


def heard(pilot: Pilot[None]) -> list[object]:
    assert isinstance(pilot.app, ListingApp)
    return list(pilot.app.heard)


def pointed(pilot: Pilot[None]) -> str:
    row = pilot.app.screen.query_one(RunRows).pointed
    return row.run.name if row else ""


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_the_golden_screen(relative_logs: Path, size: tuple[int, int]) -> None:
    async with listing(relative_logs, NOW, size) as pilot:
        await all_read(pilot)
        await pilot.press("j", "space", "space")

        check_golden(f"runs_{size[0]}x{size[1]}", screen_text(pilot))


async def test_the_golden_screen_in_ascii(relative_logs: Path) -> None:
    async with listing(relative_logs, NOW, (80, 24), glyphs=ASCII) as pilot:
        await all_read(pilot)
        text = screen_text(pilot)

        assert text.isascii()
        check_golden("runs_ascii_80x24", text)


async def test_enter_opens_the_run_pointed_at(logs: Path) -> None:
    async with listing(logs, NOW) as pilot:
        await all_read(pilot)
        await pilot.press("j", "down", "k", "enter")
        await pilot.pause()

        assert heard(pilot) == [RunChosen(RunDir(logs / "train_v1_finished", "v1_finished"))]


async def test_marked_runs_are_compared_in_the_order_of_their_letters(logs: Path) -> None:
    async with listing(logs, NOW) as pilot:
        await all_read(pilot)
        await pilot.press("c", "end", "k", "space", "home", "space", "c")
        await pilot.pause()

        messages = heard(pilot)
        assert len(messages) == 1
        assert isinstance(messages[0], RunsCompared)
        assert [run.experiment for run in messages[0].runs][1] == "v1_running"


async def test_no_more_than_eight_are_marked(tmp_path: Path) -> None:
    write_many(tmp_path, 10, now=NOW, log_bytes=2**13)
    async with listing(tmp_path, NOW) as pilot:
        await all_read(pilot)
        await pilot.press(*["space"] * 10)
        await pilot.pause()

        assert "8 marked" in screen_text(pilot)


async def test_the_filter_works_while_it_is_typed_and_esc_clears_it(logs: Path) -> None:
    async with listing(logs, NOW) as pilot:
        await all_read(pilot)
        await pilot.press("slash", *"v1 fin")
        await pilot.pause()
        filtered = screen_text(pilot)
        await pilot.press("enter", "enter")
        await pilot.pause()
        await pilot.press("escape")
        await pilot.pause()

        assert "v1_finished" in filtered
        assert "v1_running" not in filtered
        assert [type(message) for message in heard(pilot)] == [RunChosen]
        assert "v1_running" in screen_text(pilot)


async def test_a_filter_that_nothing_passes_says_so(logs: Path) -> None:
    async with listing(logs, NOW) as pilot:
        await all_read(pilot)
        await pilot.press("slash", *"zzz", "enter", "enter", "space", "c", "j")
        await pilot.pause()

        assert "no run has that" in screen_text(pilot)
        assert heard(pilot) == []


async def test_the_orders_take_turns_and_the_cursor_stays_with_its_run(logs: Path) -> None:
    async with listing(logs, NOW) as pilot:
        await all_read(pilot)
        await pilot.press("j", "j")
        before = pointed(pilot)
        told = []
        for _ in range(3):
            await pilot.press("o")
            told.append(screen_text(pilot).splitlines()[0])

        assert pointed(pilot) == before
        orders = ("by name", "best validation first", "newest first")
        assert all(order in line for order, line in zip(orders, told, strict=True))


async def test_what_happens_to_the_files_is_seen(logs: Path) -> None:
    async with listing(logs, NOW) as pilot:
        await all_read(pilot)
        shutil.rmtree(logs / "train_v1_stalled")
        RunBuilder(logs=logs, experiment="brand_new", started=NOW).write(1)

        await until(pilot, lambda: "brand_new" in screen_text(pilot))

        assert "v1_stalled" not in screen_text(pilot)


async def test_a_folder_without_runs_says_what_to_do(tmp_path: Path) -> None:
    async with listing(tmp_path, NOW, (80, 24)) as pilot:
        await until(pilot, lambda: "tokmon train" in screen_text(pilot))
        await pilot.press("j", "k", "enter", "space", "c", "o", "end", "home", "pagedown")

        assert "0 runs" in screen_text(pilot)


async def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    async with listing(tmp_path / "nowhere", NOW) as pilot:
        await until(pilot, lambda: "nowhere" in screen_text(pilot))


async def test_thousands_of_rows_scroll_with_the_cursor(tmp_path: Path) -> None:
    write_many(tmp_path, 120, now=NOW, log_bytes=2**13)
    async with listing(tmp_path, NOW, (80, 24)) as pilot:
        await all_read(pilot)
        await pilot.press("end")
        await pilot.pause()
        last = screen_text(pilot)
        await pilot.press("home")
        await pilot.pause()

        assert "run_0119" in last
        assert "run_0000" in screen_text(pilot)
        assert "run_0119" not in screen_text(pilot)


@pytest.mark.parametrize("glyphs", [UNICODE, ASCII], ids=["unicode", "ascii"])
@pytest.mark.parametrize("width", [20, 50, 66, 80, 110, 160, 300])
@pytest.mark.parametrize("name", [NASTY, "a", "\u7a0b\u5e8f" * 40])
def test_every_line_fills_its_width_and_no_more(name: str, width: int, glyphs: Glyphs) -> None:
    summary = RunSummary(
        run=RunDir(Path("x"), name),
        health=Health(Phase.EVALUATING, "why"),
        step=10**15,
        max_steps=3,
        train_loss=-1e300,
        updated=0.0,
        losses=(float("nan"), 0.0, -1.0),
    )

    line = row_line(Row(run=summary, label="H", colour="$error"), 1e12, width, glyphs)

    assert line.cell_length <= max(width, 32)
    if width >= 50:
        assert line.cell_length == titles(width, glyphs).cell_length == width
    assert "\x1b" not in line.plain
    assert "\u202e" not in line.plain


def test_a_sparkline_shows_spikes_and_what_is_not_finite() -> None:
    nan = float("nan")

    assert sparkline((8.0, 4.0, 2.0, 1.0), 4, UNICODE) == "█▆▃▁"
    assert sparkline((1.0, 8.0, 1.0, 1.0), 2, UNICODE) == "█▁"
    assert sparkline((nan, 2.0, 1.0), 8, UNICODE) == "✗█▁"
    assert sparkline((), 8, UNICODE) == ""
    assert sparkline((3.0, 3.0), 8, ASCII) == "__"
