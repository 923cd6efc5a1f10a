"""What a report is made from: rows, observations, timeline, files, config."""

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.monitor.alert_frames import START, frame_of
from tests.monitor.states import state_of
from tests.report.told_runs import TOML, ToldRun, crashed, finished, resumed, running
from tests.report.told_runs import state_of as state_of_run
from tokmon.monitor import reference
from tokmon.monitor.config_search import find_config
from tokmon.monitor.observations import (
    Belief,
    loss_fall,
    plausibility,
    throughput,
    validation_trend,
)
from tokmon.monitor.output_files import FileKind, is_of_run, output_files
from tokmon.monitor.progress_rows import CAPACITY, at_steps, progress_rows
from tokmon.monitor.schedule_phase import schedule_phase
from tokmon.monitor.series import Frame
from tokmon.monitor.state import Best, Phase
from tokmon.monitor.timeline import MAX_TURNS, Mark, timeline, turns_left_out
from tokmon.rundir.records import Event, RunInfo, iso


@given(st.integers(0, 2000), st.integers(1, 40), st.integers(0, 2000))
def test_progress_rows_are_few_ascending_and_hold_the_ends_and_the_best(
    lines: int, every: int, best: int
) -> None:
    values = [2.0 + 1 / (index + 1) for index in range(lines)]
    validation = [value if index % every == 0 else None for index, value in enumerate(values)]
    frame = frame_of(train_loss=values, val_loss=validation) if lines else Frame()
    best_step = 100 * best if 0 < best <= lines else None

    rows = progress_rows(frame, best_step)

    steps = [row.step for row in rows]
    assert steps == sorted(set(steps))
    assert len(rows) <= CAPACITY + 1
    if lines:
        assert (steps[0], steps[-1]) == (100, 100 * lines)
        assert [row.step for row in rows if row.is_best] == ([best_step] if best_step else [])
        assert len(rows) == lines or len(rows) > CAPACITY // 2


def test_rows_in_between_stand_where_evaluations_were() -> None:
    frame = frame_of(
        train_loss=[3.0] * 300,
        val_loss=[3.1 if index % 7 == 6 else None for index in range(300)],
    )

    middle = [row for row in progress_rows(frame) if 500 < row.step < 29_000]

    assert middle
    assert all("val_loss" in row.values for row in middle if row.step > 1_000)


def test_a_metric_between_two_lines_is_on_a_straight_line_and_nowhere_else() -> None:
    frame = frame_of(train_loss=[4.0, 3.0, math.nan, 1.0])

    found = at_steps(frame, "train_loss", (50, 100, 150, 300, 400, 500))

    np.testing.assert_array_equal(found, [np.nan, 4.0, 3.5, 2.0, 1.0, np.nan])


def test_the_fall_of_the_loss_leaves_out_what_is_not_finite() -> None:
    fall = loss_fall(frame_of(train_loss=[math.nan, 10.0, 5.0, 2.0, math.nan]))

    assert fall
    assert (fall.first_step, fall.last_step, fall.share) == (200, 400, 0.8)
    assert fall.ppl_factor == pytest.approx(math.exp(8))
    assert loss_fall(frame_of(train_loss=[math.nan, 3.0])) is None
    assert loss_fall(frame_of(train_loss=[1e300, -1e300])) is not None


@given(st.lists(st.floats(), max_size=40))
def test_no_speed_breaks_the_rule_for_it(values: list[float]) -> None:
    frame = frame_of(steps_per_sec=values) if values else Frame()

    found = throughput(frame)

    assert found is None or found.low <= found.steps_per_sec <= found.high


def test_the_start_of_a_run_does_not_make_it_unsteady() -> None:
    speeds = [5.0] * 4 + [28.0, 28.3, 28.6] * 20

    found = throughput(frame_of(steps_per_sec=speeds))

    assert found
    assert found.is_stable
    assert found.slowest == 28.0


