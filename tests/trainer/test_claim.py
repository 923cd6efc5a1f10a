"""One writer a run, however the second one comes."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.runs_of_trainer import run_trainer, trainer_command, write_config
from tokmon.rundir.errors import TokmonError
from tokmon.rundir.layout import RunDir
from tokmon.rundir.records import RunInfo, encode, iso
from trainer.claim import claimed, refuse_taken


def write_info(run: RunDir, **fields: object) -> None:
    run.path.mkdir(parents=True, exist_ok=True)
    run.run_info.write_bytes(encode(RunInfo(experiment="x", **fields)))  # type: ignore[arg-type]


@pytest.mark.slow
def test_of_trainers_that_start_together_one_trains(tmp_path: Path, source_folder: Path) -> None:
    config = write_config(tmp_path, source_folder)
    run_trainer(config, tmp_path / "warm", "--set", "schedule.steps=10")  # builds the corpus

    trainers = [
        subprocess.Popen(trainer_command(config, tmp_path), stderr=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    said = [trainer.communicate(timeout=120)[1] for trainer in trainers]
    run = RunDir.of_experiment(tmp_path, "tiny")
    steps = run.log.read_bytes().count(b"\n")

    assert sum("start: " in text for text in said) == 1
    assert steps == 20
    for text in said:
        assert "start: " in text or "writes this run already" in text or "already finished" in text


def test_a_lock_is_gone_with_a_killed_holder(tmp_path: Path) -> None:
    run = RunDir.of_experiment(tmp_path, "x")
    program = (
        "from pathlib import Path\nfrom tokmon.rundir.layout import RunDir\n"
        "from trainer.claim import claimed\n"
        f"with claimed(RunDir.of_experiment(Path({str(tmp_path)!r}), 'x')):\n"
        "    print('held', flush=True); input()"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == b"held\n"
    with pytest.raises(TokmonError, match="just starting"), claimed(run):
        pass
    holder.kill()
    holder.communicate()

    with claimed(run):
        pass


def test_a_trainer_that_beats_on_another_host_is_respected(tmp_path: Path) -> None:
    run = RunDir.of_experiment(tmp_path, "x")
    write_info(run, phase="training", host="elsewhere", pid=7, heartbeat=iso(time.time() - 5))

    with pytest.raises(TokmonError, match="process 7 on elsewhere"):
        refuse_taken(run)


@pytest.mark.parametrize(("phase", "age_s"), [("training", 600), ("finished", 1)])
def test_one_that_fell_silent_or_ended_there_is_not(
    tmp_path: Path, phase: str, age_s: float
) -> None:
    run = RunDir.of_experiment(tmp_path, "x")
    write_info(run, phase=phase, host="elsewhere", pid=7, heartbeat=iso(time.time() - age_s))

    refuse_taken(run)
