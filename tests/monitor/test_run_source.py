"""A run directory as state: real files, every fault a file can have, real processes."""

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import psutil
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.runs.builder import EPOCH, RunBuilder, write_long_log
from tokmon.monitor.sources.tokmon_run import RunSource
from tokmon.monitor.state import Phase, RunState, Severity
from tokmon.rundir.jsonl import append_line
from tokmon.rundir.layout import RunDir
from tokmon.rundir.records import RunInfo, iso


def alive(_: RunInfo) -> bool:
    return True


def source_of(builder: RunBuilder) -> RunSource:
    return RunSource(builder.run, is_alive=alive)


def complete(source: RunSource, now: float) -> RunState:
    """Poll until the log is read."""
    state = source.poll(now)
    while state.is_loading:
        state = source.poll(now)
    return state


def steps(state: RunState) -> list[int]:
    return state.frame.steps.tolist()


def test_a_running_run_is_told_in_full(tmp_path: Path) -> None:
    builder = RunBuilder(logs=tmp_path, steps_per_sec=28.3).write(60)

    state = complete(source_of(builder), builder.now + 1)

    assert state.health.phase is Phase.RUNNING
    assert (state.step, state.max_steps) == (6_000, 50_000)
    assert state.latest["train_loss"] == pytest.approx(2.3, abs=0.5)
    assert state.best is not None
    assert state.best.file == "v1_token_bigdata_best.pt"
    assert state.best.file_step == state.best.step
    assert state.best.val_bpb is not None
    assert state.eta is not None
    # 44,000 steps at 28.3 steps/s, and an evaluation of 1.2 s every 500.
    assert state.eta.remaining_s == pytest.approx(44_000 / 28.3 + 88 * 1.2, rel=0.05)
    assert state.started == EPOCH
    assert state.alerts == ()
    assert {"start", "best", "checkpoint", "warmup_end"} <= {e.event for e in state.events}
    assert len(state.systems) == 60


def test_a_line_is_seen_at_the_poll_after_it_and_only_then_the_revision_grows(
    tmp_path: Path,
) -> None:
    builder = RunBuilder(logs=tmp_path).write(3)
    source = source_of(builder)
    first = source.poll(builder.now)
    idle = source.poll(builder.now + 0.2)

    builder.line()
    changed = source.poll(builder.now)

    assert idle.revision == first.revision
    assert idle.frame is first.frame
    assert changed.revision > idle.revision
    assert steps(first) == [100, 200, 300]
    assert steps(changed) == [100, 200, 300, 400]


def test_bad_lines_are_counted_shown_and_not_fatal(tmp_path: Path) -> None:
    builder = RunBuilder(logs=tmp_path)
    builder.start()
    builder.line()
    for line in (b"\x00\x1b[31m\xff", b'{"step": 2', b"[]"):
        builder.raw_log(line)
    builder.line(train_loss=None)
    builder.raw_log(b'{"step": 300, "train_loss": NaN}')
    append_line(builder.run.events, b'{"step": 1}')
    builder.run.samples.write_bytes(b"not json\n")

    state = source_of(builder).poll(builder.now)

    assert steps(state) == [100, 200, 300]
    assert np.isnan(state.frame.series("train_loss").values[1:]).all()
    assert state.bad_line_count == 5
    first = state.bad_lines[0]
    assert (first.file, first.number) == ("v1_token_bigdata_log.jsonl", 2)
    assert first.excerpt == "^@^[[31m\\xff"
    messages = [str(alert) for alert in state.alerts]
    assert "error: train_loss is not finite at step 300, 2 times in all" in messages
    assert "warning: 5 unreadable lines" in messages


