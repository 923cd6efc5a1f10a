"""Asking the trainer from the screen: confirmed, answered, or told why not."""

import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from textual.pilot import Pilot

from tests.runs.builder import RunBuilder
from tests.runs_of_trainer import trainer_command, wait_until, write_config
from tests.tui.answering import Answering
from tests.tui.hosting import Host, hosting, notices
from tests.tui.screens import SIZES, check_golden, screen_text, until
from tokmon.rundir import control
from tokmon.rundir.layout import RunDir
from tokmon.tui.conversation import Conversation
from tokmon.tui.glyphs import ASCII, UNICODE, Glyphs
from tokmon.tui.screens.control import OFFERS, ControlScreen, Offer


@pytest.fixture
def alive(tmp_path: Path) -> RunBuilder:
    """A run whose trainer is this very process."""
    builder = RunBuilder(logs=tmp_path, is_this_process=True)
    builder.heartbeat()
    return builder


@asynccontextmanager
async def asking(
    run: RunDir,
    size: tuple[int, int] = (100, 24),
    glyphs: Glyphs = UNICODE,
    patience_s: float = 60.0,
) -> AsyncIterator[tuple[Pilot[None], Conversation]]:
    """Open the screen over an app that has no other."""
    made: list[Conversation] = []

    def opened(app: Host) -> ControlScreen:
        made.append(Conversation(app, run, glyphs, patience_s=patience_s))
        return made[0].screen()

    async with hosting(opened, size) as pilot:
        yield pilot, made[0]
        made[0].close()


def has(pilot: Pilot[None], words: str) -> Callable[[], bool]:
    """Return a condition: the words stand on the screen, wherever lines are broken."""

    def stand() -> bool:
        lines = (line.strip(" |\u2502") for line in screen_text(pilot).splitlines())
        return " ".join(words.split()) in " ".join(" ".join(lines).split())

    return stand


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_the_golden_screen(alive: RunBuilder, size: tuple[int, int]) -> None:
    async with asking(alive.run, size) as (pilot, _):
        await pilot.press("x")
        check_golden(f"control_{size[0]}x{size[1]}", screen_text(pilot))


async def test_the_golden_screen_without_unicode(alive: RunBuilder) -> None:
    async with asking(alive.run, (80, 24), ASCII) as (pilot, _):
        await pilot.press("c")
        screen = screen_text(pilot)

    assert screen.isascii()
    check_golden("control_ascii_80x24", screen)


def test_all_that_a_trainer_can_be_asked_is_offered() -> None:
    assert {offer.action for offer in OFFERS} == set(control.ACTIONS)
    assert len({offer.key for offer in OFFERS}) == len(OFFERS)


@pytest.mark.parametrize("offer", OFFERS, ids=lambda offer: offer.action)
async def test_each_request_is_confirmed_and_its_answer_shown(
    alive: RunBuilder, offer: Offer
) -> None:
    with Answering(alive.run, lambda action: ("done", f"did {action} at step 100")) as trainer:
        async with asking(alive.run) as (pilot, _):
            await pilot.press(offer.key)
            asked_at_once = list(trainer.read)
            assert "y" in screen_text(pilot)
            await pilot.press("y")
            await until(pilot, has(pilot, f"done did {offer.action} at step 100"))

    assert asked_at_once == []
    assert trainer.read == [offer.action]


async def test_the_same_letter_again_or_escape_asks_nothing(alive: RunBuilder) -> None:
    """A key that is held down repeats itself."""
    async with asking(alive.run) as (pilot, _):
        await pilot.press("x", "x", "x", "enter", "escape")
        assert isinstance(pilot.app.screen, ControlScreen)
        await pilot.press("y", "escape")
        await pilot.pause()
        assert not isinstance(pilot.app.screen, ControlScreen)

    assert not alive.run.control.exists()


async def test_enter_twice_asks_for_what_changes_nothing(alive: RunBuilder) -> None:
    with Answering(alive.run, lambda _: ("done", "saved")) as trainer:
        async with asking(alive.run) as (pilot, _):
            await pilot.press("j", "k", "enter", "enter")
            await until(pilot, has(pilot, "done saved"))
    assert trainer.read == ["checkpoint"]


async def test_a_refusal_is_shown_as_one(alive: RunBuilder) -> None:
    with Answering(alive.run, lambda _: ("refused", "it is [not] \x1b[2J paused")):
        async with asking(alive.run) as (pilot, _):
            await pilot.press("r", "y")
            await until(pilot, has(pilot, "refused it is [not] ^[[2J paused"))


