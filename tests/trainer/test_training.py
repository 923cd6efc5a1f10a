"""Real trainers as processes: what they write, how they end, how they go on."""

import json
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from tests.runs_of_trainer import (
    lines_without_times,
    run_trainer,
    trainer_command,
    wait_until,
    write_config,
)
from tokmon.rundir.layout import RunDir
from tokmon.rundir.records import Event, RunInfo, Step, Summary, decode
from trainer.checkpoint import load

PARTS = ("head", "trunk", "optimizer", "input", "eval", "save", "gap")
posix_only = pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory, source_folder: Path) -> RunDir:
    """A run of 40 steps that nothing interrupted."""
    folder = tmp_path_factory.mktemp("finished")
    answer = run_trainer(write_config(folder, source_folder), folder / "logs")
    assert answer.returncode == 0, answer.stderr
    return RunDir.of_experiment(folder / "logs", "tiny")


def steps_of(run: RunDir) -> list[Step]:
    return [decode(line, Step) for line in run.log.read_bytes().splitlines()]


def events_of(run: RunDir) -> list[str]:
    return [decode(line, Event).event for line in run.events.read_bytes().splitlines()]


def info_of(run: RunDir) -> RunInfo:
    return decode(run.run_info.read_bytes(), RunInfo)


def weights_of(path: Path) -> dict[str, torch.Tensor]:
    weights: dict[str, torch.Tensor] = load(path).content["model"]
    return weights


def count_lines(path: Path) -> int:
    return path.read_bytes().count(b"\n") if path.exists() else 0


def start(config: Path, logs: Path, *more: str) -> subprocess.Popen[str]:
    command = trainer_command(config, logs, *more)
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_a_finished_run_has_every_file_of_the_design(finished: RunDir) -> None:
    names = {path.name for path in finished.path.iterdir()}

    assert names == {
        "tiny_log.jsonl",
        "tiny_events.jsonl",
        "tiny_run.json",
        "tiny_summary.json",
        "tiny_best.pt",
        "tiny_best.json",
        "tiny_step20.pt",
        "tiny_step20.json",
        "tiny_step30.pt",
        "tiny_step30.json",
        "tiny_final.pt",
        "tiny_final.json",
    } | ({"tiny_system.jsonl"} & names)
    assert "finished at step 40 of 40" in finished.output_log.read_text(encoding="utf-8")


def test_lines_times_interval_is_the_step_and_keys_are_in_order(finished: RunDir) -> None:
    lines = steps_of(finished)
    first = json.loads(finished.log.read_bytes().splitlines()[0])

    assert [line.step for line in lines] == list(range(2, 41, 2))
    assert [line.step for line in lines if isinstance(line.val_loss, float)] == [10, 20, 30, 40]
    assert list(first)[:5] == ["step", "train_loss", "train_ppl", "lr", "steps_per_sec"]
    assert first["lr"] == pytest.approx(1e-2 * 2 / 4)
    assert first["tokens"] == 64


def test_each_line_says_where_the_time_since_the_one_before_went(finished: RunDir) -> None:
    lines = [json.loads(line) for line in finished.log.read_bytes().splitlines()]

    for line in lines:
        shares = {key: line[key] for key in line if key.endswith("_share")}
        assert list(shares) == [f"{part}_share" for part in PARTS]
        assert sum(shares.values()) == pytest.approx(1, abs=1e-3)
        assert shares["head_share"] > shares["input_share"]
        assert (shares["eval_share"] > 0) == ("val_loss" in line)
    # So small a step is not held against what the machine does at best.
    assert "mfu" not in lines[0]


def test_run_json_says_who_what_and_where(finished: RunDir) -> None:
    info = info_of(finished)

    assert (info.phase, info.step, info.max_steps) == ("finished", 40, 40)
    assert info.parameters == 2 * 50257 * 8 + 4 * 8 * 8 + 3 * 8 * 8 + 3 * 8
    assert info.config["optim"]["lr"] == 1e-2
    assert info.corpus["fingerprint"]
    assert info.tokenizer["name"] == "gpt2"
    assert "torch" in info.packages
    assert info.device["type"] == "cpu"


def test_best_is_the_lowest_validation_and_the_summary_says_so(finished: RunDir) -> None:
    lines = [line for line in steps_of(finished) if isinstance(line.val_loss, float)]
    lowest = min(lines, key=lambda line: line.val_loss or 0)
    summary = decode(finished.summary.read_bytes(), Summary)

    assert summary.best_step == lowest.step == load(finished.best).content["step"]
    assert summary.best_val_loss == pytest.approx(lowest.val_loss)
    assert summary.val_bpb is not None
    assert 0 < summary.val_bpb < 20


