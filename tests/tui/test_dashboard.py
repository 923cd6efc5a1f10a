"""What stands on the screen, at every size, and what the keys do."""

import re
from pathlib import Path

import pytest

from tests.runs.builder import RunBuilder
from tests.tui.screens import SIZES, check_golden, post, screen_text, showing, state_of
from tokmon.report import figures
from tokmon.rundir.records import iso
from tokmon.tui import glyphs
from tokmon.tui.widgets.log_tail import LogTail
from tokmon.tui.widgets.loss_chart import LossChart

HOSTILE = "[/x] [red]\x1b[2J\x00\u202eevil"


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_the_golden_screen(builder: RunBuilder, size: tuple[int, int]) -> None:
    state = state_of(builder.run, builder.now + 1)
    async with showing(state, size) as pilot:
        check_golden(f"dashboard_{size[0]}x{size[1]}", screen_text(pilot))


async def test_the_golden_screen_without_unicode(builder: RunBuilder) -> None:
    state = state_of(builder.run, builder.now + 1)
    async with showing(state, glyphs=glyphs.ASCII) as pilot:
        screen = screen_text(pilot)

    assert screen.isascii()
    check_golden("dashboard_ascii_160x45", screen)


async def test_the_golden_screen_of_a_run_in_trouble(tmp_path: Path) -> None:
    builder = RunBuilder(logs=tmp_path, gpus=0).write(30)
    builder.event("not_finite", "loss is not finite, step skipped")
    builder.line(train_loss=None, grad_norm=None)
    builder.raw_log(b'{"step": 3200, "train_lo')
    builder.heartbeat(heartbeat=iso(builder.now), step_time=iso(builder.now - 300))
    async with showing(state_of(builder.run, builder.now + 3), (80, 24)) as pilot:
        check_golden("trouble_80x24", screen_text(pilot))


async def test_an_empty_run_says_so_in_every_pane(tmp_path: Path) -> None:
    builder = RunBuilder(logs=tmp_path)
    builder.heartbeat("starting")
    async with showing(state_of(builder.run, builder.now)) as pilot:
        screen = screen_text(pilot)

    for words in (
        "STARTING",
        "no loss logged yet",
        "no log line yet",
        "no speed logged yet",
        "no evaluation yet",
        "no GPU or host sample yet",
        "nothing logged yet",
    ):
        assert words in screen


async def test_no_number_is_cut_at_any_width(builder: RunBuilder) -> None:
    """Facts are shown whole or not at all."""
    state = state_of(builder.run, builder.now + 1)
    perplexities = state.frame.series("train_ppl").values.tolist()
    whole = {f"{step:,}" for step in state.frame.steps.tolist()}
    whole |= {figures.figure(value) for value in perplexities} | {"19,000/50,000"}
    async with showing(state, (200, 30)) as pilot:
        for columns in range(20, 200, 7):
            await pilot.resize_terminal(columns, 30)
            await pilot.pause()
            screen = screen_text(pilot).partition("Log")[0]

            assert all(len(line) <= columns for line in screen.splitlines())
            cut = set(re.findall(r"(?<![\d.,])\d{1,3},\d*(?:/[\d,]*)?", screen)) - whole
            assert not cut, screen
            assert "ETA" not in screen or re.search(r"ETA \d+ min \d\d s \(14:\d\d\)", screen)
            assert "old" not in screen or "data 1 s old" in screen


async def test_hostile_text_is_shown_and_does_nothing(tmp_path: Path) -> None:
    builder = RunBuilder(logs=tmp_path)
    builder.write(5)
    builder.event(HOSTILE, HOSTILE)
    builder.output(HOSTILE)
    builder.heartbeat("crashed", error=HOSTILE, device={"name": HOSTILE}, host=HOSTILE)
    builder.system(gpus=[], gpu_unavailable=HOSTILE)
    builder.raw_log(HOSTILE.encode())
    async with showing(state_of(builder.run, builder.now)) as pilot:
        screen = screen_text(pilot)
        await pilot.press("e")
        alerts = screen_text(pilot)

    for shown in (screen, alerts):
        assert "[/x] [red]^[[2J^@\\u202eevil" in shown
        assert not set(shown) & {"\x1b", "\x00", "\u202e"}


async def test_y_makes_the_loss_axis_logarithmic_and_linear_again(builder: RunBuilder) -> None:
    async with showing(state_of(builder.run, builder.now)) as pilot:
        linear = screen_text(pilot)
        await pilot.press("y")
        logarithmic = screen_text(pilot)
        await pilot.press("y")

        assert screen_text(pilot) == linear
    assert "Loss, log y" in logarithmic
    assert logarithmic != linear


async def test_help_lists_the_keys_and_goes_away(builder: RunBuilder) -> None:
    async with showing(state_of(builder.run, builder.now), (80, 24)) as pilot:
        before = screen_text(pilot)
        await pilot.press("question_mark")
        shown = screen_text(pilot)
        await pilot.press("escape")

        assert screen_text(pilot) == before
    for words in ("Leave; the training goes on", "Text from the best checkpoint", "shift+tab"):
        assert words in shown


async def test_q_leaves(builder: RunBuilder) -> None:
    async with showing(state_of(builder.run, builder.now)) as pilot:
        await pilot.press("q")

    assert pilot.app.return_code == 0


async def test_v_turns_over_the_panes_of_a_small_terminal(builder: RunBuilder) -> None:
    titles = []
    async with showing(state_of(builder.run, builder.now), (50, 14)) as pilot:
        for _ in range(5):
            titles.append(screen_text(pilot).splitlines()[2].strip("─").split()[0])
            await pilot.press("v")

    assert titles == ["Loss", "Metrics", "Throughput", "Log", "Loss"]


async def test_m_enlarges_the_chart_and_escape_brings_the_others_back(builder: RunBuilder) -> None:
    async with showing(state_of(builder.run, builder.now), (80, 24)) as pilot:
        await pilot.press("m")
        enlarged = pilot.app.screen.query_one(LossChart).size.height
        await pilot.press("escape")

        assert enlarged > 18
        assert "Metrics" in screen_text(pilot)


async def test_the_log_stays_where_the_reader_scrolled_and_follows_otherwise(
    builder: RunBuilder,
) -> None:
    async with showing(state_of(builder.run, builder.now)) as pilot:
        log = pilot.app.screen.query_one(LogTail)
        builder.output("the newest line")
        await post(pilot, state_of(builder.run, builder.now))
        followed = "the newest line" in screen_text(pilot)
        log.focus()
        await pilot.press("home")
        await pilot.pause()
        builder.output("an even newer line")
        await post(pilot, state_of(builder.run, builder.now))

        assert followed
        assert log.scroll_y == 0
        assert "an even newer line" not in screen_text(pilot)


async def test_an_idle_second_repaints_only_what_shows_ages(builder: RunBuilder) -> None:
    state = state_of(builder.run, builder.now + 1)
    async with showing(state) as pilot:
        before = screen_text(pilot).splitlines()
        await post(pilot, state_of(builder.run, builder.now + 2))
        after = screen_text(pilot).splitlines()

    changed = [new for old, new in zip(before, after, strict=True) if old != new]
    aging = ("data 2 s old", "ETA", "saved", "from the run's log, 2 s ago")
    assert all(any(words in line for words in aging) for line in changed)
