"""Removing runs: only what is theirs, never a live one, whole or not at all."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.runs.builder import RunBuilder
from tokmon.monitor.prune import finish, leftover_size, leftovers, prune
from tokmon.monitor.prune_plan import SILENT_S, PrunePlan, Wish, plan, refusal
from tokmon.monitor.run_lock import holding
from tokmon.rundir.errors import TokmonError
from tokmon.rundir.layout import RunDir

WEIGHTS = Wish(is_weights_only=True)
BUT_BEST = Wish(is_weights_only=True, keeps_best=True)


def finished(logs: Path, name: str = "old") -> RunDir:
    """A finished run with every kind of file that the trainer writes."""
    builder = RunBuilder(logs=logs, experiment=name)
    builder.write(6)
    builder.sample()
    run = builder.run
    checkpoints = [run.best, run.final, *(run.step_checkpoint(step) for step in (100, 200))]
    for checkpoint in checkpoints:
        checkpoint.write_bytes(b"w" * 1000)
        builder.sidecar(checkpoint, 3.0)
    run.superseded.mkdir()
    (run.superseded / run.step_checkpoint(300).name).write_bytes(b"w" * 1000)
    run.control.write_text("{}")
    run.lock.touch()
    (run.path / f".{name}_best.pt.123.tmp").write_bytes(b"w")
    builder.finish()
    return run


def planned(run: RunDir, wish: Wish | None = None) -> PrunePlan:
    found = plan(run, wish or Wish())
    assert isinstance(found, PrunePlan)
    return found


def remove(run: RunDir, wish: Wish | None = None) -> None:
    prune(planned(run, wish), time.time)


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_a_whole_run_leaves_nothing(tmp_path: Path) -> None:
    remove(finished(tmp_path))

    assert names(tmp_path) == set()


def test_the_neighbours_of_a_run_stay(tmp_path: Path) -> None:
    run, other = finished(tmp_path), finished(tmp_path, "older")
    before = names(other.path)

    remove(run)

    assert names(other.path) == before
    assert other.output_log.exists()


def test_the_plan_counts_what_is_removed(tmp_path: Path) -> None:
    run = finished(tmp_path)
    files = [path for path in run.path.rglob("*") if path.is_file()]

    found = planned(run)

    assert len(found.doomed) == len(files) + 1  # the output log lies beside
    assert found.size == sum(path.stat().st_size for path in [*files, run.output_log])
    assert names(tmp_path) == {run.path.name, run.output_log.name, run.lock.name}


def test_of_weights_the_log_and_what_reports_need_stay(tmp_path: Path) -> None:
    run = finished(tmp_path)

    remove(run, WEIGHTS)

    assert {name for name in names(run.path) if ".pt" in name or "step" in name} == set()
    assert {run.log.name, run.samples.name, run.run_info.name, run.summary.name} <= names(run.path)
    assert not run.superseded.exists()
    assert run.output_log.exists()


def test_the_best_weights_can_stay(tmp_path: Path) -> None:
    run = finished(tmp_path)

    remove(run, BUT_BEST)

    kept = {name for name in names(run.path) if name.endswith(".pt")}
    assert kept == {run.best.name}
    assert RunDir.sidecar(run.best).exists()


def test_what_is_not_the_runs_own_stays_where_it_was(tmp_path: Path) -> None:
    run = finished(tmp_path)
    (run.path / "notes.txt").write_text("mine")
    (run.path / "plots").mkdir()
    (run.path / "old_step12.pt.bak").touch()
    (run.path / "other_best.pt").touch()
    (run.superseded / "notes.txt").touch()

    found = planned(run)
    done = prune(found, time.time)

    left = {"notes.txt", "plots", "old_step12.pt.bak", "other_best.pt", "superseded"}
    assert names(run.path) == left
    assert names(run.superseded) == {"notes.txt"}
    assert {path.name for path in done.left} == left - {"superseded"}
    assert RunDir.find_all(tmp_path) == []
    assert names(tmp_path) == {run.path.name}


@pytest.mark.skipif(os.name == "nt", reason="links need a privilege there")
def test_no_link_is_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "old_best.pt").write_text("precious")
    (outside / "old_step9.pt").write_text("precious")
    run = finished(tmp_path / "logs")
    run.best.unlink()
    run.best.symlink_to(outside / "old_best.pt")
    (run.superseded / run.step_checkpoint(300).name).unlink()
    run.superseded.rmdir()
    run.superseded.symlink_to(outside)
    link = tmp_path / "logs" / "train_link"
    link.symlink_to(run.path)

    remove(run)

    assert names(outside) == {"old_best.pt", "old_step9.pt"}
    assert names(run.path) == {run.best.name, "superseded"}
    refused = plan(RunDir(link, "old"), Wish())
    assert isinstance(refused, str)
    assert "a link" in refused


def test_a_folder_of_two_runs_is_not_touched(tmp_path: Path) -> None:
    run = finished(tmp_path)
    (run.path / "second_log.jsonl").write_text('{"step": 1}\n')

    assert "holds another run too" in str(plan(run, Wish()))


@pytest.mark.parametrize("phase", ["starting", "training", "evaluating", "saving", "paused"])
def test_a_live_run_is_refused(tmp_path: Path, phase: str) -> None:
    builder = RunBuilder(logs=tmp_path, is_this_process=True, started=time.time() - 1)
    builder.write(3)
    builder.started = time.time() - builder.elapsed_s
    builder.heartbeat(phase)

    assert str(builder.run.path) in refusal(builder.run, time.time())


def test_a_process_that_lives_but_does_not_stir_is_refused_for_good(tmp_path: Path) -> None:
    builder = RunBuilder(logs=tmp_path, is_this_process=True)
    builder.write(3)

    assert "is STALLED" in refusal(builder.run, time.time() + 30 * 86_400)


def test_a_silent_run_of_another_host_is_left_for_a_day(tmp_path: Path) -> None:
    run = RunBuilder(logs=tmp_path).write(3).run
    now = time.time()

    assert "is STALLED, last written" in refusal(run, now + SILENT_S - 60)
    assert refusal(run, now + SILENT_S + 60) == ""


@pytest.mark.parametrize("phase", ["finished", "stopped", "crashed"])
def test_a_run_that_has_ended_is_not_refused(tmp_path: Path, phase: str) -> None:
    builder = RunBuilder(logs=tmp_path, is_this_process=True).write(3)
    builder.heartbeat(phase)

    assert refusal(builder.run, time.time()) == ""


def test_a_run_that_was_taken_up_again_meanwhile_is_not_touched(tmp_path: Path) -> None:
    run = finished(tmp_path)
    found = planned(run)
    builder = RunBuilder(logs=tmp_path, experiment="old", is_this_process=True)
    builder.started = time.time()
    builder.heartbeat("starting")

    with pytest.raises(TokmonError, match="it was not touched"):
        prune(found, time.time)
    assert run.best.exists()


def test_a_run_whose_lock_is_held_is_not_touched(tmp_path: Path) -> None:
    # As `filelock`, through which the trainer holds it, does on this system.
    filelock = pytest.importorskip("filelock")
    run = finished(tmp_path)

    with filelock.FileLock(run.lock), pytest.raises(TokmonError, match="holds its lock"):
        prune(planned(run), time.time)

    assert run.best.exists()
    with holding(run.lock) as hold:
        assert hold.is_held
        with pytest.raises(filelock.Timeout):
            filelock.FileLock(run.lock).acquire(timeout=0)


def test_a_run_that_is_gone_meanwhile_is_a_user_error(tmp_path: Path) -> None:
    run = finished(tmp_path)
    found = planned(run)
    remove(run)

    with pytest.raises(TokmonError, match="gone already"):
        prune(found, time.time)


def test_what_the_system_refuses_is_a_user_error(tmp_path: Path) -> None:
    run = finished(tmp_path)
    run.lock.unlink()
    run.lock.mkdir()

    with pytest.raises(TokmonError, match="cannot be removed"):
        prune(planned(run), time.time)
    assert run.best.exists()


_KILLED = """
import sys, time
from pathlib import Path
from tokmon.monitor.prune import prune
from tokmon.monitor.prune_plan import Wish, plan
from tokmon.rundir.layout import RunDir
prune(plan(RunDir.open(Path(sys.argv[1])), Wish()), time.time)
"""


def test_killed_on_the_way_the_run_is_whole_or_gone_and_the_next_finishes(tmp_path: Path) -> None:
    run = finished(tmp_path)
    for step in range(1000, 4000):
        run.step_checkpoint(step).touch()
    (run.path / "notes.txt").write_text("mine")
    before = names(run.path)
    process = subprocess.Popen([sys.executable, "-c", _KILLED, str(run.path)])
    while process.poll() is None and not leftovers(tmp_path):
        time.sleep(0.0005)
    process.kill()
    process.wait()

    if RunDir.find_all(tmp_path):
        assert names(run.path) == before
        remove(run)
    for aside in leftovers(tmp_path):
        assert leftover_size(aside) >= 0
        finish(aside)
    assert names(tmp_path) - {run.lock.name} == {run.path.name}
    assert names(run.path) == {"notes.txt"}


def test_what_lies_aside_goes_before_the_next_run_of_that_name(tmp_path: Path) -> None:
    first = finished(tmp_path)
    aside = tmp_path / f".tokmon-pruned-{first.path.name}"
    aside.mkdir()
    first.path.rename(aside / first.path.name)
    second = finished(tmp_path)

    remove(second)

    assert names(tmp_path) == set()


def test_an_output_log_that_was_not_moved_aside_goes_too(tmp_path: Path) -> None:
    run = finished(tmp_path)
    aside = tmp_path / f".tokmon-pruned-{run.path.name}"
    aside.mkdir()
    run.path.rename(aside / run.path.name)

    finish(aside)

    assert names(tmp_path) == {run.lock.name}


def test_a_hidden_folder_of_the_users_own_is_not_emptied(tmp_path: Path) -> None:
    mine = tmp_path / ".tokmon-pruned-trees" / "trees"
    mine.mkdir(parents=True)
    (mine / "oak.txt").write_text("mine")

    for aside in leftovers(tmp_path):
        assert leftover_size(aside) == 0
        finish(aside)

    assert list(tmp_path.rglob("oak.txt"))