def test_events_tell_the_story(finished: RunDir) -> None:
    events = events_of(finished)

    assert events[0] == "start"
    assert events[-1] == "finish"
    assert {"gate", "warmup_end", "best", "checkpoint"} <= set(events)


def test_the_same_seed_gives_the_same_log(
    finished: RunDir, tmp_path: Path, source_folder: Path
) -> None:
    run_trainer(write_config(tmp_path, source_folder), tmp_path)

    assert lines_without_times(RunDir.of_experiment(tmp_path, "tiny")) == lines_without_times(
        finished
    )


@pytest.mark.slow
@posix_only
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_saves_and_the_run_goes_on_exactly(
    finished: RunDir, tmp_path: Path, source_folder: Path, number: signal.Signals
) -> None:
    config = write_config(tmp_path, source_folder)
    run = RunDir.of_experiment(tmp_path, "tiny")
    process = start(config, tmp_path)
    wait_until(lambda: count_lines(run.log) >= 3, process)
    process.send_signal(number)
    process.communicate(timeout=60)

    assert process.returncode == 128 + number
    assert info_of(run).phase == "stopped"
    assert decode(run.summary.read_bytes(), Summary).state == "stopped"

    answer = run_trainer(config, tmp_path)

    assert answer.returncode == 0, answer.stderr
    assert lines_without_times(run) == lines_without_times(finished)
    resumed, whole = weights_of(run.final), weights_of(finished.final)
    assert all(torch.equal(resumed[name], whole[name]) for name in whole)
    assert {"signal", "stop", "resume", "finish"} <= set(events_of(run))


@posix_only
def test_kill_9_loses_nothing_before_the_checkpoint_and_resumes_exactly(
    finished: RunDir, tmp_path: Path, source_folder: Path
) -> None:
    config = write_config(tmp_path, source_folder)
    run = RunDir.of_experiment(tmp_path, "tiny")
    process = start(config, tmp_path)
    wait_until(lambda: count_lines(run.log) >= 12, process)
    process.kill()
    process.communicate()

    answer = run_trainer(config, tmp_path)

    assert answer.returncode == 0, answer.stderr
    assert "resume" in answer.stderr
    assert lines_without_times(run) == lines_without_times(finished)
    resumed, whole = weights_of(run.final), weights_of(finished.final)
    assert all(torch.equal(resumed[name], whole[name]) for name in whole)


def test_a_finished_run_is_not_trained_again(finished: RunDir, source_folder: Path) -> None:
    before = finished.log.read_bytes()
    config = finished.path.parents[1] / "tiny.toml"

    answer = run_trainer(config, finished.path.parent)

    assert answer.returncode == 0
    assert "already finished" in answer.stderr
    assert finished.log.read_bytes() == before


def test_resume_with_another_config_is_refused_and_the_difference_shown(
    finished: RunDir, source_folder: Path
) -> None:
    config = finished.path.parents[1] / "tiny.toml"

    answer = run_trainer(config, finished.path.parent, "--set", "optim.lr=0.02")

    assert answer.returncode == 1
    assert "optim.lr was 0.01, is 0.02" in answer.stderr


@pytest.mark.slow
def test_resume_on_another_corpus_under_the_same_name_is_refused(
    tmp_path: Path, source_folder: Path
) -> None:
    sources = tmp_path / "sources"
    shutil.copytree(source_folder, sources)
    config = write_config(tmp_path, sources, steps=10)
    run_trainer(config, tmp_path)
    with (sources / "ast.py").open("a", encoding="utf-8") as file:
        file.write("# one more line\n")

    answer = run_trainer(config, tmp_path, "--resume", "auto")

    assert answer.returncode == 1
    assert "corpus was " in answer.stderr


def test_a_missing_checkpoint_is_one_line_and_leaves_no_run_behind(
    tmp_path: Path, source_folder: Path
) -> None:
    config = write_config(tmp_path, source_folder)

    answer = run_trainer(config, tmp_path, "--resume", str(tmp_path / "none.pt"))

    assert answer.returncode == 1
    assert answer.stderr.splitlines()[-1].startswith(f"Error: {tmp_path / 'none.pt'}: ")
    assert "Traceback" not in answer.stderr
    assert not RunDir.of_experiment(tmp_path, "tiny").path.exists()


