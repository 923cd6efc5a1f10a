"""The rows of a short table."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tokmon.monitor.milestones import milestones


@given(st.lists(st.integers(1, 10**6), unique=True), st.integers(0, 30))
def test_it_fills_its_room_with_ascending_rows_and_the_newest(
    steps: list[int], capacity: int
) -> None:
    array = np.array(sorted(steps), np.int64)

    rows = milestones(array, capacity)

    assert len(rows) == min(capacity, len(steps))
    assert rows == sorted(set(rows))
    assert not rows or rows[-1] == len(steps) - 1


def test_early_round_and_latest_steps_are_chosen() -> None:
    steps = np.arange(1, 501) * 100

    rows = [int(steps[row]) for row in milestones(steps, 12)]

    assert rows[:4] == [100, 200, 300, 400]
    assert {500, 50_000, 49_900, 49_800} <= set(rows)
    assert any(step in {1_000, 2_000, 5_000, 10_000} for step in rows)
