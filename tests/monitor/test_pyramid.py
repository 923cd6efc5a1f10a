"""The extremes of any stretch, however the series came to be."""

import math

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tokmon.monitor.pyramid import Pyramid
from tokmon.monitor.series import Floats

any_value = st.one_of(st.just(math.nan), st.floats(-1e300, 1e300), st.sampled_from([0.0, -0.0]))
pieces = st.lists(any_value, max_size=90)
operations = st.lists(st.one_of(pieces, st.floats(0, 1)), max_size=8)
"""Values that are added, or the share that is kept when the log goes back."""


def brute(values: Floats, start: int, end: int) -> tuple[float, float]:
    finite = [value for value in values[start:end].tolist() if not math.isnan(value)]
    return (min(finite), max(finite)) if finite else (math.nan, math.nan)


@settings(deadline=None)
@given(operations, st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), max_size=12))
def test_any_stretch_of_any_history_has_the_extremes_of_its_values(
    history: list[list[float] | float], stretches: list[tuple[float, float]]
) -> None:
    pyramid, values = Pyramid(), np.empty(0)
    for operation in history:
        if isinstance(operation, float):
            values = values[: int(operation * len(values))].copy()
            pyramid.truncate(len(values))
        else:
            values = np.append(values, operation)
            pyramid.extend(values)
    bounds = [sorted((round(a * len(values)), round(b * len(values)))) for a, b in stretches]
    starts, ends = np.array(bounds, np.int64).reshape(-1, 2).T

    low, high = pyramid.spans(starts, ends)

    wanted = np.array([brute(values, *pair) for pair in bounds], float).reshape(-1, 2)
    np.testing.assert_array_equal(low, wanted[:, 0])
    np.testing.assert_array_equal(high, wanted[:, 1])
    np.testing.assert_array_equal(pyramid.whole(), brute(values, 0, len(values)))


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 1_000_000), st.floats(0, 1), st.lists(st.integers(1, 300_000), max_size=5))
def test_a_spike_among_a_million_is_found_in_each_stretch_that_holds_it(
    length: int, where: float, cuts: list[int]
) -> None:
    values = np.ones(length)
    at = int(where * (length - 1))
    values[at] = 7.0
    pyramid = Pyramid()
    for end in sorted({min(cut, length) for cut in cuts} | {length}):
        pyramid.extend(values[:end])
    reach = np.unique(np.geomspace(1, length, 60).astype(np.int64))

    _, high = pyramid.spans(np.maximum(0, at + 1 - reach), np.minimum(length, at + reach))
    _, beside = pyramid.spans(np.array([0, at + 1]), np.array([at, length]))

    assert (high == 7.0).all()
    assert not (beside == 7.0).any()


def test_it_takes_less_than_30_percent_of_the_series() -> None:
    values = np.random.default_rng(0).random(1_000_000)
    pyramid = Pyramid()

    pyramid.extend(values)

    assert pyramid.nbytes < 0.3 * values.nbytes