@pytest.mark.slow
def test_the_rate_after_a_resume_inside_an_interval_counts_this_attempts_steps(
    tmp_path: Path, source_folder: Path
) -> None:
    config = write_config(tmp_path, source_folder, steps=60)
    keys = ("log.every=20", "eval.every=60", "checkpoint.every=9", "checkpoint.keep=9")
    overrides = [word for key in keys for word in ("--set", key)]
    run_trainer(config, tmp_path, *overrides)
    run = RunDir.of_experiment(tmp_path, "tiny")
    elapsed_before_s = load(run.step_checkpoint(36)).content["elapsed_s"]

    run_trainer(config, tmp_path, *overrides, "--resume", str(run.step_checkpoint(36)))

    line = next(step for step in steps_of(run) if step.step == 40)
    lap_s = (line.elapsed_s or 0) - elapsed_before_s
    assert line.steps_per_sec is not None
    # Four steps, not the twenty of the interval; what lies between two clock readings adds a bit.
    assert 3.9 / lap_s < line.steps_per_sec < 10 / lap_s


@pytest.mark.slow
def test_what_was_trimmed_goes_to_the_events(tmp_path: Path, source_folder: Path) -> None:
    config = write_config(tmp_path, source_folder)
    run_trainer(config, tmp_path)
    run = RunDir.of_experiment(tmp_path, "tiny")
    lines = run.log.read_text(encoding="utf-8").splitlines()

    run_trainer(config, tmp_path, "--resume", str(run.step_checkpoint(30)))

    events = [decode(line, Event) for line in run.events.read_bytes().splitlines()]
    resume = next(event for event in events if event.event == "resume")
    assert resume.extra["trimmed"] == lines[15:]


@pytest.mark.slow
def test_never_sets_the_earlier_run_aside(tmp_path: Path, source_folder: Path) -> None:
    config = write_config(tmp_path, source_folder, steps=10)
    run_trainer(config, tmp_path)
    before = RunDir.of_experiment(tmp_path, "tiny").log.read_bytes()

    answer = run_trainer(config, tmp_path, "--resume", "never")

    assert answer.returncode == 0
    aside = next(path for path in tmp_path.glob("train_tiny_2*") if path.is_dir())
    assert RunDir.open(aside).log.read_bytes() == before
    assert len(steps_of(RunDir.of_experiment(tmp_path, "tiny"))) == 5


@pytest.mark.slow
@posix_only
def test_a_name_taken_by_a_living_trainer_is_refused_with_its_pid(
    tmp_path: Path, source_folder: Path
) -> None:
    config = write_config(tmp_path, source_folder, steps=1_000_000)
    run = RunDir.of_experiment(tmp_path, "tiny")
    process = start(config, tmp_path)
    wait_until(lambda: count_lines(run.log) >= 1, process)

    answer = run_trainer(config, tmp_path)
    process.terminate()
    process.communicate()

    assert answer.returncode == 1
    assert f"process {process.pid}" in answer.stderr
    assert len(answer.stderr.splitlines()) == 1


@pytest.mark.slow
def test_damaged_checkpoints_are_passed_over_and_said(tmp_path: Path, source_folder: Path) -> None:
    config = write_config(tmp_path, source_folder)
    run_trainer(config, tmp_path)
    run = RunDir.of_experiment(tmp_path, "tiny")
    run.final.write_bytes(b"torn")

    answer = run_trainer(config, tmp_path)

    assert answer.returncode == 0
    assert "tiny_final.pt: damaged" in answer.stderr
    assert "from tiny_step30.pt at step 30" in answer.stderr


@pytest.mark.slow
def test_going_on_from_an_earlier_checkpoint_gives_up_the_later_ones(
    finished: RunDir, tmp_path: Path, source_folder: Path
) -> None:
    config = write_config(tmp_path, source_folder)
    run_trainer(config, tmp_path)
    run = RunDir.of_experiment(tmp_path, "tiny")

    answer = run_trainer(config, tmp_path, "--resume", str(run.step_checkpoint(20)))

    assert answer.returncode == 0, answer.stderr
    assert "from tiny_step20.pt at step 20, 10 log lines past it" in answer.stderr
    assert lines_without_times(run) == lines_without_times(finished)
    assert (run.superseded / "tiny_final.pt").exists()
    assert (run.superseded / "tiny_step30.json").exists()


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("data.corpus={empty}", "Python"),
        ("model.vocab=1000", "model.vocab 1000 is below"),
        ("device.device=cuda:7", "not available"),
        ("device.device=toaster", "unknown to PyTorch"),
        ("data.seq_len=1000000", "too small"),
    ],
)
def test_what_cannot_work_is_one_line_and_writes_nothing(
    tmp_path: Path, source_folder: Path, override: str, message: str
) -> None:
    config = write_config(tmp_path, source_folder)
    (tmp_path / "empty").mkdir()

    logs = tmp_path / "logs"
    answer = run_trainer(config, logs, "--set", override.format(empty=tmp_path / "empty"))

    assert answer.returncode == 1
    assert message in answer.stderr.splitlines()[-1]
    assert "Traceback" not in answer.stderr
    assert not logs.exists()
