"""Several texts side by side: of several seeds, and of several checkpoints."""

from pathlib import Path

import pytest

from tests.runs.builder import RunBuilder
from tests.tui.screens import screen_text, showing, state_of, until
from tests.tui.test_generation import AREA, generated, requests
from tokmon.rundir.layout import RunDir
from tokmon.tui.widgets.generated_column import GeneratedColumn


@pytest.fixture
def checkpointed(builder: RunBuilder) -> RunBuilder:
    """Three periodic checkpoints beside the best one."""
    for step in (5_000, 10_000, 15_000):
        path = builder.run.step_checkpoint(step)
        path.write_bytes(b"")
        builder.sidecar(path, 2.5 - step / 1e5)
    return builder


@pytest.mark.parametrize(("columns", "on_a_page"), [(160, 4), (50, 1)])
async def test_texts_stand_side_by_side_where_there_is_room(
    builder: RunBuilder, columns: int, on_a_page: int
) -> None:
    async with showing(state_of(builder.run, builder.now), (columns, 30)) as pilot:
        await pilot.press("g")
        pilot.app.screen.query_one("#generation #samples").value = "5"
        await generated(pilot, "enter")
        await until(pilot, lambda: "of 5" in screen_text(pilot))
        first = screen_text(pilot)
        await pilot.press("down", "down", *["tab"] * 4)
        await until(pilot, lambda: "seed 4" in screen_text(pilot))
        widths = {column.size.width for column in pilot.app.screen.query(GeneratedColumn)}

    assert [f"seed {seed}  " in first for seed in range(5)] == [True] * on_a_page + [False] * (
        5 - on_a_page
    )
    assert all(width >= 34 for width in widths)


async def test_each_text_has_its_own_verdict(builder: RunBuilder) -> None:
    async with showing(state_of(builder.run, builder.now), AREA) as pilot:
        await pilot.press("g")
        pilot.app.screen.query_one("#generation #samples").value = "3"
        await generated(pilot, "enter")
        screen = screen_text(pilot)

    (verdicts,) = (line for line in screen.splitlines() if "not collapsed" in line)
    for word in ("valid", "INVALID", "no statement"):
        assert word in verdicts


async def test_checkpoints_answer_side_by_side_each_named(checkpointed: RunBuilder) -> None:
    async with showing(state_of(checkpointed.run, checkpointed.now), AREA) as pilot:
        await pilot.press("g", "ctrl+o", "down", "space", "down", "down", "space", "enter")
        await generated(pilot, "enter", count=2)
        await until(pilot, lambda: screen_text(pilot).count("not collapsed") == 2)
        screen = screen_text(pilot)

    assert [Path(request.checkpoint).stem[-9:] for request in requests()] == [
        "step15000",
        "_step5000",
    ]
    for words in ("step 15,000", "step 5,000", "2 checkpoints"):
        assert words in screen


async def test_the_best_alone_is_what_is_loaded(checkpointed: RunBuilder) -> None:
    async with showing(state_of(checkpointed.run, checkpointed.now), AREA) as pilot:
        await pilot.press("g", "ctrl+o", "enter")
        await generated(pilot, "enter")

    assert requests()[0].checkpoint == ""


async def test_too_many_texts_are_refused(checkpointed: RunBuilder) -> None:
    async with showing(state_of(checkpointed.run, checkpointed.now), AREA) as pilot:
        await pilot.press("g")
        pilot.app.screen.query_one("#generation #samples").value = "16"
        await pilot.press("ctrl+o", "a", "enter", "enter")
        await until(pilot, lambda: "too many" in screen_text(pilot))

    assert requests() == []


async def test_a_run_without_checkpoints_says_so(tmp_path: Path) -> None:
    run = RunDir.of_experiment(tmp_path, "empty")
    builder = RunBuilder(logs=tmp_path, experiment="empty")
    builder.heartbeat("starting")
    async with showing(state_of(run, builder.now)) as pilot:
        await pilot.press("g", "ctrl+o")
        await until(pilot, lambda: "no checkpoint yet" in screen_text(pilot))
        await pilot.press("enter", "escape")
        await until(pilot, lambda: "no checkpoint yet" not in screen_text(pilot))
