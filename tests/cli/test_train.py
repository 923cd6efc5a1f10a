"""`tokmon train` from the outside."""

import time
from pathlib import Path

import psutil
import pytest

from tests.cli.commands import is_one_line, tokmon
from tests.runs_of_trainer import write_config
from tokmon.rundir.layout import RunDir
from tokmon.rundir.records import RunInfo, Summary, decode


def wait_for_end(run: RunDir) -> Summary:
    deadline = time.monotonic() + 60
    while not run.summary.exists():
        assert time.monotonic() < deadline, run.output_log.read_text()
        time.sleep(0.05)
    return decode(run.summary.read_bytes(), Summary)


def test_foreground_training_says_where_it_is_and_ends_with_0(
    tmp_path: Path, source_folder: Path
) -> None:
    config = write_config(tmp_path, source_folder, steps=10)

    answer = tokmon("train", str(config), "--logs", str(tmp_path), "--set", "log.every=5")

    assert answer.returncode == 0, answer.stderr
    assert answer.stdout == ""
    assert "step  5/10  loss" in answer.stderr
    assert "finished at step 10 of 10" in answer.stderr
    output = RunDir.of_experiment(tmp_path, "tiny").output_log.read_text(encoding="utf-8")
    assert "finished at step 10 of 10" in output


def test_logs_folder_may_come_from_the_environment(tmp_path: Path, source_folder: Path) -> None:
    config = write_config(tmp_path, source_folder, steps=10)

    answer = tokmon("train", str(config), TOKMON_LOGS=str(tmp_path / "elsewhere"))

    assert answer.returncode == 0, answer.stderr
    assert RunDir.of_experiment(tmp_path / "elsewhere", "tiny").final.exists()


def test_detached_training_outlives_the_command(tmp_path: Path, source_folder: Path) -> None:
    config = write_config(tmp_path, source_folder)
    run = RunDir.of_experiment(tmp_path, "tiny")
    (tmp_path / "trainer.py").write_text("raise SystemExit('the wrong trainer')")

    answer = tokmon("train", str(config), "--logs", str(tmp_path), "--detach", cwd=tmp_path)

    assert answer.returncode == 0, answer.stderr
    info = decode(run.run_info.read_bytes(), RunInfo)
    assert f"process {info.pid}" in answer.stderr
    assert f"tokmon watch {run.path}" in answer.stderr
    assert wait_for_end(run).state == "finished"


def test_a_name_in_use_is_refused_before_anything_is_touched(
    tmp_path: Path, source_folder: Path
) -> None:
    config = write_config(tmp_path, source_folder, steps=1_000_000)
    tokmon("train", str(config), "--logs", str(tmp_path), "--detach")
    info = decode(RunDir.of_experiment(tmp_path, "tiny").run_info.read_bytes(), RunInfo)

    answer = tokmon("train", str(config), "--logs", str(tmp_path), "--detach")
    psutil.Process(info.pid).kill()

    assert is_one_line(answer)
    assert f"process {info.pid}" in answer.stderr


@pytest.mark.parametrize("more", [[], ["--detach"], ["--watch"]])
def test_a_broken_config_is_one_line_whichever_way_it_is_started(
    tmp_path: Path, source_folder: Path, more: list[str]
) -> None:
    config = write_config(tmp_path, source_folder)

    answer = tokmon("train", str(config), "--logs", str(tmp_path), "--set", "optim.lrr=1", *more)

    assert is_one_line(answer)
    assert "--set optim.lrr: unknown key; did you mean lr?" in answer.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["tiny.toml"]


def test_a_missing_config_is_named(tmp_path: Path) -> None:
    answer = tokmon("train", str(tmp_path / "none.toml"))

    assert is_one_line(answer)
    assert "none.toml: no such config file" in answer.stderr


def test_a_detached_trainer_that_dies_at_once_is_told(tmp_path: Path, source_folder: Path) -> None:
    config = write_config(tmp_path, source_folder)

    answer = tokmon(
        "train", str(config), "--logs", str(tmp_path), "--detach", "--set", "device.device=cuda:9"
    )

    assert answer.returncode == 1
    assert "device 'cuda:9' is not available here" in answer.stderr
