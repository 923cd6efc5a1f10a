"""One run's line: the verdict is that of the run's own screen, and nothing is read twice."""

import json
import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from tests.runs.builder import EPOCH, RunBuilder, write_long_log
from tokmon.monitor.run_summary import RunReader, RunSummary
from tokmon.monitor.sources.tokmon_run import RunSource
from tokmon.monitor.state import Phase
from tokmon.rundir.layout import RunDir
from tokmon.rundir.records import RunInfo, Summary, encode, iso

NOW = EPOCH + 10_000


def alive(_: RunInfo) -> bool:
    return True


def dead(_: RunInfo) -> bool:
    return False


def elsewhere(_: RunInfo) -> None:
    return None


def summary_of(builder: RunBuilder, now: float | None = None) -> RunSummary:
    return RunReader(builder.run, alive).look(builder.now + 1 if now is None else now)


@pytest.mark.parametrize("is_alive", [alive, dead, elsewhere])
@pytest.mark.parametrize("ended", ["", "finished", "stopped", "crashed"])
@pytest.mark.parametrize("later_s", [1.0, 1e5])
def test_the_verdict_is_that_of_the_runs_own_screen(
    tmp_path: Path, is_alive: object, ended: str, later_s: float
) -> None:
    builder = RunBuilder(logs=tmp_path).write(10)
    if ended == "crashed":
        builder.event("crash", "CUDA out of memory")
    if ended:
        builder.heartbeat(ended)
    now = builder.now + later_s

    found = RunReader(builder.run, is_alive).look(now)  # type: ignore[arg-type]

    state = RunSource(builder.run, is_alive).poll(now)  # type: ignore[arg-type]
    assert (found.health.phase, found.health.reason) == (state.health.phase, state.health.reason)
    assert (found.step, found.max_steps) == (state.step, state.max_steps)
    assert found.best is not None
    assert state.best is not None
    # The perplexity that is logged is rounded; the list works it out.
    assert replace(found.best, val_ppl=0) == replace(state.best, val_ppl=0)
    assert found.train_loss == state.latest["train_loss"]
    assert found.updated == state.updated


def test_a_crash_that_the_trainer_could_not_record_is_told_by_its_event(tmp_path: Path) -> None:
    builder = RunBuilder(logs=tmp_path).write(3)
    builder.event("crash", "ValueError: x")

    found = RunReader(builder.run, dead).look(builder.now)

    assert (found.health.phase, "ValueError: x" in found.health.reason) == (Phase.CRASHED, True)


def test_the_best_of_a_long_log_is_that_of_the_sidecar(tmp_path: Path) -> None:
    builder = RunBuilder(logs=tmp_path).write(2)
    write_long_log(builder.run.log, 5_000)
    builder.step = 77
    builder.sidecar(builder.run.best, 1.25)

    found = summary_of(builder)

    assert found.best is not None
    assert (found.best.val_loss, found.best.step, found.is_best_certain) == (1.25, 77, True)


def test_without_a_record_the_best_of_a_long_log_is_a_bound(tmp_path: Path) -> None:
    run = RunDir.of_experiment(tmp_path, "x")
    run.path.mkdir()
    rows = ({"step": step, "train_loss": 2.0, "val_loss": 3.0} for step in range(1, 3000))
    run.log.write_text("".join(json.dumps(row) + "\n" for row in rows))

    found = RunReader(run, alive).look(NOW)

    assert found.best is not None
    assert (found.best.val_loss, found.is_best_certain) == (3.0, False)


def test_the_summary_alone_tells_a_finished_run(tmp_path: Path) -> None:
    run = RunDir.of_experiment(tmp_path, "x")
    run.path.mkdir()
    summary = Summary(
        experiment="x", state="finished", step=900, train_loss=2.5, best_val_loss=3.0, best_step=800
    )
    run.summary.write_bytes(encode(summary))

    found = RunReader(run, alive).look(NOW)

    assert found.health.phase is Phase.FINISHED
    assert (found.step, found.train_loss) == (900, 2.5)
    assert found.best is not None
    assert (found.best.val_loss, found.best.step) == (3.0, 800)


