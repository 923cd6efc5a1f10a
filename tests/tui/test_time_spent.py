"""Where the time goes, on the screen: a bar, words, a title; nothing where no line tells it."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.monitor.timed_run import SHARES, TimedRun
from tests.runs.builder import RunBuilder
from tests.tui.screens import SIZES, check_golden, post, screen_text, showing, state_of
from tokmon.monitor.state import RunState
from tokmon.monitor.time_spent import SHARE_KEYS
from tokmon.tui import glyphs
from tokmon.tui.widgets.time_bar import time_bar, time_labels

NONSENSE = dict.fromkeys(SHARES, -71.5) | {"mfu": 63.12, "floor_share": None}


class Nonsense(RunBuilder):
    """A run that means something else by the keys."""

    def line(self, **fields: Any) -> Any:
        return super().line(**(NONSENSE | fields))


def state_at(builder: RunBuilder) -> RunState:
    return state_of(builder.run, builder.now + 1)


@pytest.fixture(scope="module")
def timed(tmp_path_factory: pytest.TempPathFactory) -> RunState:
    """The run of the other golden screens, with where its time went."""
    return state_at(TimedRun(logs=tmp_path_factory.mktemp("timed")).write(190))


@pytest.mark.parametrize("size", SIZES[:3], ids=lambda size: f"{size[0]}x{size[1]}")
async def test_the_golden_screen(timed: RunState, size: tuple[int, int]) -> None:
    async with showing(timed, size) as pilot:
        if size == SIZES[2]:
            check_golden("dashboard_50x14", screen_text(pilot))
            await pilot.press("v", "v")
        check_golden(f"time_{size[0]}x{size[1]}", screen_text(pilot))


async def test_the_golden_screen_without_unicode(timed: RunState) -> None:
    async with showing(timed, glyphs=glyphs.ASCII) as pilot:
        screen = screen_text(pilot)

    assert screen.isascii()
    check_golden("time_ascii_160x45", screen)


@pytest.mark.parametrize("size", SIZES[:3], ids=lambda size: f"{size[0]}x{size[1]}")
async def test_a_run_that_tells_nonsense_looks_like_one_that_tells_nothing(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    state = state_at(Nonsense(logs=tmp_path).write(190))
    async with showing(state, size) as pilot:
        check_golden(f"dashboard_{size[0]}x{size[1]}", screen_text(pilot))


async def test_the_screen_is_as_before_when_the_time_is_told_no_more(
    builder: RunBuilder, timed: RunState
) -> None:
    async with showing(state_at(builder), (80, 24)) as pilot:
        before = screen_text(pilot)
        await post(pilot, replace(timed, run=builder.run))
        during = screen_text(pilot)
        await post(pilot, state_at(builder))

        assert screen_text(pilot) == before
    assert "MFU 63%" in during


async def test_shares_are_shown_from_the_first_line_on(tmp_path: Path) -> None:
    builder = TimedRun(logs=tmp_path).write(1)
    async with showing(state_at(builder)) as pilot:
        assert "head 71%" in screen_text(pilot)


async def test_utilisation_alone_takes_no_line(builder: RunBuilder) -> None:
    builder.line(mfu=0.042)
    async with showing(state_at(builder), (80, 24)) as pilot:
        lines = screen_text(pilot).splitlines()

    assert [line.partition(" \u2500")[2] for line in lines if "Throughput" in line] == [
        "Throughput   MFU 4.2%" + 9 * "\u2500"
    ]
    assert not any(re.search("head|trunk", line) for line in lines)


async def test_a_run_without_a_speed_shows_its_shares(tmp_path: Path) -> None:
    builder = RunBuilder(logs=tmp_path)
    builder.line(steps_per_sec=None, head_share=0.25)
    async with showing(state_at(builder)) as pilot:
        screen = screen_text(pilot)

    assert "no speed logged yet" in screen
    assert "head 25%" in screen


async def test_every_share_is_shown_whole_or_not_at_all(timed: RunState) -> None:
    whole = {"MFU 63%", "71% of floor", "head 67%", "trunk 19%", "optim 4%", "input 1%", "eval 6%"}
    async with showing(timed, (200, 30)) as pilot:
        for columns in range(20, 200, 7):
            await pilot.resize_terminal(columns, 30)
            await pilot.pause()
            screen = screen_text(pilot)

            assert all(len(line) <= columns for line in screen.splitlines())
            found = re.findall(r"(?:MFU|head|trunk|optim|input|eval) *[^\s─]*|\S+ of fl\w*", screen)
            assert set(found) <= whole, screen


shares = st.lists(st.floats(0, 1), min_size=7, max_size=7).map(
    lambda parts: {
        key: part / max(1.0, sum(parts))
        for key, part in zip(SHARE_KEYS, parts, strict=True)
        if part > 0.001
    }
)


@given(shares, st.integers(0, 80), st.sampled_from((glyphs.UNICODE, glyphs.ASCII)), st.booleans())
def test_bar_and_words_stay_in_their_room(
    told: dict[str, float], width: int, signs: glyphs.Glyphs, is_legend: bool
) -> None:
    bar = time_bar(told, width, signs)
    words = time_labels(told, width, signs, is_legend=is_legend)

    assert bar.cell_length == pytest.approx(sum(told.values()) * width, abs=0.51)
    assert bar.cell_length <= width
    assert words.cell_length <= width
    for key, share in told.items():
        sign = signs.activities[SHARE_KEYS.index(key)]
        assert bar.plain.count(sign) == pytest.approx(share * width, abs=1.01)


def test_the_signs_are_all_different() -> None:
    for signs in (glyphs.UNICODE, glyphs.ASCII):
        assert len(set(signs.activities)) == len(SHARE_KEYS)
