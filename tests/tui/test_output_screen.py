"""The whole output: as long, as broken and as lively as it may be."""

import os
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from tests.tui.hosting import hosting, notices
from tests.tui.screens import SIZES, check_golden, screen_text, until
from tokmon.rundir.atomic import write_atomic
from tokmon.rundir.layout import RunDir
from tokmon.tui.glyphs import ASCII, UNICODE, Glyphs
from tokmon.tui.screens.output import OutputScreen
from tokmon.tui.widgets.output_view import OutputView

CRASH = """\
Traceback (most recent call last):
  File "trainer/loop.py", line 88, in train
    loss = step(batch)
RuntimeError: CUDA error: an illegal memory access was encountered
"""
KINDS = ("best", "checkpoint", "spike")


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RunDir:
    monkeypatch.setenv("TOKMON_STATE", str(tmp_path / "state"))
    run = RunDir.of_experiment(tmp_path, "v1")
    run.path.mkdir()
    return run


@pytest.fixture
def written(run: RunDir) -> RunDir:
    """300 lines with three events and, in the midst, a traceback."""
    lines = [f"step {step}/300  loss {9 - step / 100:.3f}\n" for step in range(1, 301)]
    lines[50] += "best: validation loss 8.5\n"
    lines[120] += "spike: loss was far above the last 128 steps\n"
    lines[200] += CRASH
    lines[280] += "best: validation loss 6.2\n"
    run.output_log.write_text("".join(lines), encoding="utf-8", newline="\n")
    return run


def output(run: RunDir, glyphs: Glyphs = UNICODE, **options: Any) -> OutputScreen:
    return OutputScreen(run, KINDS, glyphs, **options)


def view(pilot: Pilot[None]) -> OutputView:
    return pilot.app.screen.query_one(OutputView)


async def at_line(pilot: Pilot[None], line: int) -> None:
    await until(pilot, lambda: f"line {line:,} of" in screen_text(pilot))


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_the_golden_screen(written: RunDir, size: tuple[int, int]) -> None:
    async with hosting(lambda _: output(written, at_traceback=True), size) as pilot:
        await at_line(pilot, 204)
        await pilot.pause()
        check_golden(f"output_{size[0]}x{size[1]}", screen_text(pilot))


async def test_the_golden_screen_without_unicode(written: RunDir) -> None:
    async with hosting(lambda _: output(written, ASCII, at_traceback=True)) as pilot:
        await at_line(pilot, 204)
        await pilot.pause()
        screen = screen_text(pilot)

    assert screen.isascii()
    check_golden("output_ascii_80x24", screen)


async def test_the_end_is_followed_until_one_goes_elsewhere(written: RunDir) -> None:
    async with hosting(lambda _: output(written)) as pilot:
        await until(pilot, lambda: "step 300/300" in screen_text(pilot))
        append(written, "the newest line\n")
        await until(pilot, lambda: "the newest line" in screen_text(pilot))
        await pilot.press("pageup")
        append(written, "an even newer line\n")
        await until(pilot, lambda: "of 309" in screen_text(pilot))
        stayed = "an even newer line" not in screen_text(pilot)
        await pilot.press("f")
        await until(pilot, lambda: "an even newer line" in screen_text(pilot))

    assert stayed


async def test_search_finds_next_and_before_and_goes_round(written: RunDir) -> None:
    async with hosting(lambda _: output(written)) as pilot:
        await at_line(pilot, 307)
        await pilot.press("g", "slash", *"BEST:", "enter")
        await until(pilot, lambda: 'no "BEST:" in this output' in screen_text(pilot))
        await pilot.press("slash", *"best:", "enter")
        await at_line(pilot, 52)
        await pilot.press("n")
        await at_line(pilot, 288)
        await pilot.press("n")
        await at_line(pilot, 52)
        went_round = "from the other end" in screen_text(pilot)
        await pilot.press("N")
        await at_line(pilot, 288)

    assert went_round


async def test_tracebacks_and_events_are_jumped_to(written: RunDir) -> None:
    async with hosting(lambda _: output(written)) as pilot:
        await at_line(pilot, 307)
        await pilot.press("T")
        await at_line(pilot, 204)
        for key, line in (("e", 288), ("e", 52), ("e", 123), ("e", 204), ("E", 123), ("t", 204)):
            await pilot.press(key)
            await at_line(pilot, line)


