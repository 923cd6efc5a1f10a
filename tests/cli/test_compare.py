"""`tokmon compare`: what it prints, where it writes, what it refuses in one line."""

import json
import shutil
import time
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from tests.cli.commands import is_one_line, tokmon
from tests.runs.builder import RunBuilder
from tokmon.cli.compare import compare
from tokmon.monitor.reading import read_for_comparison
from tokmon.rundir.errors import TokmonError


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(compare, [str(argument) for argument in arguments])


def refused(*arguments: str | Path) -> str:
    """Return the one line that `tokmon` prints for a user's error."""
    result = run(*arguments)
    assert isinstance(result.exception, TokmonError), result.output
    return str(result.exception)


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    folder = tmp_path / "logs"
    for seed, name in ((1, "one"), (2, "two")):
        builder = RunBuilder(logs=folder, experiment=name, seed=seed).write(12)
        builder.heartbeat("finished", config={"experiment": name, "seed": seed})
    return folder


def broken(logs: Path, name: str, *lines: bytes, **fields: Any) -> Path:
    builder = RunBuilder(logs=logs, experiment=name)
    for line in lines:
        builder.raw_log(line)
    builder.heartbeat("crashed", **fields)
    return builder.run.path


def test_a_folder_stands_for_its_runs(logs: Path) -> None:
    by_folder = run(logs, "--json")
    by_name = run("one", "two", "--logs", logs, "--json")

    assert by_folder.exit_code == by_name.exit_code == 0
    found = [json.loads(result.stdout)["runs"] for result in (by_folder, by_name)]
    assert [one["experiment"] for one in found[0]] == ["one", "two"]
    assert found[0] == found[1]


def test_markdown_goes_to_a_file_whole(logs: Path, tmp_path: Path) -> None:
    file = tmp_path / "page.md"
    file.write_text("before")

    result = run(logs, "-o", file)

    assert (result.exit_code, result.stdout) == (0, "")
    assert file.read_text(encoding="utf-8").startswith("# `one` against `two`\n")
    assert {path.name for path in tmp_path.iterdir()} == {"logs", "page.md"}


def test_one_axis_can_be_asked_for(logs: Path) -> None:
    found = json.loads(run(logs, "--along", "tokens", "--json").stdout)

    assert list(found["aligned"]) == ["tokens"]
    assert {race["along"] for race in found["reached"]} == {"tokens"}


def test_a_run_with_one_line_is_compared_and_told(logs: Path) -> None:
    short = broken(logs, "short", b'{"step": 1, "train_loss": 3.0, "val_loss": 3.1}')

    result = run(logs / "train_one", short)

    assert result.exit_code == 0
    assert "B's log has one line: it has results, but no curve" in result.stdout


def test_runs_of_a_folder_without_a_log_are_left_out_and_told(logs: Path) -> None:
    broken(logs, "empty")

    result = run(logs)

    assert result.exit_code == 0
    assert "left out: " in result.stderr
    assert "# `one` against `two`" in result.stdout


def test_a_run_without_a_log_is_refused_by_name(logs: Path) -> None:
    empty = broken(logs, "empty")

    assert refused(logs / "train_one", empty) == f"{empty}: its log has no line to compare by"


def test_a_run_whose_losses_are_not_finite_is_refused(logs: Path) -> None:
    lines = [b'{"step": %d, "train_loss": null, "val_loss": null}' % step for step in (1, 2)]
    bad = broken(logs, "bad", *lines)

    assert refused(logs / "train_one", bad) == f"{bad}: no loss in its log is a finite number"


def test_runs_of_different_schema_versions_are_refused(logs: Path) -> None:
    newer = broken(logs, "newer", b'{"step": 1, "train_loss": 3.0}', schema_version=2)

    told = refused(logs / "train_one", newer)

    assert "of different schema versions: train_one has 1, train_newer has 2" in told


def test_the_same_run_twice_is_refused(logs: Path) -> None:
    assert "the same run is named twice" in refused(logs / "train_one", logs / "train_one" / ".")
    assert "the same run is named twice" in refused(logs, logs / "train_two")


def test_one_run_and_nine_are_refused(logs: Path) -> None:
    assert "is one run: two are needed at least" in refused(logs / "train_one")
    for index in range(7):
        broken(logs, f"more{index}", b'{"step": 1, "train_loss": 3.0}')
    assert "9 runs are too many: at most 8 can be compared" in refused(logs)


def test_no_run_at_all_is_wrong_usage() -> None:
    assert run().exit_code == 2
    assert run("a", "b", "--along", "space").exit_code == 2


@pytest.mark.parametrize("place", ["missing/page.md", "file/page.md"])
def test_an_output_that_cannot_be_written_is_told(logs: Path, tmp_path: Path, place: str) -> None:
    (tmp_path / "file").touch()

    assert "cannot be written" in refused(logs, "-o", tmp_path / place)


def test_a_folder_is_no_output(logs: Path, tmp_path: Path) -> None:
    assert run(logs, "-o", tmp_path).exit_code == 2


def test_what_is_not_there_is_told(logs: Path, tmp_path: Path) -> None:
    assert "no such run directory" in refused(logs / "train_one", tmp_path / "nothing")
    empty = tmp_path / "empty"
    empty.mkdir()
    assert "holds no run" in refused(logs / "train_one", empty)
    assert "cannot be read" in refused(logs, "--eval", tmp_path / "none.json")


def test_a_run_that_disappears_while_it_is_read_is_told(logs: Path) -> None:
    gone = RunBuilder(logs=logs, experiment="two").run

    def clock() -> float:
        if gone.path.exists():
            shutil.rmtree(gone.path)
        return time.time()

    assert read_for_comparison(gone, clock) == (
        f"{gone.path}: the run directory disappeared while it was read"
    )


def test_bad_lines_are_counted_and_hostile_text_is_harmless(logs: Path) -> None:
    odd = broken(
        logs,
        "odd",
        b'{"step": 1, "train_loss": 3.0}',
        b"\x1b[31m[/x]",
        b'{"step": 2, "train_loss": 2.0}',
        config={"\x1b]0;x\x07": "\u202e|`</script>", "seed": [1]},
    )

    result = run(logs / "train_one", odd)

    assert "1 line of B could not be read and count" in result.stdout
    assert not set(result.stdout) & {"\x1b", "\x07", "\u202e"}


def test_as_a_process_errors_are_one_line(logs: Path) -> None:
    answer = tokmon("compare", str(logs / "train_one"), str(logs / "train_none"))

    assert is_one_line(answer)
    assert answer.returncode == 1
