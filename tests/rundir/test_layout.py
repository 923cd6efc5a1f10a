"""Finding runs and their files."""

from pathlib import Path

import pytest

from tokmon.rundir.errors import TokmonError
from tokmon.rundir.layout import RunDir


def test_names_are_those_of_the_reference() -> None:
    run = RunDir.of_experiment(Path("logs"), "v1_token_bigdata")

    names = {path.name for path in (run.log, run.events, run.best, run.step_checkpoint(5000))}

    assert run.path == Path("logs/train_v1_token_bigdata")
    assert names == {
        "v1_token_bigdata_log.jsonl",
        "v1_token_bigdata_events.jsonl",
        "v1_token_bigdata_best.pt",
        "v1_token_bigdata_step5000.pt",
    }
    assert run.output_log == Path("logs/train_v1_token_bigdata_output.log")


def test_a_renamed_run_is_still_a_run(tmp_path: Path) -> None:
    folder = tmp_path / "my best run"
    folder.mkdir()
    (folder / "x_log.jsonl").touch()

    assert RunDir.open(folder).experiment == "x"


@pytest.mark.parametrize("kind", ["missing", "empty", "file"])
def test_what_is_no_run_is_refused(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "run"
    if kind == "empty":
        path.mkdir()
    elif kind == "file":
        path.touch()

    with pytest.raises(TokmonError, match=str(path)):
        RunDir.open(path)


def test_step_checkpoints_come_in_the_order_of_steps(tmp_path: Path) -> None:
    run = RunDir(tmp_path, "x")
    for step in (900, 1000, 50):
        run.step_checkpoint(step).touch()
    (tmp_path / "x_stepmania.pt").touch()

    assert list(run.step_checkpoints()) == [50, 900, 1000]


def test_all_runs_below_a_folder_are_found(tmp_path: Path) -> None:
    for name in ("b", "a"):
        run = RunDir.of_experiment(tmp_path, name)
        run.path.mkdir()
        run.run_info.touch()
    (tmp_path / "train_nothing").mkdir()

    assert [run.experiment for run in RunDir.find_all(tmp_path)] == ["a", "b"]
