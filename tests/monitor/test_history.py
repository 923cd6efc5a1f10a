"""Columns that grow, rewind, and never change under those who look at them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokmon.monitor import history as history_module
from tokmon.monitor.history import History
from tokmon.monitor.series import Column, Frame


def extend(history: History, steps: list[int], **metrics: list[float | None]) -> None:
    """Append lines; None stands for null."""
    columns = {
        key: Column(np.array(values, float), np.ones(len(values), bool))
        for key, values in metrics.items()
    }
    history.extend(np.array(steps, np.int64), columns)


def points(frame: Frame, key: str = "loss") -> list[tuple[int, float]]:
    series = frame.series(key)
    return list(zip(series.steps.tolist(), series.values.tolist(), strict=True))


def newest_wins(steps: list[int]) -> list[int]:
    """The plain rule: a step that does not ascend drops all from it on; values are line numbers."""
    kept: list[tuple[int, int]] = []
    for number, step in enumerate(steps):
        kept = [*(point for point in kept if point[0] < step), (step, number)]
    return kept


@given(st.lists(st.integers(0, 12), max_size=40), st.integers(1, 7))
def test_any_cut_into_batches_gives_newest_wins(steps: list[int], size: int) -> None:
    history = History(("loss",))
    for start in range(0, len(steps), size):
        batch = steps[start : start + size]
        extend(history, batch, loss=[float(start + i) for i in range(len(batch))])
        history.frame()

    assert points(history.frame()) == newest_wins(steps)


def test_a_snapshot_stays_as_it_was_when_the_log_goes_back_and_on() -> None:
    history = History(("loss",))
    extend(history, [1, 2, 3], loss=[5.0, 4.0, 3.0])
    before = history.frame()

    extend(history, [2, 3, 4], loss=[9.0, 8.0, 7.0])
    extend(history, list(range(5, 900)), loss=[1.0] * 895)

    assert points(before) == [(1, 5.0), (2, 4.0), (3, 3.0)]
    assert before.smoothed["loss"].shape == (3,)
    assert points(history.frame())[:4] == [(1, 5.0), (2, 9.0), (3, 8.0), (4, 7.0)]
    assert history.rewinds == 1
    with pytest.raises(ValueError, match="read-only"):
        before.steps[0] = 7


def test_the_average_after_a_rewind_is_that_of_an_uninterrupted_log() -> None:
    rewound, straight = History(("loss",)), History(("loss",))
    extend(rewound, [1, 2, 3, 4], loss=[5.0, 4.0, np.nan, 100.0])
    extend(rewound, [4, 5], loss=[3.0, 2.0])
    extend(straight, [1, 2, 3, 4, 5], loss=[5.0, 4.0, np.nan, 3.0, 2.0])

    np.testing.assert_allclose(
        rewound.frame().smoothed["loss"], straight.frame().smoothed["loss"], rtol=1e-12
    )


def test_null_is_a_gap_and_an_absent_key_is_not() -> None:
    history = History()
    extend(history, [1, 2], loss=[5.0, np.nan])
    extend(history, [3], other=[1.0])
    extend(history, [4], loss=[3.0])

    series = history.frame().series("loss")

    assert series.steps.tolist() == [1, 2, 4]
    assert np.isnan(series.values[1])
    assert points(history.frame(), "other") == [(3, 1.0)]


def test_a_key_of_the_dropped_lines_does_not_shine_through() -> None:
    history = History()
    extend(history, [1, 2], loss=[5.0, 4.0], val=[6.0, 5.0])
    extend(history, [2], loss=[9.0])

    assert points(history.frame(), "val") == [(1, 6.0)]


def test_a_log_whose_keys_never_end_does_not_fill_the_memory() -> None:
    history = History()
    for step in range(history_module.MAX_METRICS + 5):
        extend(history, [step], **{f"key{step}": [1.0]})

    assert len(history.frame().columns) == history_module.MAX_METRICS
    assert len(history.refused_keys) == 5
