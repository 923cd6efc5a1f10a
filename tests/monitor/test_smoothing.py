"""The debiased average against its formula."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tokmon.monitor.smoothing import DebiasedEma

finite = st.floats(-1e6, 1e6)


@given(st.lists(finite, min_size=1, max_size=50), st.integers(1, 50))
def test_it_is_the_weighted_mean_of_all_values_however_they_are_cut(
    values: list[float], cut: int
) -> None:
    ema = DebiasedEma(0.9)
    array = np.array(values)

    smoothed = np.concatenate([ema.extend(array[:cut]), ema.extend(array[cut:])])

    weights = 0.9 ** np.arange(len(values))[::-1]
    expected = (weights * array).sum() / weights.sum()
    np.testing.assert_allclose(smoothed[-1], expected, rtol=1e-9, atol=1e-6)


def test_the_first_average_is_the_first_value() -> None:
    assert DebiasedEma(0.99).extend(np.array([9.8])).tolist() == [9.8]


def test_what_is_not_finite_leaves_a_gap_and_no_trace() -> None:
    smoothed = DebiasedEma(0.5).extend(np.array([2.0, np.nan, np.inf, 2.0]))

    assert np.isnan(smoothed[1:3]).all()
    assert smoothed[3] == 2.0
