"""Several processes train one run: started by torchrun, as users start them."""

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest
import torch

from tests.runs_of_trainer import run_trainer, wait_until, write_config
from tokmon.rundir.layout import RunDir
from tokmon.rundir.records import Event, RunInfo, decode
from trainer.checkpoint import load

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="torchrun needs libuv there"),
]

SIX_DIGITS = 2e-6
"""What two log lines that were rounded may differ by; checkpoints hold all digits."""


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory, source_folder: Path) -> Path:
    return write_config(tmp_path_factory.mktemp("config"), source_folder, batch_size=4)


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory, config: Path) -> RunDir:
    """The run that one process trains."""
    logs = tmp_path_factory.mktemp("alone")
    assert run_trainer(config, logs).returncode == 0
    return RunDir.of_experiment(logs, "tiny")


@pytest.fixture(scope="module")
def together(tmp_path_factory: pytest.TempPathFactory, config: Path) -> RunDir:
    """The same run, trained by two."""
    logs = tmp_path_factory.mktemp("together")
    code, said = finish(torchrun(config, logs))
    assert code == 0, said
    return RunDir.of_experiment(logs, "tiny")


def torchrun(config: Path, logs: Path, *more: str, ranks: int = 2) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "torch.distributed.run", f"--nproc-per-node={ranks}"]
    command += ["-m", "trainer", "--", str(config), "--logs", str(logs), *more]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def finish(process: subprocess.Popen[str]) -> tuple[int, str]:
    said, _ = process.communicate(timeout=120)
    return process.returncode, said


def rank(process: subprocess.Popen[str], number: int) -> psutil.Process:
    """Return the trainer of that rank."""
    children = psutil.Process(process.pid).children()
    return next(child for child in children if child.environ().get("RANK") == str(number))


def losses(run: RunDir) -> list[float]:
    lines = [json.loads(line) for line in run.log.read_bytes().splitlines()]
    return [line[key] for line in lines for key in ("train_loss", "val_loss") if key in line]


def numbers_of(path: Path) -> dict[str, Any]:
    content = load(path).content
    return {name: content[name] for name in ("train_loss", "val_loss", "best_val_loss", "step")}


def lines_of(run: RunDir) -> int:
    return run.log.read_bytes().count(b"\n") if run.log.exists() else 0


def test_two_processes_train_what_one_trains(alone: RunDir, together: RunDir) -> None:
    assert losses(together) == pytest.approx(losses(alone), rel=SIX_DIGITS)
    assert numbers_of(together.final) == pytest.approx(numbers_of(alone.final), rel=1e-6)
    ours, theirs = (load(run.final).content["model"] for run in (together, alone))
    assert all(torch.allclose(ours[name], theirs[name], rtol=1e-3, atol=1e-5) for name in theirs)


def test_only_rank_0_writes_and_says(together: RunDir) -> None:
    events = [decode(line, Event).event for line in together.events.read_bytes().splitlines()]

    assert lines_of(together) == 20
    assert (events.count("start"), events.count("finish")) == (1, 1)
    assert together.output_log.read_text(encoding="utf-8").count("step 40/40") == 1
    assert decode(together.run_info.read_bytes(), RunInfo).device["ranks"] == 2


@pytest.mark.parametrize(("first", "second"), [(1, 2), (2, 1)])
def test_a_run_goes_on_with_another_number_of_ranks(
    alone: RunDir, tmp_path: Path, config: Path, first: int, second: int
) -> None:
    run = RunDir.of_experiment(tmp_path, "tiny")
    process = torchrun(config, tmp_path, ranks=first)
    wait_until(lambda: lines_of(run) >= 12, process)
    rank(process, 0).send_signal(signal.SIGTERM)
    finish(process)
    stopped = decode(run.run_info.read_bytes(), RunInfo)
    assert (stopped.phase, stopped.device["ranks"]) == ("stopped", first)

    code, said = finish(torchrun(config, tmp_path, ranks=second))

    assert code == 0, said
    assert "resume: " in said
    assert losses(run) == pytest.approx(losses(alone), rel=SIX_DIGITS)


def test_a_killed_rank_ends_all_with_a_clear_line_and_the_run_goes_on(
    alone: RunDir, tmp_path: Path, config: Path
) -> None:
    run = RunDir.of_experiment(tmp_path, "tiny")
    process = torchrun(config, tmp_path)
    wait_until(lambda: lines_of(run) >= 6, process)
    rank(process, 1).kill()
    code, _ = finish(process)

    info = decode(run.run_info.read_bytes(), RunInfo)
    assert code != 0
    assert info.phase == "crashed"
    assert info.error is not None
    assert info.error.startswith("rank 0 of 2: another process of this run is gone; start the same")

    code, said = finish(torchrun(config, tmp_path))

    assert code == 0, said
    assert losses(run) == pytest.approx(losses(alone), rel=SIX_DIGITS)


def test_a_signal_to_any_rank_stops_all_and_saves(tmp_path: Path, config: Path) -> None:
    run = RunDir.of_experiment(tmp_path, "tiny")
    process = torchrun(config, tmp_path, "--set", "schedule.steps=100000")
    wait_until(lambda: lines_of(run) >= 2, process)
    rank(process, 1).send_signal(signal.SIGTERM)
    finish(process)

    events = [decode(line, Event) for line in run.events.read_bytes().splitlines()]
    assert [event.event for event in events[-3:]] == ["signal", "checkpoint", "stop"]
    assert run.step_checkpoint(events[-1].step or 0).exists()


def test_a_batch_that_cannot_be_shared_out_is_refused(tmp_path: Path, config: Path) -> None:
    code, said = finish(torchrun(config, tmp_path / "logs", "--set", "data.batch_size=5"))

    assert code != 0
    assert "data.batch_size 5 is not a multiple of the 2 ranks; set data.batch_size to 6" in said
    assert not (tmp_path / "logs").exists()