def test_what_has_not_changed_is_not_read_again(tmp_path: Path) -> None:
    builder = RunBuilder(logs=tmp_path).write(10)
    builder.heartbeat("finished")
    reader = RunReader(builder.run, alive)
    before = reader.look(builder.now)
    status = builder.run.log.stat()

    # Other bytes under the same size, time and inode: only a reading could tell.
    builder.run.log.write_bytes(b"x" * status.st_size)
    os.utime(builder.run.log, ns=(status.st_atime_ns, status.st_mtime_ns))

    assert reader.look(builder.now + 5) is before


def test_a_finished_run_that_is_resumed_is_seen_to_go_on(tmp_path: Path) -> None:
    builder = RunBuilder(logs=tmp_path).write(10)
    builder.finish()
    reader = RunReader(builder.run, alive)
    ended = reader.look(builder.now)

    builder.heartbeat("training")
    list(builder.lines(1))
    resumed = reader.look(builder.now)

    assert (ended.health.phase, resumed.health.phase) == (Phase.FINISHED, Phase.RUNNING)
    assert resumed.step == 1_100


def test_silence_turns_a_running_run_into_a_stalled_one(tmp_path: Path) -> None:
    builder = RunBuilder(logs=tmp_path).write(10)
    reader = RunReader(builder.run, elsewhere)

    phases = [reader.look(builder.now + age_s).health.phase for age_s in (1, 30, 59, 62)]

    assert phases == [Phase.RUNNING] * 3 + [Phase.STALLED]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda run: run.log.unlink(),
        lambda run: run.run_info.unlink(),
        lambda run: run.run_info.write_bytes(b'{"experiment": '),
        lambda run: run.run_info.write_bytes(b"[" * 100_000),
        lambda run: run.run_info.write_bytes(b'{"experiment": "x", "config": {"schedule": [1]}}'),
        lambda run: run.log.write_bytes(bytes(100_000)),
        lambda run: run.log.write_bytes(b""),
        lambda run: (run.log.unlink(), run.log.mkdir()),
        lambda run: RunDir.sidecar(run.best).write_bytes(b"\xff"),
        lambda run: run.events.write_bytes(b'{"event": "crash"\n{"crash"}\n"crash"'),
        lambda run: shutil.rmtree(run.path),
    ],
    ids=[
        *("no-log", "no-info", "torn-info", "deep-info", "odd-config", "nuls", "empty-log"),
        *("log-is-a-folder", "binary-sidecar", "odd-events", "deleted"),
    ],
)
def test_bad_files_never_raise_before_or_after_a_look(tmp_path: Path, spoil: object) -> None:
    spoiled = RunBuilder(logs=tmp_path, experiment="a").write(5)
    seen = RunBuilder(logs=tmp_path, experiment="b").write(5)
    reader = RunReader(seen.run, dead)
    reader.look(seen.now)

    for builder in (spoiled, seen):
        spoil(builder.run)  # type: ignore[operator]

    assert RunReader(spoiled.run, dead).look(seen.now + 1).run == spoiled.run
    assert reader.look(seen.now + 1).run == seen.run


def test_what_cannot_be_read_is_told(tmp_path: Path) -> None:
    builder = RunBuilder(logs=tmp_path).write(5)
    builder.run.run_info.write_bytes(b'{"experiment": ')
    builder.raw_log(b"no json")

    faults = summary_of(builder).faults

    assert any("run.json" in fault for fault in faults)
    assert "1 unreadable line in the log" in faults


def test_a_time_yet_to_come_does_not_make_a_run_the_newest(tmp_path: Path) -> None:
    builder = RunBuilder(logs=tmp_path).write(5)
    builder.heartbeat(heartbeat=iso(NOW + 9e8))
    for path in (builder.run.log, builder.run.run_info):
        os.utime(path, (NOW - 50, NOW - 50))

    assert summary_of(builder, NOW).updated == NOW - 50
