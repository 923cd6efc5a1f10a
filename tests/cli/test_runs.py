"""`tokmon runs`: lists, filters, sorts; removes what is named, and nothing without --yes."""

import json
import os
import time
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tests.cli.commands import is_one_line, tokmon
from tests.runs.builder import RunBuilder
from tokmon.cli.runs import runs
from tokmon.cli.runs_output import COLUMNS, size_in_words
from tokmon.rundir.errors import TokmonError

KEYS = [
    *("experiment", "state", "reason", "step", "max_steps", "train_loss", "best_val_loss"),
    *("best_step", "started", "updated", "path", "faults"),
]


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(runs, [str(argument) for argument in arguments])


def refused(*arguments: str | Path) -> str:
    result = run(*arguments)
    assert isinstance(result.exception, TokmonError), result.output
    return str(result.exception)


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    """Two runs that have ended, and one at work in this process."""
    folder = tmp_path / "logs"
    for name, phase, lr, lines in (("small", "finished", 1e-3, 5), ("large", "crashed", 3e-4, 12)):
        builder = RunBuilder(logs=folder, experiment=name).write(lines)
        builder.run.best.write_bytes(b"w" * 5000)
        builder.heartbeat(phase, config={"experiment": name, "optim": {"lr": lr}}, error="oops")
    live = RunBuilder(logs=folder, experiment="live", is_this_process=True)
    live.write(3)
    live.started = time.time() - live.elapsed_s
    live.heartbeat()
    return folder


def listed(*arguments: str | Path) -> list[str]:
    result = run(*arguments)
    assert result.exit_code == 0, result.output
    return [line.split("\t")[1] for line in result.stdout.splitlines()]


def test_runs_alone_lists_the_newest_first(logs: Path) -> None:
    result = run("--logs", logs)

    rows = [line.split("\t") for line in result.stdout.splitlines()]
    assert rows[0][:2] == ["RUNNING", "live"]
    assert {len(row) for row in rows} == {len(COLUMNS)}
    assert {row[1] for row in rows} == {"live", "small", "large"}


def test_conditions_are_arguments_with_and_without_the_sub_command(logs: Path) -> None:
    assert listed("state=crashed", "--logs", logs) == ["large"]
    assert listed("list", "lr>=3e-4", "experiment~sma", "--logs", logs) == ["small"]
    assert listed("--logs", logs, "state!=running step>1000") == ["large"]
    assert listed("--logs", logs, "state=paused") == []


