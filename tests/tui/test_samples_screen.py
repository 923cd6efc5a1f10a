"""The texts that the trainer sampled: a round at a time, counted in words."""

from pathlib import Path

import pytest

from tests.runs.builder import RunBuilder
from tests.tui.screens import SIZES, check_golden, screen_text, showing, state_of, until
from tokmon.rundir.jsonl import append_line
from tokmon.rundir.records import Sample, encode


@pytest.fixture
def sampled(builder: RunBuilder) -> RunBuilder:
    """Two rounds of two texts."""
    for step in (18_000, 18_500):
        for number, text in enumerate(("    return [v * 2 for v in values]\n", ":):):):):):):)")):
            sample = Sample(
                prompt="def double(values):\n" if number == 0 else "def add(",
                text=text,
                step=step,
                tokens=12,
                seed=number,
                seq_rep_4=float(number),
                collapsed=number == 1,
                has_keyword=number == 0,
                validity="valid" if number == 0 else "invalid",
                prompt_id=f"function-{number}",
            )
            append_line(builder.run.samples, encode(sample))
    return builder


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_the_golden_screen(sampled: RunBuilder, size: tuple[int, int]) -> None:
    async with showing(state_of(sampled.run, sampled.now), size) as pilot:
        await pilot.press("s")
        await until(pilot, lambda: "Samples of step 18,500" in screen_text(pilot))
        check_golden(f"samples_{size[0]}x{size[1]}", screen_text(pilot))


async def test_rounds_are_counted_and_turned(sampled: RunBuilder) -> None:
    async with showing(state_of(sampled.run, sampled.now)) as pilot:
        await pilot.press("s")
        newest = screen_text(pilot)
        await pilot.press("left", "left")
        older = screen_text(pilot)
        await pilot.press("escape")

        assert "Samples of step" not in screen_text(pilot)
    for words in ("2 texts", "1 of 2 collapsed", "1 of 2 with a keyword", "1 of 2 valid Python"):
        assert words in newest
    assert "round 2 of 2" in newest
    assert "Samples of step 18,000" in older


async def test_a_run_without_samples_says_so(tmp_path: Path) -> None:
    builder = RunBuilder(logs=tmp_path)
    builder.heartbeat("starting")
    async with showing(state_of(builder.run, builder.now)) as pilot:
        await pilot.press("s")

        assert "no text was sampled yet" in screen_text(pilot)
