"""Student's t and Welch's test, against closed forms and published tables."""

import math
from statistics import NormalDist

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokmon.monitor.welch import Welch, mean_interval, quantile, two_sided, welch

_DF = st.floats(0.5, 1e6)
_T = st.floats(0, 1e6)
_VALUES = st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=8)


@pytest.mark.parametrize("t", [1e-9, 0.1, 0.5, 1.0, 2.5, 40.0, 1e6])
def test_one_two_and_four_degrees_of_freedom_have_closed_forms(t: float) -> None:
    cauchy = 2 / math.pi * math.atan2(1, t)
    root = math.sqrt(2 + t * t)
    second = 2 / (root * (root + t))  # 1 - t / root, without the loss of digits
    s = t / math.sqrt(4 + t * t)
    fourth = 1 - s * (3 - s * s) / 2

    assert two_sided(t, 1) == pytest.approx(cauchy, rel=1e-12)
    assert two_sided(t, 2) == pytest.approx(second, rel=1e-12)
    assert two_sided(t, 4) == pytest.approx(fourth, rel=1e-9, abs=1e-13)


@pytest.mark.parametrize(
    ("df", "expected"),
    # Upper 2.5 % points of Student's t: Abramowitz and Stegun 1964, table 26.10.
    [(1, 12.706), (2, 4.303), (3, 3.182), (5, 2.571), (10, 2.228), (30, 2.042), (120, 1.980)],
)
def test_the_quantiles_are_those_of_the_tables(df: float, expected: float) -> None:
    assert quantile(0.95, df) == pytest.approx(expected, abs=0.0006)


def test_with_many_degrees_of_freedom_it_is_the_normal_distribution() -> None:
    assert two_sided(1.96, 1e9) == pytest.approx(2 * NormalDist().cdf(-1.96), rel=1e-6)


@given(_T, _T, _DF)
def test_a_larger_t_is_never_more_probable(first: float, second: float, df: float) -> None:
    low, high = sorted((first, second))

    assert 0 <= two_sided(high, df) <= two_sided(low, df) * (1 + 1e-9) <= 1 + 1e-9
    assert two_sided(-high, df) == two_sided(high, df)


@given(st.floats(0.01, 0.99), st.floats(1, 1e4))
def test_the_quantile_is_where_the_probability_is(confidence: float, df: float) -> None:
    assert two_sided(quantile(confidence, df), df) == pytest.approx(1 - confidence, rel=1e-6)


def test_a_worked_example() -> None:
    # t, df and p of these by hand: s^2/n = 1/3 and 4/3, t = 3 / sqrt(5/3),
    # df = (5/3)^2 / ((1/3)^2 / 2 + (4/3)^2 / 2).
    found = welch([1.0, 2.0, 3.0], [3.0, 5.0, 7.0])

    assert isinstance(found, Welch)
    assert found.difference == 3
    assert found.t == pytest.approx(3 / math.sqrt(5 / 3))
    assert found.df == pytest.approx((25 / 9) / ((1 / 9) / 2 + (16 / 9) / 2))
    assert found.p == pytest.approx(two_sided(found.t, found.df))
    assert found.low < 0 < found.high


@given(_VALUES, _VALUES)
def test_the_interval_holds_zero_where_p_is_above_a_twentieth(
    first: list[float], second: list[float]
) -> None:
    found = welch(first, second)

    if isinstance(found, str):
        return
    assert found.low <= found.difference <= found.high
    assert 0 < found.df <= len(first) + len(second) - 2 + 1e-6
    if abs(found.p - 0.05) > 1e-6:
        assert (found.low < 0 < found.high) == (found.p > 0.05)


@given(_VALUES, _VALUES)
def test_the_sides_can_be_exchanged(first: list[float], second: list[float]) -> None:
    one, other = welch(first, second), welch(second, first)

    if isinstance(one, str) or isinstance(other, str):
        assert one == other
        return
    assert other.p == pytest.approx(one.p, rel=1e-9)
    assert other.difference == pytest.approx(-one.difference, rel=1e-9, abs=1e-9)


def test_no_test_is_possible_with_one_seed_or_without_spread() -> None:
    assert "two seeds or more" in str(welch([1.0], [2.0, 3.0]))
    assert "on neither side do the seeds differ" in str(welch([1.0, 1.0], [2.0, 2.0]))


def test_the_interval_of_a_mean() -> None:
    assert mean_interval([1.0]) is None
    assert mean_interval([1.0, 1.0]) is None
    assert mean_interval([0.0, 2.0]) == pytest.approx((1 - 12.7062, 1 + 12.7062), abs=1e-4)
