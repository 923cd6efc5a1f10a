"""Curves as tables: round places, the ends of runs, nothing outside of a log."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.monitor.test_comparison import run
from tokmon.monitor.alignment import AlignedCurve, Along, Measure
from tokmon.monitor.side_by_side import MAX_PLACES, aligned, is_one_scale, places_for, value_at


def line(*x: float) -> AlignedCurve:
    return AlignedCurve(np.array(x), np.arange(len(x), dtype=np.float64))


def test_places_are_round_and_the_ends_of_the_runs_are_among_them() -> None:
    assert places_for([line(10, 6000), line(20, 2500)], Along.STEP) == (
        *(20, 50, 100, 500, 1000, 2000, 2500, 5000, 6000),
    )


def test_ends_that_are_close_make_one_row() -> None:
    assert places_for([line(1, 1000), line(1, 1010)], Along.STEP)[-1] == 1000


def test_places_of_time_are_those_of_a_clock() -> None:
    places = places_for([line(1, 7200)], Along.TIME)

    assert {600.0, 2700.0} & set(places)
    assert places[-1] == 7200


def test_a_value_is_none_where_the_log_does_not_reach() -> None:
    curve = line(10, 20)

    assert [value_at(curve, x) for x in (9, 10, 15, 20, 21)] == [None, 0.0, 0.5, 1.0, None]
    assert value_at(AlignedCurve(), 1) is None


def test_the_train_loss_stands_at_the_places_of_the_validation_loss() -> None:
    runs = [
        run([10, 20, 30], train_loss=[5.0, 4.0, 3.0], val_loss=[5.0, 4.0, 3.5]),
        run([10, 20, 30], train_loss=[6.0, 5.0, 4.0], val_loss=[6.0, 5.0, 4.5]),
    ]

    found = aligned(runs, (Measure.VALIDATION, Measure.TRAIN), Along.STEP)

    assert found.places[-1] == 30
    assert found.values[Measure.VALIDATION][-1] == (3.5, 4.5)
    assert len(found.values[Measure.TRAIN]) == len(found.places)


def test_no_places_without_the_measure_or_the_axis() -> None:
    runs = [run([1, 2], train_loss=[2.0, 1.0])] * 2

    assert aligned(runs, (Measure.VALIDATION,), Along.STEP).places == ()
    assert aligned(runs, (Measure.TRAIN,), Along.TOKENS).places == ()


def test_one_scale_is_told_from_two() -> None:
    small = run([1, 2], tokens=[10.0, 20.0], train_loss=[2.0, 1.0])
    large = run([1, 2], tokens=[40.0, 80.0], train_loss=[2.0, 1.0])

    assert is_one_scale([small, small])
    assert not is_one_scale([small, large])
    assert not is_one_scale([small, run([1], train_loss=[1.0])])


_ASCENDING = st.lists(st.floats(0, 1e9), min_size=1, max_size=20, unique=True).map(sorted)


@given(st.lists(_ASCENDING, max_size=8), st.sampled_from(Along))
def test_places_ascend_are_few_and_lie_within_the_runs(xs: list[list[float]], along: Along) -> None:
    curves = [line(*x) for x in xs]

    places = places_for(curves, along)

    assert list(places) == sorted(set(places))
    assert len(places) <= max(MAX_PLACES, 2 * len(xs))
    for place in places:
        assert any(x[0] <= place <= x[-1] for x in xs) or place <= max(x[-1] for x in xs)
    if xs:
        assert places[-1] == pytest.approx(max(x[-1] for x in xs), rel=0.2, abs=1e-9)
