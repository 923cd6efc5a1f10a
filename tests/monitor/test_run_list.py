"""All runs of some folders: found, read newest first, followed, sorted, searched."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.monitor.many_runs import write_many
from tests.runs.builder import EPOCH, RunBuilder
from tokmon.monitor.run_list import SLICE_RUNS, Order, RunList, RunListState, matching, ordered
from tokmon.rundir.records import RunInfo

NOW = EPOCH + 10_000


def elsewhere(_: RunInfo) -> None:
    return None


def names(state: RunListState) -> list[str]:
    return sorted(run.name for run in state.runs)


def complete(runs: RunList, now: float = NOW) -> RunListState:
    state = runs.poll(now)
    while state.is_reading:
        state = runs.poll(now)
    return state


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    """Three finished runs, `b` the newest and `c` the best."""
    for age, (name, best) in enumerate((("b", 3.0), ("a", 4.0), ("c", 2.0))):
        builder = RunBuilder(logs=tmp_path / "logs", experiment=name, started=EPOCH - 1000 * age)
        builder.write(3)
        builder.sidecar(builder.run.best, best)
        builder.finish()
    return tmp_path / "logs"


def test_rows_come_a_slice_at_a_time_the_newest_first(tmp_path: Path) -> None:
    write_many(tmp_path, SLICE_RUNS + 20, now=NOW, log_bytes=2**13)
    runs = RunList([tmp_path], elsewhere)

    first, second = runs.poll(NOW), runs.poll(NOW)

    assert (len(first.runs), first.found, first.is_reading) == (SLICE_RUNS, SLICE_RUNS + 20, True)
    assert names(first) == [f"run_{index:04d}" for index in range(SLICE_RUNS)]
    assert (len(second.runs), second.is_reading) == (SLICE_RUNS + 20, False)


def test_new_runs_come_and_deleted_ones_go(logs: Path) -> None:
    runs = RunList([logs], elsewhere)
    before = complete(runs)

    shutil.rmtree(logs / "train_a")
    RunBuilder(logs=logs, experiment="d").write(1)
    after = complete(runs)

    assert (names(before), names(after)) == (["a", "b", "c"], ["b", "c", "d"])


def test_a_folder_becomes_a_run_when_its_first_file_comes(logs: Path) -> None:
    runs = RunList([logs], elsewhere)
    (logs / "train_new").mkdir()
    before = complete(runs)
    os.utime(logs / "train_new", (1, 1))
    complete(runs)

    RunBuilder(logs=logs, experiment="new").write(1)

    assert ("new" in names(before), "new" in names(complete(runs))) == (False, True)


def test_runs_and_folders_of_runs_can_be_named_together(logs: Path, tmp_path: Path) -> None:
    other = RunBuilder(logs=tmp_path / "other", experiment="x").write(1)

    state = complete(RunList([logs, other.run.path, logs / "train_a"], elsewhere))

    assert names(state) == ["a", "b", "c", "x"]


def test_what_is_not_there_is_told_and_may_come(tmp_path: Path) -> None:
    runs = RunList([tmp_path / "logs"], elsewhere)
    missing = complete(runs)
    RunBuilder(logs=tmp_path / "logs", experiment="x").write(1)

    assert missing.found == 0
    assert "logs" in missing.faults[0]
    found = complete(runs)
    assert (names(found), found.faults) == (["x"], ())


def test_an_unchanged_list_gives_the_same_rows(logs: Path) -> None:
    runs = RunList([logs], elsewhere)
    before = complete(runs)

    after = complete(runs, NOW + 2)

    assert all(one is other for one, other in zip(before.runs, after.runs, strict=True))


def test_the_orders(logs: Path) -> None:
    state = complete(RunList([logs], elsewhere))

    by = {order: [run.name for run in ordered(state.runs, order, NOW)] for order in Order}

    assert by == {
        Order.AGE: ["b", "a", "c"],
        Order.NAME: ["a", "b", "c"],
        Order.BEST: ["c", "b", "a"],
    }


def test_live_runs_do_not_change_places_with_their_heartbeats(tmp_path: Path) -> None:
    builders = [
        RunBuilder(logs=tmp_path, experiment=name, started=EPOCH + later).write(2)
        for name, later in (("old", 0.0), ("young", 5.0))
    ]
    runs, orders = RunList([tmp_path], elsewhere), []
    for beating in builders:
        beating.elapsed_s += 10
        beating.heartbeat()
        now = max(builder.now for builder in builders)
        state = complete(runs, now)
        orders.append([run.name for run in ordered(state.runs, Order.AGE, now)])

    assert orders == [["young", "old"]] * 2


@pytest.mark.parametrize(
    ("query", "found"), [("", "abc"), ("FINI", "abc"), ("a", "a"), ("b fin", "b"), ("crashed", "")]
)
def test_every_word_has_to_stand_in_name_or_state(logs: Path, query: str, found: str) -> None:
    runs = complete(RunList([logs], elsewhere)).runs

    assert sorted(run.name for run in matching(runs, query)) == [*found]


@pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege there")
def test_a_link_in_a_circle_and_a_link_to_a_run(logs: Path) -> None:
    (logs / "circle").symlink_to(logs / "circle")
    (logs / "train_alias").symlink_to(logs / "train_a")

    state = complete(RunList([logs], elsewhere))

    assert len(state.runs) == 4
    assert all("circle" in fault for fault in state.faults)


_UNREADABLE = """
import os, sys
from pathlib import Path
from tokmon.monitor.run_list import RunList
if os.getuid() == 0:
    os.setuid(65534)
state = RunList([Path(sys.argv[1])]).poll(2e9)
print(len(state.runs), *state.faults, *(fault for run in state.runs for fault in run.faults))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no such permissions there")
def test_an_unreadable_run_hides_no_other(
    logs: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    closed = logs / "train_a"
    (logs / "train_b" / "b_log.jsonl").chmod(0)
    closed.chmod(0)
    # Others may look into the folders above, which pytest makes for the owner alone.
    for folder in (logs, *logs.parents):
        if folder.owner() == logs.owner() and not folder.stat().st_mode & 0o001:
            folder.chmod(0o711)
    logs.chmod(0o755)
    root = str(Path(__file__).parents[2])

    command = [sys.executable, "-c", _UNREADABLE, str(logs)]
    told = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)

    closed.chmod(0o755)
    assert told.stdout.startswith("2 "), told
    assert told.stdout.count("Permission denied") == 2