async def test_a_line_and_a_page_are_copied(written: RunDir, tmp_path: Path) -> None:
    async with hosting(lambda _: output(written)) as pilot:
        await at_line(pilot, 307)
        await pilot.press("g", "y")
        line, line_in_file = pilot.app.clipboard, copied(tmp_path)
        await pilot.press("Y")
        page, page_in_file = pilot.app.clipboard, copied(tmp_path)

    assert line == line_in_file == "step 1/300  loss 8.990\n"
    assert page == page_in_file
    assert page.splitlines()[-1] == f"step {page.count(chr(10))}/300" + page.splitlines()[-1][-12:]
    assert "a line to the clipboard and to" in notices(pilot)[0]


async def test_a_file_that_is_missing_comes_and_is_replaced(run: RunDir) -> None:
    async with hosting(lambda _: output(run, at_traceback=True)) as pilot:
        await until(pilot, lambda: "No such file" in screen_text(pilot))
        await pilot.press("t", "y", "Y", "n", "G", "g", "pageup")
        run.output_log.write_bytes(b"one\ntwo\n")
        await until(pilot, lambda: "two" in screen_text(pilot))
        write_atomic(run.output_log, b"another file\n")
        await until(pilot, lambda: "another file" in screen_text(pilot))
        was_told = "the file was replaced or cut" in screen_text(pilot)
        os.truncate(run.output_log, 3)
        await until(pilot, lambda: "line 1 of 1" in screen_text(pilot))
        assert "two" not in screen_text(pilot)

    assert was_told


async def test_an_empty_file_says_so(run: RunDir) -> None:
    run.output_log.touch()
    async with hosting(lambda _: output(run)) as pilot:
        await until(pilot, lambda: "Output  empty" in screen_text(pilot))


async def test_any_bytes_are_shown_and_do_nothing(run: RunDir) -> None:
    run.output_log.write_bytes(
        b"[/x] [red]\x1b[2J\x00\xff\r\nta\tb\xe2\x80\xae\n" + bytes(range(256))
    )
    async with hosting(lambda _: output(run), (120, 24)) as pilot:
        await until(pilot, lambda: "[/x] [red]^[[2J^@\\xff" in screen_text(pilot))
        screen = screen_text(pilot)
        await pilot.press("slash", *"[red]", "enter", "y")

    assert "ta  b\\u202e" in screen
    assert not set(screen) & {"\x1b", "\x00", "\u202e", "\t"}


async def test_one_line_of_a_hundred_megabytes_opens_at_once(run: RunDir) -> None:
    with run.output_log.open("wb") as file:
        file.write(b"before\n")
        file.seek(100 * 2**20)
        file.write(b"end\nafter\n")
    async with hosting(lambda _: output(run)) as pilot:
        await until(pilot, lambda: "after" in screen_text(pilot))
        await pilot.press("k", "right", "right")
        await at_line(pilot, 2)
        await pilot.press("end", "home", "slash", *"after", "enter")
        await at_line(pilot, 3)


async def test_a_run_without_a_traceback_says_so_and_stays_at_the_end(run: RunDir) -> None:
    run.output_log.write_bytes(b"all is well\n" * 50)
    async with hosting(lambda _: output(run, at_traceback=True)) as pilot:
        await until(pilot, lambda: "no traceback in this output" in screen_text(pilot))
        assert view(pilot).is_following


async def test_help_lists_the_keys(written: RunDir) -> None:
    async with hosting(lambda _: output(written), (80, 40)) as pilot:
        await pilot.press("question_mark")
        await until(pilot, lambda: "Stay at the end as it grows" in screen_text(pilot))
        for words in ("Find a text", "Traceback before", "The lines on screen"):
            assert words in screen_text(pilot)


def append(run: RunDir, text: str) -> None:
    with run.output_log.open("a", encoding="utf-8", newline="\n") as file:
        file.write(text)


def copied(folder: Path) -> str:
    return (folder / "state" / "copied.txt").read_text(encoding="utf-8")
