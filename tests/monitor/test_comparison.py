"""Runs side by side: aligned, raced, told apart by their configuration."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokmon.monitor.alignment import (
    AlignedCurve,
    Along,
    Measure,
    curve,
    delta,
    reached,
    thinned,
)
from tokmon.monitor.compared import Compared, compared, results
from tokmon.monitor.config_difference import differences
from tokmon.monitor.history import History
from tokmon.monitor.races import axis_for, measure_for, races
from tokmon.monitor.remarks import remarks
from tokmon.monitor.series import Column
from tokmon.monitor.state import Best, Health, Phase, RunState
from tokmon.rundir.layout import RunDir
from tokmon.rundir.records import RunInfo

BASE: dict[str, Any] = {
    "experiment": "x",
    "seed": 1,
    "optim": {"lr": 3e-4, "betas": [0.9, 0.95]},
    "schedule": {"steps": 100},
}


def run(steps: list[int], config: dict[str, Any] | None = None, **columns: list[float]) -> Compared:
    """A run whose log has these columns; NaN where nothing stood."""
    history = History(("train_loss",))
    arrays = {key: np.array(values, dtype=np.float64) for key, values in columns.items()}
    history.extend(
        np.array(steps), {key: Column(value, ~np.isnan(value)) for key, value in arrays.items()}
    )
    val = columns.get("val_loss", [])
    best = Best(step=1, val_loss=min(val), val_ppl=1.0) if val else None
    info = None if config is None else info_of(config)
    health = Health(Phase.FINISHED, "done")
    state = RunState(
        run=RunDir(Path("train_x"), "x"),
        now=0.0,
        health=health,
        frame=history.frame(),
        best=best,
        info=info,
    )
    return compared(state)


def info_of(config: dict[str, Any], corpus: str = "c", tokenizer: str = "t") -> RunInfo:
    return RunInfo(
        experiment="x",
        config=config,
        corpus={"fingerprint": corpus},
        tokenizer={"sha256": tokenizer},
    )


def told(runs: list[Compared], reference: int = 0) -> list[str]:
    return [race.in_words() for race in races(runs, reference, Along.TOKENS)]


def test_who_is_faster_is_told_in_tokens() -> None:
    slow = run([1, 2, 3], tokens=[1e6, 2e6, 4e6], val_loss=[5.0, 4.0, 3.0])
    fast = run([1, 2, 3], tokens=[1e6, 2e6, 3e6], val_loss=[3.5, 2.5, 2.0])

    assert told([slow, fast]) == [
        "B reached A's lowest validation loss, 3.000, at 38 % of A's tokens (1.50M against 4.00M)"
    ]


def test_what_was_never_reached_is_said_with_the_other_way_round() -> None:
    good = run([1, 2], tokens=[1e6, 2e6], val_loss=[3.0, 2.0])
    bad = run([1, 2], tokens=[1e6, 2e6], val_loss=[5.0, 4.0])

    assert told([good, bad]) == [
        "B never reached A's lowest validation loss, 2.000; its own lowest is 4.000",
        "A reached B's lowest validation loss, 4.000, at 50 % of B's tokens (1.00M against 2.00M)",
    ]


def test_lows_that_differ_do_not_look_alike() -> None:
    runs = [run([1], val_loss=[2.35701]), run([1], val_loss=[2.35702])]

    assert told(runs)[0].endswith("2.357010; its own lowest is 2.357020")


def test_without_tokens_steps_are_counted_and_without_validation_the_train_loss() -> None:
    runs = [run([10, 20], train_loss=[4.0, 3.0]), run([10, 20], train_loss=[3.0, 2.0])]

    assert measure_for(runs) is Measure.TRAIN
    assert axis_for(runs, Along.TOKENS, Measure.TRAIN) is Along.STEP
    assert "train loss (averaged)" in told(runs)[0]
    assert "A's steps" in told(runs)[0]


def test_runs_without_any_loss_have_no_race() -> None:
    assert told([run([]), run([1], lr=[0.1]), run([1], train_loss=[2.0])]) == []


def test_bits_per_byte_are_compared_where_the_tokenizers_differ() -> None:
    runs = [run([1], val_loss=[3.0], val_bpb=[1.5]), run([1], val_loss=[2.0], val_bpb=[1.6])]
    infos = [info_of(BASE), info_of(BASE, corpus="d", tokenizer="u")]
    for one, info in zip(runs, infos, strict=True):
        object.__setattr__(one.state, "info", info)

    assert measure_for(runs) is Measure.BPB
    assert [remark.split(":")[0] for remark in remarks(runs)] == [
        "the corpora differ",
        "the tokenizers differ",
    ]


def test_seeds_of_one_config_are_recognised_with_their_spread() -> None:
    runs = [
        run([1], BASE | {"seed": seed}, val_loss=[loss])
        for seed, loss in ((1, 3.0), (2, 3.1), (3, 3.2))
    ]
    other = run([1], BASE | {"seed": 4, "optim": {"lr": 1e-3}}, val_loss=[2.0])

    seeds = "A, B and C are one config with 3 seeds"
    spread = "best validation loss: mean 3.100, standard deviation 0.1"
    assert remarks([*runs, other]) == (f"{seeds}; {spread}",)


def test_only_keys_that_differ_are_shown_and_a_missing_key_is_not_null() -> None:
    first = BASE | {"experiment": "a", "extra": None}
    second = {**BASE, "experiment": "b", "optim": {"lr": 1e-3, "betas": [0.9, 0.95]}}

    found = differences([info_of(first), info_of(second), None])

    by_key = {difference.key: difference.values for difference in found}
    assert by_key["optim.lr"] == ("0.0003", "0.001", None)
    assert by_key["extra"] == ("null", None, None)
    assert "experiment" not in by_key
    assert [d.key for d in differences([info_of(first), info_of(second)])] == ["optim.lr", "extra"]


@pytest.mark.parametrize(
    ("one", "other"), [(1, True), (0, False), ("1", 1), ([1], [2]), ({}, None)]
)
def test_values_differ_as_they_do_in_json(one: object, other: object) -> None:
    assert differences([info_of({"k": one}), info_of({"k": other})])
    assert not differences([info_of({"k": one}), info_of({"k": one})])


def test_whole_and_decimal_numbers_are_equal() -> None:
    assert not differences([info_of({"k": 1}), info_of({"k": 1.0})])


def test_steps_that_have_no_place_on_the_axis_are_left_out() -> None:
    columns = {"tokens": [10.0, np.nan, 9.0, 40.0], "val_loss": [4.0, 3.0, 2.0, 1.0]}
    frame = run([1, 2, 3, 4], **columns).state.frame

    found = curve(frame, Measure.VALIDATION, Along.TOKENS)

    assert (found.x.tolist(), found.y.tolist()) == ([10.0, 40.0], [4.0, 1.0])


def test_time_is_relative_where_only_the_clock_is_logged() -> None:
    frame = run([1, 2], time=[1e9, 1e9 + 5], val_loss=[2.0, 1.0]).state.frame

    assert curve(frame, Measure.VALIDATION, Along.TIME).x.tolist() == [0.0, 5.0]


def test_a_difference_is_taken_within_the_common_range() -> None:
    reference = AlignedCurve(np.array([10.0, 20.0]), np.array([4.0, 2.0]))
    other = AlignedCurve(np.array([5.0, 15.0, 25.0]), np.array([9.0, 2.0, 1.0]))

    found = delta(other, reference)

    assert (found.x.tolist(), found.y.tolist()) == ([15.0], [-1.0])
    assert not len(delta(AlignedCurve(), reference))


def test_results_are_taken_over_the_whole_run() -> None:
    found = results(
        [run([1, 2], tokens=[50.0, 100.0], elapsed_s=[1.0, 4.0], train_loss=[3.0, 2.0])]
    )

    assert (found[0].label, found[0].best_val_loss) == ("A", None)
    assert found[0].train_loss == pytest.approx((0.8 * 0.2 * 3 + 0.2 * 2) / 0.36)


_POINTS = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=300)


@given(_POINTS, st.integers(2, 50))
def test_thinning_keeps_the_extremes_and_the_bound(values: list[float], points: int) -> None:
    whole = AlignedCurve(np.arange(float(len(values))), np.array(values))

    few = thinned(whole, points)

    assert (few.y.min(), few.y.max()) == (whole.y.min(), whole.y.max())
    assert len(few) <= max(points, 1) + 2
    assert np.all(np.diff(few.x) > 0)


@given(_POINTS, st.floats(-1e6, 1e6))
def test_a_level_is_reached_between_the_point_above_and_the_one_below(
    values: list[float], level: float
) -> None:
    whole = AlignedCurve(np.arange(float(len(values))), np.array(values))

    x = reached(whole, level)

    below = [index for index, value in enumerate(values) if value <= level]
    assert (x is None) == (not below)
    if x is not None:
        assert below[0] - 1 <= x <= below[0]
