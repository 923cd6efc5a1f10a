"""The comparison on the screen: curves, distance to a reference, results, config, sentences."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from textual.pilot import Pilot

from tests.monitor.many_runs import STATES, write_many
from tests.runs.builder import EPOCH, RunBuilder
from tests.tui.listing import ListingApp
from tests.tui.screens import SIZES, check_golden, screen_text, until
from tokmon.monitor.alignment import AlignedCurve, Along
from tokmon.monitor.compared import LABELS
from tokmon.rundir.layout import RunDir
from tokmon.rundir.records import Sample
from tokmon.tui.glyphs import ASCII, UNICODE, Glyphs
from tokmon.tui.overlay import Line, draw
from tokmon.tui.run_colours import COLOURS, run_colours
from tokmon.tui.screens.comparison import ComparisonScreen

NOW = EPOCH + 100_000


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> list[RunDir]:
    """Two seeds of one config, and a third run with another learning rate that came less far.

    All have power logged, and the first two a round of samples.
    """
    logs, made = tmp_path_factory.mktemp("compared"), []
    for name, seed, lr, lines in (("one", 1, 3e-4, 60), ("two", 2, 3e-4, 60), ("hot", 1, 1e-3, 25)):
        builder = RunBuilder(logs=logs, experiment=name, seed=seed, max_steps=6_000)
        builder.write(lines)
        for index in range(16 if name != "hot" else 0):
            builder.append(builder.run.samples, sample(index, builder.step))
        config = {"experiment": name, "seed": seed, "optim": {"lr": lr}}
        corpus = {"fingerprint": "9f3c21aa" * 8, "name": "python_100mb"}
        builder.heartbeat("finished", config=config, corpus=corpus)
        made.append(builder.run)
    return made


def sample(index: int, step: int) -> Sample:
    return Sample(
        prompt="def double(values):\n",
        text=f"    return [value * {index} for value in values]\n",
        step=step,
        seq_rep_4=index / 100,
        collapsed=index < 3,
        has_keyword=index > 0,
        validity="valid" if index % 2 else "invalid",
        prompt_id=f"prompt-{index}",
    )


@asynccontextmanager
async def comparing(
    runs: list[RunDir], size: tuple[int, int] = (160, 45), glyphs: Glyphs = UNICODE
) -> AsyncIterator[Pilot[None]]:
    screen = ComparisonScreen(runs, glyphs, clock=lambda: NOW)
    async with ListingApp(screen).run_test(size=size) as pilot:
        await until(pilot, lambda: "reading logs" not in screen_text(pilot))
        await pilot.pause()
        yield pilot


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_the_golden_screen(runs: list[RunDir], size: tuple[int, int]) -> None:
    async with comparing(runs, size) as pilot:
        if size[0] == 160:
            await pilot.press("r")
        await pilot.pause()

        check_golden(f"comparison_{size[0]}x{size[1]}", screen_text(pilot))


async def test_the_golden_screen_in_ascii(runs: list[RunDir]) -> None:
    async with comparing(runs, (80, 24), ASCII) as pilot:
        assert screen_text(pilot).isascii()
        check_golden("comparison_ascii_80x24", screen_text(pilot))


async def test_it_says_what_differs_and_who_is_ahead(runs: list[RunDir]) -> None:
    async with comparing(runs) as pilot:
        shown = screen_text(pilot)

    assert "optim.lr  AB 0.0003  C 0.001" in shown
    assert "seed  AC 1  B 2" in shown
    assert "experiment" not in shown
    assert "A and B are one config with 2 seeds" in shown
    assert "C never reached A's lowest validation loss" in shown


async def test_seeds_generated_text_and_cost_stand_below(runs: list[RunDir]) -> None:
    async with comparing(runs, (160, 60)) as pilot:
        shown = screen_text(pilot)

    assert "AB against C" not in shown
    assert "C against AB: no test is possible: a test needs" in shown
    assert "19% 7-43" in shown
    assert "Wh" in shown


async def test_x_turns_the_axis(runs: list[RunDir]) -> None:
    async with comparing(runs) as pilot:
        units = []
        for _ in range(4):
            lines = screen_text(pilot).splitlines()
            line = next(line for line in lines if line.lstrip().startswith("0 "))
            units += [unit for unit in ("steps", "tokens", "min") if unit in line]
            await pilot.press("x")
            await pilot.pause()

    assert units == ["steps", "tokens", "min", "steps"]


async def test_r_shows_the_distance_to_one_run_after_the_other(runs: list[RunDir]) -> None:
    async with comparing(runs) as pilot:
        told = []
        for _ in range(4):
            await pilot.press("r")
            await pilot.pause()
            shown = screen_text(pilot)
            told += [label for label in "ABC" if f"Difference to {label}:" in shown]
        await pilot.press("d")
        await pilot.pause()

        assert told == ["A", "B", "C", "A"]
        assert "Difference to" not in screen_text(pilot)


async def test_v_and_y_change_what_is_drawn(runs: list[RunDir]) -> None:
    async with comparing(runs) as pilot:
        await pilot.press("v", "y")
        await pilot.pause()

        assert "Validation loss, log y" in screen_text(pilot)


async def test_on_a_small_terminal_the_text_takes_the_place_of_the_curves(
    runs: list[RunDir],
) -> None:
    async with comparing(runs, (50, 14)) as pilot:
        before = screen_text(pilot)
        await pilot.press("t")
        await pilot.pause()

        assert "Results" not in before
        assert "val loss" in screen_text(pilot)


async def test_runs_in_any_state_can_be_compared(tmp_path: Path) -> None:
    made = write_many(tmp_path, len(STATES), now=NOW, log_bytes=2**13)
    (made[0].path / "gone").touch()
    odd = [made[index] for index in (0, 11, 12, 14, 16, 17, 18, 19)]
    missing = RunDir(tmp_path / "train_missing", "[/x]\x1b[31m\u202e" * 30)
    async with comparing([missing, *odd[1:]]) as pilot:
        for key in "xvyrrrrrrrrrdx?":
            await pilot.press("question_mark" if key == "?" else key)
            await pilot.pause()

        assert "\x1b" not in screen_text(pilot)


async def test_esc_goes_back(runs: list[RunDir]) -> None:
    async with comparing(runs) as pilot:
        await pilot.press("escape")
        await pilot.pause()

        assert not isinstance(pilot.app.screen, ComparisonScreen)


def test_a_run_keeps_its_colour_and_no_two_of_eight_share_one() -> None:
    names = [f"run{index}" for index in range(8)]

    assert sorted(run_colours(names)) == sorted(COLOURS)
    assert all(run_colours([name])[0] == run_colours([name, "x"])[0] for name in names)


_FINITE = st.floats(-1e12, 1e12)


@settings(max_examples=40)
@given(
    st.lists(st.lists(st.tuples(st.integers(0, 10**9), _FINITE), max_size=20), max_size=8),
    st.integers(0, 90),
    st.integers(0, 30),
    st.sampled_from(Along),
    st.booleans(),
    st.booleans(),
)
def test_a_drawing_has_exactly_its_size(
    rows: list[list[tuple[int, float]]],
    width: int,
    height: int,
    along: Along,
    is_log: bool,
    has_zero: bool,
) -> None:
    lines = []
    for label, points in zip(LABELS, rows, strict=False):
        by_x = dict(sorted(points))
        curve = AlignedCurve(np.array([*by_x], dtype=np.float64), np.array([*by_x.values()]))
        lines.append(Line(label, curve))

    for glyphs in (UNICODE, ASCII):
        drawing = draw(
            lines, along, (width, height), glyphs, is_log=is_log and not has_zero, has_zero=has_zero
        )

        assert len(drawing.rows) == len(drawing.layers) == height
        assert {len(row) for row in drawing.rows} <= {width}


def test_each_curve_bears_its_letter() -> None:
    x = np.array([1.0, 2.0, 3.0])
    lines = [Line(label, AlignedCurve(x, np.full(3, 2.0))) for label in "ABC"]

    drawing = draw(lines, Along.STEP, (40, 10), UNICODE)

    assert all(any(label in row for row in drawing.rows) for label in "ABC")