@pytest.mark.parametrize(
    ("val_loss", "bpb", "belief"),
    [
        (0.0356, 0.0225, Belief.TOO_GOOD),
        (0.0356, None, Belief.TOO_GOOD),
        (1.9, 1.2, Belief.PLAUSIBLE),
        (1.9, None, Belief.PLAUSIBLE),
        (2.9, 1.88, Belief.WEAK),
    ],
)
def test_the_lowest_validation_loss_is_held_against_what_is_possible(
    val_loss: float, bpb: float | None, belief: Belief
) -> None:
    best = Best(step=100, val_loss=val_loss, val_ppl=math.exp(val_loss), val_bpb=bpb)

    found = plausibility(state_of([3.0], best=best))

    assert found
    assert found.belief is belief


def test_evaluations_since_the_best_are_counted() -> None:
    frame = frame_of(train_loss=[3.0] * 4, val_loss=[3.0, 2.5, 2.6, 2.7])
    best = Best(step=200, val_loss=2.5, val_ppl=12.2)

    found = validation_trend(state_of([3.0] * 4, frame=frame, best=best))

    assert found
    assert (found.since_best, found.latest, found.is_rising) == (2, 2.7, False)


@pytest.mark.parametrize(
    ("losses", "is_overfitting"),
    [
        ([3.0, 2.5, 2.49, 2.51, 2.5, 2.5], False),
        ([3.0, 2.5, 2.51, 2.53, 2.52, 2.54], True),
        ([3.0, 2.5, 2.7, 2.6], False),
    ],
)
def test_a_slow_rise_counts_after_some_evaluations(
    losses: list[float], is_overfitting: bool
) -> None:
    frame = frame_of(train_loss=[3.0] * len(losses), val_loss=losses)
    lowest = min(losses)
    best = Best(step=100 * (losses.index(lowest) + 1), val_loss=lowest, val_ppl=math.exp(lowest))

    found = validation_trend(state_of(losses, frame=frame, best=best))

    assert found
    assert found.is_overfitting is is_overfitting


@pytest.mark.parametrize(
    ("step", "is_warmup", "share"), [(500, True, 0.25), (2_000, False, 0.0), (6_000, False, 0.5)]
)
def test_the_schedule_has_two_phases(step: int, is_warmup: bool, share: float) -> None:
    lines = step // 100
    frame = frame_of(train_loss=[3.0] * lines, lr=[1e-4] * lines)

    found = schedule_phase(state_of([3.0] * lines, frame=frame))

    assert found
    assert (found.is_warmup, found.share) == (is_warmup, share)


@pytest.mark.parametrize("lr", [math.inf, 10**400, True, "fast", None])
def test_a_peak_that_is_no_number_is_the_log_s(lr: object) -> None:
    frame = frame_of(train_loss=[3.0], lr=[1e-4])
    info = RunInfo(experiment="x", config={"optim": {"lr": lr}})

    found = schedule_phase(state_of([3.0], frame=frame, info=info))

    assert found
    assert found.peak_lr == 1e-4


def test_the_timeline_of_a_resumed_run_is_in_the_order_of_the_clock(tmp_path: Path) -> None:
    builder = resumed(tmp_path)

    stations = timeline(state_of_run(builder.run, builder.now + 1))

    names = [(station.name, str(station.mark)) for station in stations]
    assert names == [
        ("started", "done"),
        ("warm-up", "done"),
        ("last checkpoint", "done"),
        ("resumed", "done"),
        ("best so far", "done"),
        ("20%", "expected"),
        ("50%", "expected"),
        ("100%", "expected"),
    ]
    times = [station.time for station in stations]
    assert times == sorted(time for time in times if time is not None)


def test_what_a_crashed_run_did_not_reach_is_said(tmp_path: Path) -> None:
    builder = crashed(tmp_path)

    stations = timeline(state_of_run(builder.run, builder.now + 1))

    assert [station.name for station in stations if station.mark is Mark.MISSED] == [
        "20%",
        "50%",
        "100%",
    ]
    assert "crashed" in [station.name for station in stations]


def test_a_killed_run_has_its_last_sign_of_life(tmp_path: Path) -> None:
    builder = running(tmp_path)
    state = state_of_run(builder.run, builder.now + 1, is_alive=False)

    last = [one for one in timeline(state) if one.name == "last sign of life"]

    assert state.health.phase is Phase.KILLED
    assert last[0].time == pytest.approx(builder.now, abs=0.01)


