"""run.json as rows: read, searched, copied; whatever is in it."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.runs.builder import RunBuilder
from tests.tui.hosting import hosting, notices
from tests.tui.screens import SIZES, check_golden, screen_text, state_of
from tokmon.monitor.state import RunState
from tokmon.tui.glyphs import ASCII, UNICODE
from tokmon.tui.screens.config import ConfigScreen

CONFIG = {
    "experiment": "v1_token_bigdata",
    "optim": {"lr": 3e-4, "min_lr": 1e-5, "betas": [0.9, 0.95], "weight_decay": 0.1},
    "schedule": {"steps": 50_000, "warmup": 2_000, "decay": "cosine"},
}


@pytest.fixture(autouse=True)
def state_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TOKMON_STATE", str(tmp_path / "state"))
    return tmp_path / "state"


@pytest.fixture
def configured(tmp_path: Path) -> RunState:
    builder = RunBuilder(logs=tmp_path)
    builder.heartbeat(
        config=CONFIG,
        corpus={"name": "python_100mb", "fingerprint": "9f3c21aa", "train_tokens": 43_134_261},
        git={"revision": "704b47d69cb2", "dirty": True},
        packages={"python": "3.11.7", "torch": "2.13.0"},
    )
    return state_of(builder.run, builder.now)


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_the_golden_screen(configured: RunState, size: tuple[int, int]) -> None:
    async with hosting(lambda _: ConfigScreen(configured, UNICODE), size) as pilot:
        check_golden(f"config_{size[0]}x{size[1]}", screen_text(pilot))


async def test_without_unicode_there_is_none(configured: RunState) -> None:
    async with hosting(lambda _: ConfigScreen(configured, ASCII), (50, 14)) as pilot:
        assert screen_text(pilot).isascii()


async def test_search_goes_from_row_to_row_and_round(configured: RunState) -> None:
    async with hosting(lambda _: ConfigScreen(configured, UNICODE)) as pilot:
        await pilot.press("slash", *"lr", "enter")
        rows = [pointed_at(screen_text(pilot))]
        for key in ("n", "n", "N"):
            await pilot.press(key)
            rows.append(pointed_at(screen_text(pilot)))
        await pilot.press("slash", *"nowhere", "enter")
        await pilot.pause()

        assert 'no "nowhere" here' in screen_text(pilot)
    assert rows == ["optim.lr", "optim.min_lr", "optim.lr", "optim.min_lr"]


async def test_a_row_a_section_and_everything_are_copied(
    configured: RunState, state_folder: Path
) -> None:
    copies = []
    async with hosting(lambda _: ConfigScreen(configured, UNICODE)) as pilot:
        for key in ("y", "j", "y", "Y"):
            await pilot.press(key)
            copies.append(pilot.app.clipboard)

        assert "a section to the clipboard" in notices(pilot)[0]
    section, _, row, everything = copies
    assert row == "config.experiment = v1_token_bigdata\n"
    assert "config.optim.lr = 0.0003\n" in section
    assert "git." not in section
    assert {"git.dirty = true", "packages.torch = 2.13.0"} <= set(everything.splitlines())
    assert (state_folder / "copied.txt").read_text(encoding="utf-8") == everything


async def test_hostile_keys_and_values_do_nothing(tmp_path: Path) -> None:
    builder = RunBuilder(logs=tmp_path)
    hostile = "[/x] [red]\x1b[2J\u202e"
    builder.heartbeat(config={hostile: hostile}, extra={hostile: [hostile]})
    state = state_of(builder.run, builder.now)
    async with hosting(lambda _: ConfigScreen(state, UNICODE), (120, 30)) as pilot:
        screen = screen_text(pilot)

    assert screen.count("[/x] [red]^[[2J\\u202e") >= 2
    assert not set(screen) & {"\x1b", "\u202e"}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "there is no v1_run.json"),
        (b"{torn", "cannot be read now"),
        (b"\xff\x00[]", "cannot be read now"),
        (b'{"experiment": "v1", "schema_version": 99}', "written with schema 99"),
    ],
)
async def test_what_is_wrong_with_run_json_is_said(
    tmp_path: Path, content: bytes | None, words: str
) -> None:
    builder = RunBuilder(logs=tmp_path, experiment="v1")
    if content is not None:
        builder.run.run_info.write_bytes(content)
    state = state_of(builder.run, builder.now)
    async with hosting(lambda _: ConfigScreen(state, UNICODE), (100, 24)) as pilot:
        await pilot.press("y", "Y", "j", "n", "slash", "z", "enter")
        screen = screen_text(pilot)

    assert words in screen or 'no "z" here' in screen
    fresh = ConfigScreen(replace(state), UNICODE)
    async with hosting(lambda _: fresh, (100, 24)) as pilot:
        assert words in screen_text(pilot)


def pointed_at(screen: str) -> str:
    """Return the key of the row with the cursor's sign."""
    row = next(line for line in screen.splitlines() if line.startswith("\u25b8"))
    return row.split()[1]