async def test_an_answer_after_the_screen_was_closed_is_told(alive: RunBuilder) -> None:
    may_answer = threading.Event()

    def when_let(action: control.Action) -> tuple[str, str]:
        may_answer.wait(10)
        return "done", "validation loss 3.2"

    with Answering(alive.run, when_let):
        async with asking(alive.run) as (pilot, conversation):
            await pilot.press("e", "y", "escape")
            conversation.ask("evaluate")  # is waited for already
            may_answer.set()
            await until(pilot, lambda: "evaluate: validation loss 3.2" in notices(pilot))

    assert notices(pilot)[0] == "evaluate is asked for already"


async def test_no_answer_in_time_is_told_and_a_late_one_still_shown(alive: RunBuilder) -> None:
    late: list[bool] = []
    with Answering(alive.run, lambda _: ("done", "saved late") if late else None):
        async with asking(alive.run, patience_s=0.2) as (pilot, _):
            await pilot.press("c", "y")
            await until(pilot, has(pilot, "no answer within 0.2 s; the request stands"))
            request = control.read(alive.run)
            assert request is not None
            late.append(True)
            alive.event("control", "saved late", extra={"request": request.id, "outcome": "done"})
            await until(pilot, has(pilot, "done saved late"))


async def test_a_request_that_another_replaced_is_told(alive: RunBuilder) -> None:
    with Answering(alive.run, lambda action: ("done", "saved") if action == "stop" else None):
        async with asking(alive.run, size=(120, 30)) as (pilot, _):
            await pilot.press("p", "y", "x", "y")
            await until(pilot, has(pilot, "done saved"))
            await until(pilot, has(pilot, "a later request replaced this one"))


@pytest.mark.parametrize("phase", ["finished", "crashed", "stopped"])
async def test_where_no_trainer_runs_that_is_said_at_once(alive: RunBuilder, phase: str) -> None:
    alive.heartbeat(phase)
    async with asking(alive.run) as (pilot, _):
        assert has(pilot, f"nobody to ask: no trainer runs (its last phase is {phase})")()
        await pilot.press("x", "y", "enter", "enter", "y")

    assert not alive.run.control.exists()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "there is no run.json"),
        (b"{torn", "run.json cannot be read"),
        (b"\xff\x00", "run.json cannot be read"),
    ],
)
async def test_without_a_readable_run_json_nobody_is_asked(
    alive: RunBuilder, content: bytes | None, reason: str
) -> None:
    alive.run.run_info.unlink()
    if content is not None:
        alive.run.run_info.write_bytes(content)
    async with asking(alive.run) as (pilot, _):
        assert has(pilot, reason)()


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    """A process that does nothing until it is ended."""
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    yield process
    process.kill()
    process.communicate()


async def test_a_trainer_that_dies_while_it_is_asked_is_told(
    alive: RunBuilder, sleeper: subprocess.Popen[bytes]
) -> None:
    alive.heartbeat(pid=sleeper.pid, process_created=None)
    async with asking(alive.run) as (pilot, _):
        await pilot.press("p", "y")
        await until(pilot, alive.run.control.exists)
        sleeper.kill()
        await until(pilot, has(pilot, "failed no answer: no trainer runs"))


@pytest.mark.skipif(sys.platform == "win32", reason="folders have no write bit there")
async def test_a_run_directory_that_cannot_be_written_is_told(alive: RunBuilder) -> None:
    alive.run.control.mkdir()  # also where the tests run as root, who may write anything
    async with asking(alive.run) as (pilot, _):
        await pilot.press("c", "y")
        await until(pilot, has(pilot, "control.json cannot be written: Is a directory"))


async def test_the_monitor_closes_promptly_while_it_waits(alive: RunBuilder) -> None:
    async with asking(alive.run) as (pilot, _):
        await pilot.press("c", "y")
        await until(pilot, alive.run.control.exists)
    # The thread of the request has ended with the app: else this would hang for a minute.


@pytest.fixture
def real_run(tmp_path: Path, source_folder: Path) -> Iterator[RunDir]:
    """A run that a real trainer is at work on."""
    config = write_config(tmp_path, source_folder, steps=100_000)
    run = RunDir.of_experiment(tmp_path, "tiny")
    command = trainer_command(config, tmp_path, "--set", "sample.max_new_tokens=4")
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        wait_until(run.log.exists, process)
        yield run
        assert process.wait(timeout=60) == 0, "the last request was to stop"
    finally:
        process.kill()
        process.communicate()


@pytest.mark.slow
async def test_a_real_trainer_answers(real_run: RunDir) -> None:
    async with asking(real_run, size=(120, 40)) as (pilot, _):
        for key, answer in (
            ("c", "checkpoint done saved tiny_step"),
            ("e", "evaluate done validation loss"),
            ("p", "pause done paused after step"),
            ("r", "resume done training goes on"),
            ("s", "sample done"),
            ("x", "stop done"),
        ):
            await pilot.press(key, "y")
            await until(pilot, has(pilot, answer))