def test_only_the_newest_turns_are_told() -> None:
    events = tuple(
        Event(event="resume", step=index, time=iso(START + index)) for index in range(40)
    )
    state = state_of([3.0], events=events)

    resumes = [one for one in timeline(state) if one.name == "resumed"]

    assert [one.step for one in resumes] == list(range(40 - MAX_TURNS, 40))
    assert turns_left_out(state) == 40 - MAX_TURNS


def test_every_file_of_a_run_is_listed_with_its_size(tmp_path: Path) -> None:
    builder = finished(tmp_path)
    (builder.run.path / "notes.txt").write_bytes(b"x" * 10)
    builder.run.superseded.mkdir()
    (builder.run.superseded / "old.pt").write_bytes(b"x" * 7)
    (builder.run.path / ".v1_token_bigdata_run.json.1.tmp").write_bytes(b"x")

    found = output_files(builder.run)

    on_disk = [path for path in builder.run.path.iterdir() if path.suffix != ".tmp"]
    assert {file.path for file in found.files} == {*on_disk, builder.run.output_log}
    by_name = {file.path.name: file for file in found.files}
    assert (by_name["notes.txt"].kind, by_name["notes.txt"].size) == (FileKind.OTHER, 10)
    assert (by_name["superseded"].kind, by_name["superseded"].size) == (FileKind.FOLDER, 7)
    assert by_name["v1_token_bigdata_step5000.pt"].step == 5_000
    assert by_name["v1_token_bigdata_best.json"].kind is FileKind.SIDECAR
    assert found.faults == ()


def test_what_the_trainer_writes_is_told_from_the_rest(tmp_path: Path) -> None:
    builder = finished(tmp_path)
    run = builder.run

    own = (run.log, run.best, run.lock, run.step_checkpoint(5_000), run.output_log)
    assert all(is_of_run(path, run) for path in own)
    assert is_of_run(tmp_path / "x" / ".." / run.path.name / run.log.name, run)
    assert not is_of_run(run.path / "report.md", run)


def test_a_folder_that_is_gone_has_no_files_and_says_why(tmp_path: Path) -> None:
    run = ToldRun(logs=tmp_path).run
    run.path.rmdir()

    found = output_files(run)

    assert found.files == ()
    assert len(found.faults) == 1


def test_the_config_most_alike_is_found_and_what_differs(tmp_path: Path) -> None:
    (tmp_path / "configs").mkdir()
    (tmp_path / "other.toml").write_text('experiment = "other"')
    (tmp_path / "torn.toml").write_text("[")
    (tmp_path / "odd.toml").write_bytes(b"\xff\xfe")
    (tmp_path / "a.toml").write_text(TOML.replace("2000", "7"))
    (tmp_path / "configs" / "b.toml").write_text(TOML)
    config = {"optim": {"lr": 1e-3}, "schedule": {"steps": 600, "warmup": 2000}, "x": 1}

    found = find_config("v1_token_bigdata", config, tmp_path)

    assert found
    assert found.path == tmp_path / "configs" / "b.toml"
    assert found.overrides == ("optim.lr=0.001", "schedule.steps=600")
    assert find_config("nobody", config, tmp_path) is None


def test_the_reference_s_settings_are_those_of_its_config() -> None:
    import tomllib

    config = tomllib.loads(Path("configs/v1_token_bigdata.toml").read_text(encoding="utf-8"))

    assert reference.differing_settings(config) == {}
    for key in reference.SETTINGS:
        section, name = key.split(".")
        assert name in config[section], key


def test_the_reference_s_perplexities_are_its_losses() -> None:
    for line in reference.LINES:
        assert math.exp(line.train_loss) == pytest.approx(line.train_ppl, rel=0.01)
    assert math.exp(reference.EARLIER_LOSS) == pytest.approx(reference.EARLIER_PPL, abs=0.001)
    assert reference.bits_per_byte(reference.EARLIER_PPL, 2.29) == pytest.approx(0.0223, abs=1e-4)


def test_settings_that_are_not_there_or_of_another_kind_do_not_count() -> None:
    assert reference.differing_settings({}) == {}
    assert reference.differing_settings({"model": 3, "optim": {"lr": "fast"}}) == {
        "optim.lr": "fast"
    }
