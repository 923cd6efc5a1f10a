"""A trainer at work that takes long is never taken for a dead one."""

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.runs_of_trainer import trainer_command
from tests.trainer.made_sources import make_sources
from tokmon.rundir.layout import RunDir
from tokmon.rundir.records import moment
from trainer.runlog import read_info

pytestmark = pytest.mark.slow

_OLDEST_S = 5.0
_WATCHED_S = 5.2
_PATIENCE_S = 60.0
_RECIPE = """\
name = "mostly-held-out"
[split]
share = 0.9
[[source]]
kind = "folder"
path = "sources"
"""
# 13 million parameters: the checkpoint is one of 160 MB. On one core of a server the evaluation
# takes half a minute, so it is a long one everywhere; the test sees the beginning of it.
_CONFIG = """\
experiment = "slow"
[data]
corpus = "recipe.toml"
seq_len = 64
batch_size = 4
[model]
layers = 1
width = 128
[schedule]
steps = 9
[log]
every = 1
[eval]
every = 2
windows = 0
[checkpoint]
every = 1
[device]
device = "cpu"
threads = 1
"""


@pytest.fixture
def trainer(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    make_sources(tmp_path / "sources", files=150)
    (tmp_path / "recipe.toml").write_text(_RECIPE, encoding="utf-8")
    (tmp_path / "slow.toml").write_text(_CONFIG, encoding="utf-8")
    command = trainer_command(tmp_path / "slow.toml", tmp_path / "logs", "--quiet")
    with subprocess.Popen(command) as process:
        yield process
        process.kill()


def test_the_heartbeat_stays_fresh_through_a_long_save_and_evaluation(
    tmp_path: Path, trainer: subprocess.Popen[bytes]
) -> None:
    run = RunDir.of_experiment(tmp_path / "logs", "slow")

    ages_s, evaluating_s = watch(run, trainer)

    assert evaluating_s >= _WATCHED_S > _OLDEST_S
    assert run.sidecar(run.step_checkpoint(1)).exists()
    assert max(ages_s) < _OLDEST_S


def watch(run: RunDir, trainer: subprocess.Popen[bytes]) -> tuple[list[float], float]:
    """Return the heartbeat's age at each look, and how long an evaluation was seen to last."""
    ages_s, begin, evaluating_since = [], time.monotonic(), None
    while time.monotonic() - begin < _PATIENCE_S:
        assert trainer.poll() is None
        info, now = read_info(run), time.monotonic()
        if info is not None:
            ages_s.append(time.time() - (moment(info.heartbeat) or 0.0))
            is_evaluating = info.phase == "evaluating"
            evaluating_since = (evaluating_since or now) if is_evaluating else None
        if evaluating_since is not None and now - evaluating_since >= _WATCHED_S:
            return ages_s, now - evaluating_since
        time.sleep(0.02)
    return ages_s, 0.0