def test_a_torn_last_line_waits_for_its_newline(tmp_path: Path) -> None:
    builder = RunBuilder(logs=tmp_path).write(1)
    with builder.run.log.open("ab") as file:
        file.write(b'{"step": 200, "train_')
    source = source_of(builder)
    torn = source.poll(builder.now)
    with builder.run.log.open("ab") as file:
        file.write(b'loss": 5.0}\n')
    whole = source.poll(builder.now)

    assert (steps(torn), torn.bad_line_count) == ([100], 0)
    assert (steps(whole), whole.latest["train_loss"]) == ([100, 200], 5.0)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(1, 400), max_size=12))
def test_any_cut_of_the_log_into_writes_gives_the_same_state(
    tmp_path_factory: pytest.TempPathFactory, cuts: list[int]
) -> None:
    builder = RunBuilder(logs=tmp_path_factory.mktemp("cut")).write(4)
    content = builder.run.log.read_bytes()
    builder.run.log.write_bytes(b"")
    source = source_of(builder)
    start = 0
    for size in cuts:
        with builder.run.log.open("ab") as file:
            file.write(content[start : start + size])
        start += size
        source.poll(builder.now)
    with builder.run.log.open("ab") as file:
        file.write(content[start:])

    state = source.poll(builder.now)

    assert (steps(state), state.bad_line_count) == ([100, 200, 300, 400], 0)


def test_a_truncated_log_is_read_anew_and_its_old_faults_are_forgotten(tmp_path: Path) -> None:
    builder = RunBuilder(logs=tmp_path).write(5)
    builder.raw_log(b"torn")
    source = source_of(builder)
    before = source.poll(builder.now)
    builder.run.log.write_bytes(b'{"step": 100, "train_loss": 1.0}\n')

    after = source.poll(builder.now)

    assert (before.bad_line_count, after.bad_line_count) == (1, 0)
    assert steps(after) == [100]
    assert steps(before) == [100, 200, 300, 400, 500]


def test_a_replaced_log_is_read_anew(tmp_path: Path) -> None:
    builder = RunBuilder(logs=tmp_path).write(5)
    source = source_of(builder)
    source.poll(builder.now)
    other = tmp_path / "other"
    other.write_bytes(b"".join(b'{"step": %d}\n' % step for step in range(1, 300)))
    other.replace(builder.run.log)

    assert len(complete(source, builder.now).frame) == 299


def test_after_a_resume_that_goes_back_the_newer_lines_win(tmp_path: Path) -> None:
    builder = RunBuilder(logs=tmp_path).write(10)
    source = source_of(builder)
    before = source.poll(builder.now)
    builder.step = 600
    builder.line(train_loss=1.5)

    after = source.poll(builder.now)

    assert steps(after) == [100, 200, 300, 400, 500, 600, 700]
    assert after.latest["train_loss"] == 1.5
    assert len(before.frame) == 10


def test_files_that_come_later_are_found(tmp_path: Path) -> None:
    builder = RunBuilder(logs=tmp_path)
    builder.heartbeat("starting")
    source = source_of(builder)
    early = source.poll(builder.now)
    builder.write(2)

    assert (early.health.phase, early.step) == (Phase.STARTING, 0)
    assert steps(source.poll(builder.now)) == [100, 200]


def test_a_deleted_folder_keeps_what_was_read_and_says_so(tmp_path: Path) -> None:
    builder = RunBuilder(logs=tmp_path).write(3)
    source = source_of(builder)
    source.poll(builder.now)
    shutil.rmtree(builder.run.path)

    state = source.poll(builder.now + 1)

    assert (state.health.phase, "gone" in state.health.reason) == (Phase.STALLED, True)
    assert steps(state) == [100, 200, 300]
    builder.run.path.mkdir()
    builder.write(1)
    assert source.poll(builder.now).health.phase is Phase.RUNNING