def test_the_environment_names_the_folder(logs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKMON_LOGS", str(logs))

    assert len(listed()) == 3


def test_runs_are_sorted_by_any_key(logs: Path) -> None:
    assert listed("--logs", logs, "--sort", "experiment") == ["large", "live", "small"]
    assert listed("--logs", logs, "--sort", "-step", "state!=running") == ["large", "small"]
    assert listed("--logs", logs, "--sort", "lr") == ["large", "small", "live"]


def test_json_is_one_array_with_the_stable_keys(logs: Path) -> None:
    found = json.loads(run("--logs", logs, "--json").stdout)

    assert [list(one) for one in found] == [KEYS] * 3
    assert json.loads(run("--logs", logs, "--json", "state=paused").stdout) == []
    by_name = {one["experiment"]: one for one in found}
    assert by_name["large"]["step"] == 1200
    assert by_name["large"]["path"] == str(logs / "train_large")


def test_json_and_status_agree(logs: Path) -> None:
    from tokmon.cli.status import status

    told = json.loads(CliRunner().invoke(status, [str(logs / "train_large"), "--json"]).stdout)
    (found,) = json.loads(run("--logs", logs, "--json", "experiment=large").stdout)

    same = [key for key in KEYS if key in told and key != "updated"]
    assert len(same) == 8
    assert {key: found[key] for key in same} == {key: told[key] for key in same}


def test_an_unknown_key_is_told_with_the_nearest(logs: Path) -> None:
    assert refused("--logs", logs, "sate=finished").endswith("near to it: state, step")
    assert "near to it: train_loss" in refused("--logs", logs, "--sort", "trainloss")
    assert "is no condition" in refused("--logs", logs, "finished")
    assert "no such file" in refused("--logs", logs / "none").lower()


def test_without_yes_nothing_goes(logs: Path) -> None:
    before = sorted(logs.rglob("*"))

    result = run("prune", logs / "train_small")

    assert f"{logs / 'train_small'}: all of it, " in result.stdout
    assert "nothing was removed; with --yes" in result.stderr
    assert sorted(logs.rglob("*")) == before


def test_with_yes_what_is_named_goes(logs: Path) -> None:
    result = run("prune", "small", "--logs", logs, "--yes")

    assert result.exit_code == 0
    assert "removed " in result.stdout
    assert not list(logs.glob("*small*"))
    assert len(list(logs.glob("train_*"))) == 4


def test_a_live_run_stops_all_when_it_is_named(logs: Path) -> None:
    told = refused("prune", "small", "live", "--logs", logs, "--yes")

    assert "train_live is RUNNING" in told
    assert told.endswith("nothing was removed")
    assert (logs / "train_small").exists()


def test_a_filter_passes_over_what_lives(logs: Path) -> None:
    result = run("prune", "--filter", "step>0", "--logs", logs, "--yes", "--weights-only")

    assert result.exit_code == 0
    assert "passed over: " in result.stderr
    assert not list(logs.rglob("*.pt"))
    assert len(list(logs.rglob("*_log.jsonl"))) == 3


def test_keep_best_keeps_it(logs: Path) -> None:
    run("prune", "small", "--logs", logs, "--yes", "--weights-only", "--keep-best")

    assert [path.name for path in (logs / "train_small").glob("*.pt")] == ["small_best.pt"]


@pytest.mark.parametrize(
    "arguments",
    [
        ["prune"],
        ["prune", "small", "--filter", "step>1"],
        ["prune", "small", "--keep-best"],
        ["prune", "--filter", " "],
        ["--logs", "x", "prune", "small"],
        ["list", "prune"],
    ],
)
def test_wrong_usage_is_two(logs: Path, arguments: list[str]) -> None:
    assert run(*arguments).exit_code == 2


def test_a_folder_of_runs_is_no_run(logs: Path, tmp_path: Path) -> None:
    assert "a folder of runs, not one" in refused("prune", logs, "--yes")
    lone = RunBuilder(logs=tmp_path / "lone").write(1)
    assert "a folder of runs, not one" in refused("prune", tmp_path / "lone", "--yes")
    assert lone.run.log.exists()


def test_a_run_can_be_named_from_within(logs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(logs / "train_small")

    assert "all of it" in run("prune", ".").stdout


def test_what_a_killed_prune_left_aside_is_told_and_finished(logs: Path) -> None:
    aside = logs / ".tokmon-pruned-train_small"
    aside.mkdir()
    (logs / "train_small").rename(aside / "train_small")

    told = run("prune", "large", "--logs", logs)
    run("prune", "large", "--logs", logs, "--yes")

    assert "left by a prune that was ended" in told.stdout
    assert not list(logs.glob(".tokmon*"))


@pytest.mark.skipif(os.name == "nt", reason="no permissions there")
@pytest.mark.skipif(getattr(os, "geteuid", lambda: 1)() == 0, reason="root may do anything")
def test_what_the_system_refuses_is_told(logs: Path) -> None:
    logs.chmod(0o500)
    try:
        told = refused("prune", "small", "--logs", logs, "--yes")
    finally:
        logs.chmod(0o700)

    assert "could not be removed" in told


def test_foreign_names_are_harmless(tmp_path: Path) -> None:
    builder = RunBuilder(logs=tmp_path).write(1)
    builder.run.path.rename(tmp_path / "train_\x1b[31m\u202e")

    result = run("--logs", tmp_path)

    assert result.exit_code == 0
    assert not set(result.stdout) & {"\x1b", "\u202e"}
    assert len(json.loads(run("--logs", tmp_path, "--json").stdout)) == 1


def test_sizes_are_in_words() -> None:
    assert [size_in_words(size) for size in (0, 999, 1290, 340_316_609)] == [
        *("0 bytes", "999 bytes", "1.29 kB", "340 MB"),
    ]


def test_help_shows_examples_and_the_sub_commands() -> None:
    told = run("--help").stdout

    assert "tokmon runs state=finished 'lr>=1e-4' experiment~v1\n" in told
    assert "prune" in told


def test_as_a_process_errors_are_one_line(logs: Path) -> None:
    assert is_one_line(tokmon("runs", "sate=1", "--logs", str(logs)))
