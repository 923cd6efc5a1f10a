"""The rate counts what recurs and forgets what does not."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokmon.monitor.eta import Eta, foretell, line_interval_s, predict, seconds_per_step
from tokmon.monitor.pace import Pause, pace
from tokmon.monitor.series import Column, Frame
from tokmon.rundir.records import Event, iso

START = 1_790_000_000.0


def frame(durations_s: list[float], key: str = "elapsed_s") -> Frame:
    seconds = np.cumsum([0.0, *durations_s])
    steps = np.arange(1, len(seconds) + 1, dtype=np.int64) * 100
    return Frame(steps, {key: Column(seconds, np.ones(len(seconds), bool))})


def test_evaluations_that_recur_count_in_full() -> None:
    # 100 steps take 4 s; every fifth line an evaluation adds 2 s.
    pace = seconds_per_step(frame([4, 4, 4, 4, 6] * 20))

    assert pace == pytest.approx((4 * 5 + 2) / 500)


def test_one_suspended_laptop_does_not_count() -> None:
    durations = [4.0] * 60
    durations[30] = 3 * 3600.0

    assert seconds_per_step(frame(durations)) == pytest.approx(0.04)


def test_a_change_of_speed_is_followed_within_twenty_lines() -> None:
    pace = seconds_per_step(frame([4.0] * 200 + [8.0] * 20))

    assert pace == pytest.approx(0.08, rel=0.1)


def test_wall_time_serves_where_training_seconds_are_not_logged() -> None:
    assert seconds_per_step(frame([4.0] * 5, key="time")) == pytest.approx(0.04)
    assert line_interval_s(frame([4.0] * 5, key="time")) == 4.0


@pytest.mark.parametrize("durations", [[], [0.0, 0.0], [-5.0], [float("nan")]])
def test_no_rate_is_invented(durations: list[float]) -> None:
    assert seconds_per_step(frame(durations)) is None


def test_the_end_has_a_duration_and_a_clock_time() -> None:
    eta = predict(step=900, max_steps=1000, seconds_per_step=0.5, now=1000.0)

    assert eta is not None
    assert (eta.remaining_s, eta.ends_at, eta.in_words()) == (50.0, 1050.0, "50 s")
    assert predict(step=1, max_steps=9, seconds_per_step=None, now=0) is None


def paused(lines: int, eval_every: int, save_every: int) -> tuple[Frame, list[Event]]:
    """A line takes 4 s, an evaluation 6 s, a checkpoint 20 s after its line."""
    numbers = np.arange(1, lines + 1)
    is_evaluated, is_saved = numbers % eval_every == 0, numbers % save_every == 0
    durations = 4.0 + 6.0 * is_evaluated
    durations[1:] += 20.0 * is_saved[:-1]
    elapsed_s = np.cumsum(durations)
    present = np.ones(lines, bool)
    columns = {
        "elapsed_s": Column(elapsed_s, present),
        "time": Column(START + elapsed_s, present),
        "val_loss": Column(np.where(is_evaluated, 3.0, np.nan), is_evaluated),
    }
    events = [
        Event(event="checkpoint", step=int(number) * 100, time=iso(START + end + 20))
        for number, end in zip(numbers[is_saved], elapsed_s[is_saved], strict=True)
    ]
    return Frame(numbers * 100, columns), events


def test_evaluations_and_checkpoints_to_come_are_counted() -> None:
    found = pace(*paused(100, 5, 20))

    assert found is not None
    assert found.step_s == pytest.approx(0.04)
    assert [(one.every_steps, one.duration_s) for one in found.pauses] == [(500, 6), (2000, 20)]
    # 3,100 steps, evaluations at 10,500 to 13,000, checkpoints just after 10,000 and 12,000.
    eta = foretell(found, step=10_000, until=13_100, now=0.0)
    assert eta is not None
    assert eta.remaining_s == pytest.approx(3_100 * 0.04 + 6 * 6 + 2 * 20)


def test_a_pause_that_is_due_counts_until_it_has_been() -> None:
    pause = Pause(last_step=1_000, every_steps=500, duration_s=6)

    assert [pause.count(step, 2_000) for step in (1_000, 1_499, 1_501, 2_000)] == [2, 2, 1, 0]


def test_the_range_holds_the_estimate_and_narrows_with_a_steady_log() -> None:
    young, old = pace(frame([4.0, 4.1, 3.9])), pace(frame([4.0, 4.1, 3.9, 4.0] * 100))
    spans = []
    for found in (young, old):
        eta = foretell(found, step=40_000, until=80_000, now=0.0)
        assert eta is not None
        assert eta.earliest_s <= eta.remaining_s <= eta.latest_s
        spans.append(eta.latest_s / eta.earliest_s)

    assert spans[0] > 3
    assert spans[1] < 1.2


def test_a_pace_that_wanders_has_a_wider_range_the_farther_it_is_foretold() -> None:
    walk = np.cumsum(np.random.default_rng(2).normal(0, 0.05, 400))
    found = pace(frame(list(4 * np.exp(walk))))

    assert found is not None
    near, far = found.spread.sigma(1_000), found.spread.sigma(100_000)
    assert far > 1.5 * near


@given(st.lists(st.floats(0.001, 1e6), min_size=1, max_size=80), st.integers(0, 10**9))
def test_no_log_makes_the_range_lie_beside_the_estimate(durations: list[float], left: int) -> None:
    eta = foretell(pace(frame(durations)), step=0, until=left, now=0.0)

    if eta is not None:
        assert 0 <= eta.earliest_s <= eta.remaining_s * (1 + 1e-9)
        assert eta.remaining_s <= eta.latest_s * (1 + 1e-9)


def test_the_range_reads_as_two_durations_or_as_one() -> None:
    assert Eta(60.0, 0.0, 50.0, 75.0).range_in_words() == "50 s to 1 min 15 s"
    assert Eta(60.0, 0.0).range_in_words() == "1 min 00 s"
