"""Curves follow a log as it grows and goes back: always what a fresh reading would give."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tokmon.monitor.curve import AverageCurve, Curve
from tokmon.monitor.curve_book import CurveBook
from tokmon.monitor.history import History
from tokmon.monitor.moving_average import Carried, carried_at, debiased_average
from tokmon.monitor.places import MAX_STRETCHES, GrowingPlaces, Places, between
from tokmon.monitor.series import Column
from tokmon.monitor.smoothing import DebiasedEma

values_or_null = st.one_of(st.none(), st.floats(-1e6, 1e6))
lines = st.lists(st.tuples(st.integers(0, 60), values_or_null, st.booleans()), max_size=50)
"""Step, value, and whether the key stands on the line at all."""
batches = st.lists(lines, max_size=6)
BETA = 0.9


def extend(history: History, batch: list[tuple[int, float | None, bool]]) -> None:
    steps = np.array([step for step, _, _ in batch], np.int64)
    values = np.array([np.nan if value is None else value for _, value, _ in batch], float)
    present = np.array([is_there for _, _, is_there in batch], np.bool_)
    history.extend(steps, {"loss": Column(np.where(present, values, np.nan), present)})


@settings(deadline=None)
@given(batches, st.booleans())
def test_a_curve_is_the_series_of_the_frame_however_the_log_went(
    history: list[list[tuple[int, float | None, bool]]], is_restarted: bool
) -> None:
    log, curve, average = History(), Curve(), AverageCurve(BETA)
    for number, batch in enumerate(history):
        if is_restarted and number == 3:
            log = History()
        extend(log, batch)
        frame = log.frame()
        column = frame.columns.get("loss", Column(np.empty(0), np.empty(0, np.bool_)))
        curve.follow(column.values, column.present)
        assert average.follow_curve(curve)

        series = frame.series("loss")
        rows = curve.row(np.arange(len(curve)))
        np.testing.assert_array_equal(frame.steps[rows], series.steps)
        np.testing.assert_array_equal(curve.values, series.values)
        np.testing.assert_array_equal(curve.index(np.arange(len(frame))), rows.searchsorted(
            np.arange(len(frame))))  # fmt: skip
        whole = np.array([np.fmin.reduce(series.values, initial=np.nan),
                          np.fmax.reduce(series.values, initial=np.nan)])  # fmt: skip
        np.testing.assert_array_equal(curve.pyramid.whole(), whole)
        straight = DebiasedEma(BETA).extend(series.values)
        np.testing.assert_allclose(average.values, straight, rtol=1e-9, atol=1e-6)


@given(st.lists(values_or_null, max_size=300), st.integers(0, 300), st.floats(0.01, 0.99))
def test_the_average_of_many_at_once_is_that_of_one_after_the_other(
    found: list[float | None], cut: int, beta: float
) -> None:
    values = np.array([np.nan if value is None else value for value in found], float)

    first, carried = debiased_average(values[:cut], beta, Carried())
    second, _ = debiased_average(values[cut:], beta, carried)
    resumed, _ = debiased_average(values[cut:], beta, carried_at(first, beta))

    straight = DebiasedEma(beta).extend(values)
    np.testing.assert_allclose(np.append(first, second), straight, rtol=1e-9, atol=1e-6)
    np.testing.assert_allclose(resumed, second, rtol=1e-9, atol=1e-6)


def test_a_very_long_average_comes_in_pieces_and_ends_complete() -> None:
    values = np.random.default_rng(0).random(600_000)
    curve, average = Curve(), AverageCurve(BETA)
    curve.follow(values, np.ones(len(values), np.bool_))

    lengths = []
    while not average.follow_curve(curve):
        lengths.append(len(average))

    assert lengths == sorted(lengths)
    assert 0 < len(lengths) < 12
    assert len(average) == len(values)


places_or_null = st.one_of(st.none(), st.floats(0, 1e9))


@settings(deadline=None)
@given(st.lists(st.lists(places_or_null, max_size=30), max_size=6), st.floats(0, 1))
def test_places_ascend_within_stretches_and_are_what_a_fresh_reading_gives(
    batches: list[list[float | None]], kept: float
) -> None:
    growing, x = GrowingPlaces(), np.empty(0)
    for number, batch in enumerate(batches):
        if number == 2:
            x = x[: int(kept * len(x))]
        x = np.append(x, [np.nan if place is None else place for place in batch])
        steps = np.arange(len(x), dtype=np.int64)

        places = growing.follow(x, steps)

        assert len(places.x) == len(x)
        for start, end in places.stretches():
            assert (np.diff(np.clip(places.x[start:end], -1e18, 1e18)) >= 0).all()
        fresh = GrowingPlaces().follow(x.copy(), steps)
        np.testing.assert_allclose(np.asarray(places.x, float), np.asarray(fresh.x, float))
        assert places.cuts == fresh.cuts
        known = ~np.isnan(x)
        np.testing.assert_array_equal(places.x[known], x[known])


def test_a_clock_that_does_nothing_but_jump_is_held_up_after_many_stretches() -> None:
    x = np.tile([2.0, 1.0], 300)
    steps = np.arange(len(x), dtype=np.int64)
    growing = GrowingPlaces()
    growing.follow(x[:200], steps[:200])

    places = growing.follow(x, steps)

    assert len(places.cuts) < MAX_STRETCHES
    assert all((np.diff(places.x[a:b]) >= 0).all() for a, b in places.stretches())


def test_steps_between_lines_lie_between_them() -> None:
    places = Places(np.array([10.0, 20.0, 60.0]), np.array([100, 200, 400], np.int64))

    found = places.of_steps(np.array([50, 100, 150, 300, 900]))

    assert found.tolist() == [10.0, 10.0, 15.0, 40.0, 60.0]
    assert np.isnan(between(np.empty(0), np.empty(0), np.array([1.0]))).all()


def test_a_book_without_a_log_has_nothing_and_says_nothing_wrong() -> None:
    book = CurveBook()

    assert book.names() == []
    assert len(book.curve("train_loss")) == 0
    with pytest.raises(StopIteration):
        next(book.places(next(iter(book.axes()))).stretches())
