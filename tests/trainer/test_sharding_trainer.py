"""The trainer itself, on the shipped config at reduced width, shared out over two processes."""

import sys
from pathlib import Path

import pytest
import torch

from tests.runs_of_trainer import run_trainer
from tests.trainer.test_distributed import SIX_DIGITS, finish, losses, numbers_of, torchrun
from tests.trainer.test_sharding_worker import CONFIG, SMALL
from tokmon.rundir.layout import RunDir
from trainer.checkpoint import load

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="torchrun needs libuv there"),
]
SHORT = ("schedule.steps=4", "log.every=1", "eval.every=2", "eval.windows=5", "checkpoint.every=2")


@pytest.fixture(scope="module")
def settings(source_folder: Path) -> list[str]:
    """What makes the config small enough for a test, as command line options."""
    pairs = (*SMALL, *SHORT, f"data.corpus={source_folder.as_posix()}")
    return [word for pair in pairs for word in ("--set", pair)]


def alone(logs: Path, settings: list[str]) -> RunDir:
    done = run_trainer(CONFIG, logs, *settings)
    assert done.returncode == 0, done.stderr
    return RunDir.of_experiment(logs, "v1_1b")


def sharded(logs: Path, settings: list[str]) -> RunDir:
    code, said = finish(torchrun(CONFIG, logs, *settings, "--set", "device.parallel=fsdp"))
    assert code == 0, said
    return RunDir.of_experiment(logs, "v1_1b")


def forget_the_end(run: RunDir) -> None:
    """Leave the checkpoint of step 2 as the newest."""
    run.final.unlink()
    run.sidecar(run.final).unlink()


def test_processes_that_share_train_what_one_trains(tmp_path: Path, settings: list[str]) -> None:
    one, two = alone(tmp_path / "1", settings), sharded(tmp_path / "2", settings)

    assert losses(two) == pytest.approx(losses(one), rel=SIX_DIGITS)
    assert numbers_of(two.final) == pytest.approx(numbers_of(one.final), rel=1e-6)
    ours, theirs = (load(run.best).content["model"] for run in (two, one))
    assert all(torch.allclose(ours[name], theirs[name], rtol=1e-4, atol=1e-6) for name in theirs)

    # Each goes on from the other's checkpoint.
    forget_the_end(one)
    forget_the_end(two)
    expected = losses(one)
    assert losses(sharded(tmp_path / "1", settings)) == pytest.approx(expected, rel=SIX_DIGITS)
    assert losses(alone(tmp_path / "2", settings)) == pytest.approx(expected, rel=SIX_DIGITS)
