"""The rate counts what recurs and forgets what does not."""

import numpy as np
import pytest

from tokmon.monitor.eta import line_interval_s, predict, seconds_per_step
from tokmon.monitor.series import Column, Frame


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
