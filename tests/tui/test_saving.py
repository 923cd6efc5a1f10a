"""The visible range is written where the user says, and that is said."""

from pathlib import Path

import pytest
from textual.screen import Screen

from tests.runs.builder import RunBuilder
from tests.tui.hosting import hosting, notices
from tests.tui.screens import screen_text, state_of, until
from tokmon.tui.saving import write_range


async def test_the_range_is_written_whole(
    builder: RunBuilder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    state = state_of(builder.run, builder.now)
    screen: Screen[None] = Screen()
    async with hosting(lambda _: screen) as pilot:
        write_range(screen, state, 500, 1_050, is_ascii=False)
        await until(pilot, lambda: "v1_token_bigdata_steps_500-1000.csv" in screen_text(pilot))
        await pilot.press("enter")
        await until(pilot, lambda: bool(notices(pilot)))

        assert notices(pilot)[0].startswith("6 lines written to ")
    lines = (tmp_path / "v1_token_bigdata_steps_500-1000.csv").read_text().splitlines()
    assert [line.partition(",")[0] for line in lines] == [
        *("step", "500", "600", "700", "800", "900", "1000")
    ]


async def test_an_empty_range_says_so(builder: RunBuilder) -> None:
    state = state_of(builder.run, builder.now)
    screen: Screen[None] = Screen()
    async with hosting(lambda _: screen) as pilot:
        write_range(screen, state, 19_001, 19_050, is_ascii=False)
        await pilot.pause()

        assert notices(pilot) == ["no log line in this range"]
