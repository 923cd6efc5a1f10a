"""Asking a running trainer: by the control file, by `tokmon ctl`, by signals."""

import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.cli.commands import is_one_line, tokmon
from tests.runs_of_trainer import run_trainer, trainer_command, write_config
from tokmon.rundir.control import Request, ask
from tokmon.rundir.layout import RunDir
from tokmon.rundir.records import Event, RunInfo, Sample, Step, Summary, decode


class Starting:
    """A trainer that begins a run of 100,000 steps."""

    def __init__(self, folder: Path, corpus: Path) -> None:
        self.config = write_config(folder, corpus, steps=100_000)
        self.run = RunDir.of_experiment(folder, "tiny")
        self.run.path.mkdir(parents=True)
        ask(self.run, "stop")  # of an earlier trainer: must not stop this one
        self.process = subprocess.Popen(
            trainer_command(self.config, folder, "--set", "sample.max_new_tokens=4"),
            stderr=subprocess.PIPE,
            text=True,
        )

    def wait(self, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 60
        while not condition():
            assert self.process.poll() is None, self.process.communicate()
            assert time.monotonic() < deadline
            time.sleep(0.01)

    @property
    def info(self) -> RunInfo:
        return decode(self.run.run_info.read_bytes(), RunInfo)

    def phase_if_known(self) -> str:
        return self.info.phase if self.run.run_info.exists() else ""

    def events(self) -> list[Event]:
        lines = self.run.events.read_bytes().splitlines() if self.run.events.exists() else []
        return [decode(line, Event) for line in lines]

    def samples(self) -> list[Sample]:
        lines = self.run.samples.read_bytes().splitlines() if self.run.samples.exists() else []
        return [decode(line, Sample) for line in lines]

    def answer_to(self, request: Request) -> Event | None:
        answers = (event for event in self.events() if event.extra.get("request") == request.id)
        return next(answers, None)

    def ctl(self, action: str, *more: str) -> subprocess.CompletedProcess[str]:
        return tokmon("ctl", str(self.run.path), action, *more)

    def close(self) -> None:
        self.process.kill()
        self.process.communicate()


class Running(Starting):
    """A trainer at work."""

    def __init__(self, folder: Path, corpus: Path) -> None:
        super().__init__(folder, corpus)
        self.wait(lambda: self.run.log.exists())


@pytest.fixture
def running(tmp_path: Path, source_folder: Path) -> Iterator[Running]:
    started = Running(tmp_path, source_folder)
    yield started
    started.close()


@pytest.fixture
def starting(tmp_path: Path, source_folder: Path) -> Iterator[Starting]:
    started = Starting(tmp_path, source_folder)
    yield started
    started.close()


def test_a_paused_run_stands_still_until_it_is_resumed(running: Running) -> None:
    answer = running.ctl("pause")

    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.startswith("paused after step ")
    assert running.info.phase == "paused"
    before = running.run.log.read_bytes()
    saved = running.ctl("checkpoint")
    assert running.info.phase == "paused"
    assert running.run.log.read_bytes() == before
    assert saved.stdout.startswith("saved tiny_step")

    assert running.ctl("resume").stdout.startswith("training goes on")
    running.wait(lambda: running.run.log.read_bytes() != before)
    assert running.info.phase in {"training", "evaluating", "saving"}
    steps = [decode(line, Step) for line in running.run.log.read_bytes().splitlines()]
    after = steps[before.count(b"\n")]
    assert after.steps_per_sec is not None
    assert after.steps_per_sec > 1, "the pause counts as training time"


def test_evaluation_on_request_is_answered_with_its_result(running: Running) -> None:
    answer = running.ctl("evaluate")

    assert answer.stdout.startswith("validation loss ")


def test_stop_saves_and_ends(running: Running) -> None:
    answer = running.ctl("stop")
    running.process.wait(timeout=60)

    assert answer.stdout.startswith("stopping after step ")
    assert running.process.returncode == 0
    assert decode(running.run.summary.read_bytes(), Summary).state == "stopped"
    assert "signal" not in {event.event for event in running.events()}
    assert running.run.step_checkpoint(running.info.step or 0).exists()


def test_samples_come_on_request_though_there_is_no_time_for_a_round(running: Running) -> None:
    assert running.ctl("pause").returncode == 0
    before = len(running.samples())

    answer = running.ctl("sample")

    step = running.info.step
    assert re.match(rf"step {step}: 16 samples in [\d.]+ s \(asked for\): ", answer.stdout)
    drawn = running.samples()[before:]
    assert [(sample.step, sample.seed) for sample in drawn] == [(step, n) for n in range(16)]
    assert running.info.phase == "paused"
    told = [event for event in running.events() if event.event in {"samples", "control"}]
    assert [event.event for event in told[-2:]] == ["samples", "control"]
    assert running.ctl("resume").returncode == 0

    assert running.ctl("sample").stdout.startswith("step ")


def test_what_cannot_be_done_is_refused_with_its_reason(starting: Starting) -> None:
    # From here on the trainer takes requests, and it looks before its first step.
    starting.wait(lambda: starting.phase_if_known() == "starting")
    request = ask(starting.run, "sample")
    starting.wait(lambda: starting.answer_to(request) is not None)

    answer = starting.answer_to(request)
    assert answer is not None
    assert (answer.extra["outcome"], answer.step) == ("refused", 0)
    assert answer.message == "sample is not possible yet"


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_sigusr1_saves_and_training_goes_on(running: Running) -> None:
    before = {event.step for event in running.events() if event.event == "checkpoint"}
    running.process.send_signal(signal.SIGUSR1)

    def has_saved_off_schedule() -> bool:
        steps = {event.step for event in running.events() if event.event == "checkpoint"}
        return any(step and step % 10 for step in steps - before) or len(steps - before) > 3

    running.wait(has_saved_off_schedule)
    lines = running.run.log.read_bytes().count(b"\n")
    running.wait(lambda: running.run.log.read_bytes().count(b"\n") > lines)


def test_a_run_without_its_trainer_says_so_at_once(tmp_path: Path, source_folder: Path) -> None:
    run_trainer(write_config(tmp_path, source_folder, steps=10), tmp_path)

    answer = tokmon("ctl", str(RunDir.of_experiment(tmp_path, "tiny").path), "pause")

    assert is_one_line(answer)
    assert "no trainer runs (its last phase is finished)" in answer.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_no_answer_in_time_names_the_phase(running: Running) -> None:
    running.process.send_signal(signal.SIGSTOP)

    answer = running.ctl("pause", "--timeout", "0.3")
    running.process.send_signal(signal.SIGCONT)

    assert is_one_line(answer)
    assert "no answer to pause within 0.3 s (phase " in answer.stderr
