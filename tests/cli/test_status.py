"""`tokmon status`: its keys, its exit codes, its errors."""

import json
import time
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tests.monitor.timed_run import SHARES, TimedRun
from tests.runs.builder import RunBuilder
from tokmon.cli.status import status
from tokmon.rundir.errors import TokmonError
from tokmon.rundir.records import iso

KEYS = [
    "experiment", "state", "step", "max_steps", "train_loss", "train_ppl", "val_loss",
    "best_val_loss", "best_step", "lr", "steps_per_sec", "tokens_per_sec", "eta_s", "started",
    "updated", "gpus", "alerts", "bad_lines", "time_spent", "mfu", "floor_share",
]  # fmt: skip


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(status, [str(argument) for argument in arguments])


def test_json_has_exactly_the_stable_keys(tmp_path: Path) -> None:
    builder = RunBuilder(logs=tmp_path).write(12)

    found = json.loads(run(builder.run.path, "--json").stdout)

    assert list(found) == KEYS
    assert (found["experiment"], found["step"], found["max_steps"]) == (
        "v1_token_bigdata", 1200, 50_000,
    )  # fmt: skip
    assert found["best_step"] == 1000
    assert found["started"] == iso(builder.started)
    assert found["gpus"][0]["name"] == "NVIDIA GeForce RTX 5090"
    assert found["bad_lines"] == 0
    assert found["time_spent"] == dict.fromkeys(SHARES)
    assert (found["mfu"], found["floor_share"]) == (None, None)


def test_a_run_that_tells_where_its_time_goes_has_a_line_for_it(tmp_path: Path) -> None:
    builder = TimedRun(logs=tmp_path).write(12)

    text = run(builder.run.path).stdout.splitlines()
    found = json.loads(run(builder.run.path, "--json").stdout)

    assert (
        "time        head 67%, trunk 19%, optimizer 4%, input 1%, evaluation 6%, saving 0%, "
        "gap 2%; MFU 63%, 71% of floor"
    ) in text
    assert list(found["time_spent"]) == list(SHARES)
    assert sum(found["time_spent"].values()) == pytest.approx(1, abs=0.001)
    assert (found["mfu"], found["floor_share"]) == (0.6312, 0.7093)


@pytest.mark.parametrize(
    ("fields", "line"),
    [
        ({"mfu": 0.0421}, "time        MFU 4.2%"),
        ({"floor_share": 1.0}, "time        100% of floor"),
        ({"head_share": 0.5, "gap_share": 0.25}, "time        head 50%, gap 25%"),
        ({"mfu": 42.0, "head_share": -1.0, "gap_share": None}, None),
    ],
)
def test_what_is_told_of_the_time_stands_alone(
    tmp_path: Path, fields: dict[str, float | None], line: str | None
) -> None:
    builder = RunBuilder(logs=tmp_path)
    builder.line(**fields)

    lines = run(builder.run.path).stdout.splitlines()

    assert [text for text in lines if text.startswith("time ")] == ([line] if line else [])


def test_json_of_an_empty_run_has_the_keys_too(tmp_path: Path) -> None:
    builder = RunBuilder(logs=tmp_path)
    builder.raw_log(b"torn")

    result = run(builder.run.path, "--json")

    found = json.loads(result.stdout)
    assert list(found) == KEYS
    assert (found["state"], found["step"], found["gpus"]) == ("STARTING", None, [])
    assert (found["bad_lines"], found["alerts"]) == (1, ["warning: 1 unreadable line"])
    assert result.exit_code == 0


@pytest.mark.parametrize(
    ("phase", "is_alive", "age_s", "state", "code"),
    [
        ("starting", True, 1, "STARTING", 0),
        ("training", True, 1, "RUNNING", 0),
        ("evaluating", True, 1, "EVALUATING", 0),
        ("saving", True, 1, "SAVING", 0),
        ("paused", True, 1, "PAUSED", 0),
        ("finished", False, 900, "FINISHED", 0),
        ("stopped", False, 900, "STOPPED", 0),
        ("training", True, 900, "STALLED", 3),
        ("crashed", False, 900, "CRASHED", 4),
        ("training", False, 1, "KILLED", 4),
    ],
)
def test_the_exit_code_says_the_state(
    tmp_path: Path, phase: str, is_alive: bool, age_s: float, state: str, code: int
) -> None:
    builder = RunBuilder(logs=tmp_path, is_this_process=True)
    builder.write(3)
    builder.started = time.time() - builder.elapsed_s - age_s
    builder.heartbeat(phase, **({} if is_alive else {"pid": 2**22 + 1}))

    result = run(builder.run.path)

    assert result.stdout.splitlines()[1].startswith(f"state       {state}: ")
    assert result.exit_code == code


def test_without_a_path_the_newest_run_is_told_and_named_on_stderr(tmp_path: Path) -> None:
    for name in ("one", "two"):
        RunBuilder(logs=tmp_path, experiment=name).write(1)

    result = run("--logs", tmp_path, "--json")

    assert json.loads(result.stdout)["experiment"] in {"one", "two"}
    assert "the newest of 2 runs" in result.stderr


def test_bad_lines_and_hostile_text_are_shown_harmlessly(tmp_path: Path) -> None:
    builder = RunBuilder(logs=tmp_path).write(1)
    builder.raw_log(b"\x1b[31m[/x]\x00")
    builder.heartbeat("crashed", error="\x1b]0;title\x07")

    result = run(builder.run.path)

    assert "v1_token_bigdata_log.jsonl:2:" in result.stdout
    assert "^[[31m[/x]^@" in result.stdout
    assert not set(result.stdout) & {"\x1b", "\x00", "\x07"}


@pytest.mark.parametrize("make", [None, "empty"])
def test_what_is_not_a_run_is_a_user_error(tmp_path: Path, make: str | None) -> None:
    target = tmp_path / "target"
    if make:
        target.mkdir()

    assert isinstance(run(target).exception, TokmonError)
