"""Which run the user means."""

import os
from pathlib import Path

import pytest

from tests.runs.builder import RunBuilder
from tokmon.monitor.discover import locate
from tokmon.rundir.errors import TokmonError


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    """Three runs; `b` was written last."""
    for age, name in enumerate(("b", "a", "c")):
        run = RunBuilder(logs=tmp_path / "logs", experiment=name).write(1).run
        for path in (run.run_info, run.log, run.events):
            os.utime(path, (2_000_000_000 - age, 2_000_000_000 - age))
    return tmp_path / "logs"


def test_without_a_path_it_is_the_newest_and_that_is_said(logs: Path) -> None:
    located = locate(None, logs)

    assert (located.run.experiment, located.candidates) == ("b", 3)
    assert "the newest of 3 runs" in located.notice


def test_a_run_itself_needs_no_notice(logs: Path) -> None:
    located = locate(logs / "train_c", Path("elsewhere"))

    assert (located.run.experiment, located.notice) == ("c", "")


@pytest.mark.parametrize("name", ["a", "train_a"])
def test_a_name_is_looked_for_below_the_logs(logs: Path, name: str) -> None:
    assert locate(Path(name), logs).run.experiment == "a"


def test_what_is_not_a_run_is_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").touch()
    for path, message in (
        (None, "no such run directory; train one"),
        (tmp_path / "nowhere", "no such run directory"),
        (tmp_path / "empty", "holds no run"),
        (tmp_path / "file", "not a run directory but a file"),
    ):
        with pytest.raises(TokmonError, match=message):
            locate(path, tmp_path / "nowhere")