def test_a_long_log_shows_its_end_at_once_and_fills_in(tmp_path: Path) -> None:
    run = RunDir.of_experiment(tmp_path, "long")
    run.path.mkdir()
    write_long_log(run.log, 30_000)
    source = RunSource(run)

    first = source.poll(EPOCH)
    polls = 1
    while (state := source.poll(EPOCH)).is_loading:
        polls += 1

    assert first.is_loading
    assert first.step == 30_000
    assert first.latest["train_loss"] == pytest.approx(2.23, abs=0.1)
    assert 0 < len(first.frame) < 30_000
    assert polls > 2
    assert len(state.frame) == 30_000
    assert state.frame.series("train_loss").values.max() == 14.0


def test_a_killed_trainer_is_told_from_a_crashed_one(tmp_path: Path) -> None:
    trainer = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        created = psutil.Process(trainer.pid).create_time()
        builder = RunBuilder(logs=tmp_path, is_this_process=True).write(3)
        builder.heartbeat(pid=trainer.pid, process_created=created)
        source = RunSource(builder.run)
        running = source.poll(builder.now)
    finally:
        trainer.kill()
        trainer.communicate()
    killed = source.poll(builder.now + 2)
    builder.event("crash", "RuntimeError: CUDA out of memory")
    crashed = source.poll(builder.now + 2)

    assert running.health.phase is Phase.RUNNING
    assert killed.health.phase is Phase.KILLED
    assert killed.alerts[0].severity is Severity.ERROR
    assert (crashed.health.phase, "out of memory" in crashed.health.reason) == (Phase.CRASHED, True)


def test_a_trainer_that_ends_between_two_looks_is_never_called_killed(tmp_path: Path) -> None:
    builder = RunBuilder(logs=tmp_path).write(3)

    def ends_while_asked(_: RunInfo) -> bool:
        builder.finish()
        return False

    source = RunSource(builder.run, is_alive=ends_while_asked)

    assert [source.poll(builder.now).health.phase for _ in range(2)] == [Phase.FINISHED] * 2


def test_a_hung_trainer_is_stalled_though_its_heart_beats(tmp_path: Path) -> None:
    builder = RunBuilder(logs=tmp_path).write(30)
    source = source_of(builder)
    stepped_at = iso(builder.now)
    phases = []
    for seconds in (2, 50, 70):
        beat = iso(builder.now + seconds)
        builder.heartbeat(heartbeat=beat, step_time=stepped_at)
        phases.append(source.poll(builder.now + seconds + 1).health.phase)

    assert phases == [Phase.RUNNING, Phase.RUNNING, Phase.STALLED]


def test_training_that_goes_on_after_a_long_evaluation_is_no_stall(tmp_path: Path) -> None:
    builder = RunBuilder(logs=tmp_path).write(30)
    source = source_of(builder)
    stepped_at = iso(builder.now)
    phases = []
    for seconds, phase in ((300, "evaluating"), (302, "training"), (340, "training")):
        beat = iso(builder.now + seconds)
        builder.heartbeat(phase, heartbeat=beat, step_time=stepped_at)
        phases.append(source.poll(builder.now + seconds).health.phase)

    assert phases == [Phase.EVALUATING, Phase.RUNNING, Phase.RUNNING]


@pytest.mark.parametrize("skew_s", [-7200.0, 7200.0])
def test_a_remote_clock_that_is_off_does_not_deceive_for_long(
    tmp_path: Path, skew_s: float
) -> None:
    builder = RunBuilder(logs=tmp_path, is_this_process=False).write(3)
    source = RunSource(builder.run)
    now = builder.now - skew_s
    source.poll(now)
    builder.elapsed_s += 2
    builder.heartbeat()

    assert source.poll(now + 2).health.phase is Phase.RUNNING
    assert source.poll(now + 30).health.phase is Phase.RUNNING
    assert source.poll(now + 63).health.phase is Phase.STALLED


def test_a_validation_loss_that_no_model_reaches_is_an_alert(tmp_path: Path) -> None:
    builder = RunBuilder(logs=tmp_path)
    builder.start()
    builder.line(val_loss=0.0356, val_ppl=1.036, val_bpb=0.02)

    alerts = source_of(builder).poll(builder.now).alerts

    (alert,) = alerts
    assert alert.message == (
        "val_bpb 0.020 is too good to be true: check the causal mask (gate in run.json), "
        "the held-out split (tokmon data show), the samples"
    )


def test_a_trainer_that_waits_for_room_is_an_alert_until_it_goes_on(tmp_path: Path) -> None:
    builder = RunBuilder(logs=tmp_path).write(1)
    builder.event("disk_full", message="a.pt: No space left on device")
    alerts = source_of(builder).poll(builder.now).alerts
    builder.event("disk_room", message="there is room again")

    assert "disk full: a.pt: No space left on device" in [alert.message for alert in alerts]
    assert source_of(builder).poll(builder.now).alerts == ()


def test_a_full_disk_and_a_newer_schema_are_alerts(tmp_path: Path) -> None:
    builder = RunBuilder(logs=tmp_path).write(1)
    builder.system(disk_free_bytes=2**29)
    builder.heartbeat(schema_version=9)

    alerts = [str(alert) for alert in source_of(builder).poll(builder.now).alerts]

    assert alerts[0] == "error: disk nearly full: 0.5 GiB free"
    assert "schema 9" in alerts[1]


def test_output_of_any_bytes_is_followed_and_a_progress_bar_shows_its_last_state(
    tmp_path: Path,
) -> None:
    builder = RunBuilder(logs=tmp_path).write(1)
    builder.output("  1%|  \r 50%|##\r 99%|###")
    with builder.run.output_log.open("ab") as file:
        file.write(b"\xff\x00 Traceback [/x]\n")

    journal = source_of(builder).poll(builder.now).journal

    assert [entry.text for entry in journal][-2:] == [" 99%|###", "\\xff\x00 Traceback [/x]"]


def test_the_best_of_before_a_resume_is_known_by_its_sidecar(tmp_path: Path) -> None:
    builder = RunBuilder(logs=tmp_path).write(30)
    builder.step = 700
    builder.sidecar(builder.run.best, 1.25)
    builder.run.log.write_bytes(b"")
    builder.line(val_loss=3.0)

    best = source_of(builder).poll(builder.now).best

    assert best is not None
    assert (best.step, best.val_loss, best.file_step) == (700, 1.25, 700)


def test_a_checkpoint_of_the_best_step_keeps_what_the_log_knows_of_it(tmp_path: Path) -> None:
    builder = RunBuilder(logs=tmp_path)
    builder.start()
    record = builder.line(val_loss=3.0, val_ppl=20.0, val_bpb=1.5)
    builder.sidecar(builder.run.best, 2.9999)

    best = source_of(builder).poll(builder.now).best

    assert best is not None
    assert (best.step, best.val_bpb, best.val_ppl) == (record.step, 1.5, 20.0)


def test_a_log_that_is_gone_or_was_cut_is_told(tmp_path: Path) -> None:
    builder = RunBuilder(logs=tmp_path, is_this_process=True).write(5)
    source = RunSource(builder.run)
    content = builder.run.log.read_bytes()
    source.poll(builder.now)

    builder.run.log.unlink()
    gone = source.poll(builder.now)
    builder.run.log.write_bytes(content[: content.index(b"\n") + 1])
    back = source.poll(builder.now)
    builder.run.log.write_bytes(b"")
    cut = source.poll(builder.now)

    assert "the log is gone" in str(gone.alerts[0])
    assert not any("gone" in str(alert) for alert in back.alerts)
    assert any("cut or replaced" in str(alert) for alert in cut.alerts)


def test_a_writer_whose_clock_is_ahead_is_told(tmp_path: Path) -> None:
    builder = RunBuilder(logs=tmp_path, is_this_process=True).write(5)

    state = RunSource(builder.run).poll(builder.now - 7300)

    assert any("clock is 2 h ahead" in str(alert) for alert in state.alerts)
