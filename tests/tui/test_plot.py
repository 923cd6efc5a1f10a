"""Curves to characters: nothing is lost, nothing is invented."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tokmon.monitor.series import Series
from tokmon.tui import glyphs
from tokmon.tui.plot.axis import Axis, tick_label
from tokmon.tui.plot.chart import Curves, Drawing, Layer, draw
from tokmon.tui.plot.envelope import envelope

any_floats = st.floats(allow_nan=True, allow_infinity=False, width=32)
point_lists = st.lists(st.tuples(st.integers(0, 10**7), any_floats), max_size=60)


def series(points: list[tuple[int, float]]) -> Series:
    by_step = dict(sorted(points))
    return Series(np.array(list(by_step), np.int64), np.array(list(by_step.values()), float))


def cells(drawing: Drawing, layer: Layer) -> set[tuple[int, int]]:
    """Return (row, column) of each cell that shows a layer."""
    return {
        (y, x)
        for y, row in enumerate(drawing.layers)
        for x, shown in enumerate(row)
        if shown == layer
    }


@settings(max_examples=60, deadline=None)
@given(
    point_lists, point_lists, st.integers(1, 90), st.integers(1, 40), st.booleans(), st.booleans()
)
def test_a_chart_of_any_values_fills_its_area_exactly(
    raw: list[tuple[int, float]],
    validation: list[tuple[int, float]],
    width: int,
    height: int,
    is_log: bool,
    is_ascii: bool,
) -> None:
    curves = Curves(raw=series(raw), validation=series(validation), best=(5, 1.0))
    signs = glyphs.ASCII if is_ascii else glyphs.UNICODE

    drawing = draw(curves, width, height, signs, is_log=is_log)

    assert len(drawing.rows) == height
    assert all(len(row) == width for row in drawing.rows)
    assert not is_ascii or all(row.isascii() for row in drawing.rows)
    assert ["".join(text for text, _ in drawing.runs(y)) for y in range(height)] == [*drawing.rows]


@settings(max_examples=60, deadline=None)
@given(
    length=st.integers(2, 200_000),
    where=st.floats(0, 1),
    width=st.integers(30, 200),
    height=st.integers(8, 50),
    is_log=st.booleans(),
    is_ascii=st.booleans(),
)
def test_a_spike_of_one_step_reaches_the_top_of_the_chart(
    length: int, where: float, width: int, height: int, is_log: bool, is_ascii: bool
) -> None:
    values = 2 + 0.1 * np.cos(np.arange(length))
    values[int(where * (length - 1))] = 20.0
    steps = np.arange(1, length + 1, dtype=np.int64)
    signs = glyphs.ASCII if is_ascii else glyphs.UNICODE

    drawing = draw(Curves(raw=Series(steps, values)), width, height, signs, is_log=is_log)

    rows = {y for y, _ in cells(drawing, Layer.RAW)}
    plot_height = height - 2
    assert min(rows) <= max(1, round(0.1 * plot_height))
    assert max(rows) >= plot_height // 2


@given(point_lists.filter(bool), st.integers(1, 300))
def test_the_envelope_holds_every_point_and_no_more_than_their_range(
    points: list[tuple[int, float]], columns: int
) -> None:
    curve = series(points)
    low, high = float(curve.steps[0]), float(curve.steps[-1]) + 1

    span = envelope(curve, low, high, columns)

    finite = curve.values[np.isfinite(curve.values)]
    if not len(finite):
        assert np.isnan(span.low).all()
        return
    assert np.nanmin(span.low) == pytest.approx(finite.min())
    assert np.nanmax(span.high) == pytest.approx(finite.max())
    columns_of = np.clip(((curve.steps - low) / (high - low) * columns).astype(int), 0, columns - 1)
    for column, value in zip(columns_of.tolist(), curve.values.tolist(), strict=True):
        near = slice(max(0, column - 1), column + 2)
        if np.isfinite(value):
            slack = 1e-6 * abs(value) + 1e-9
            assert np.nanmin(span.low[near]) <= value + slack
            assert np.nanmax(span.high[near]) >= value - slack


def test_null_leaves_a_gap_in_the_line() -> None:
    values = np.array([3.0, 3.0, np.nan, 3.0, 3.0])
    curve = Series(np.array([0, 40, 50, 60, 100], np.int64), values)

    drawing = draw(Curves(raw=curve), 60, 12, glyphs.UNICODE, is_log=False)

    columns = {x for _, x in cells(drawing, Layer.RAW)}
    first, last = min(columns), max(columns)
    middle = first + (last - first) // 2
    assert middle not in columns
    assert {middle - 8, middle + 8} <= columns


def test_sparse_evaluations_are_joined_by_a_dashed_line_and_the_best_is_marked() -> None:
    curve = Series(np.array([0, 500, 1000], np.int64), np.array([4.0, 3.0, 2.0]))

    drawing = draw(Curves(validation=curve, best=(1000, 2.0)), 80, 20, glyphs.UNICODE, is_log=False)

    drawn = {x for _, x in cells(drawing, Layer.VALIDATION)}
    assert 25 < len(drawn) < 60
    assert len(cells(drawing, Layer.BEST)) == 1
    assert "◆" in "".join(drawing.rows)


@given(st.floats(-1e9, 1e9), st.floats(1e-6, 1e9), st.integers(1, 20))
def test_linear_ticks_are_1_2_5_and_in_range(low: float, span: float, most: int) -> None:
    axis = Axis(low, low + span)
    assume(span > 1e-6 * abs(low))

    ticks = axis.ticks(most)

    assert len(ticks) <= most
    assert all(axis.low - 1e-6 * span <= tick <= axis.high + 1e-6 * span for tick in ticks)
    steps = np.diff(ticks)
    if len(steps):
        mantissa = float(f"{steps[0]:.6e}".split("e")[0])
        assert any(mantissa == pytest.approx(m, rel=1e-3) for m in (1, 2, 5, 10))


@given(st.floats(1e-9, 1e6), st.floats(1.1, 1e9), st.integers(1, 20))
def test_logarithmic_ticks_ascend_within_the_range(low: float, ratio: float, most: int) -> None:
    axis = Axis(low, low * ratio, is_log=True)

    ticks = axis.ticks(most)

    assert len(ticks) <= most
    assert ticks == sorted(set(ticks))


@pytest.mark.parametrize(
    ("value", "label"),
    [(0, "0"), (5000, "5k"), (12_500, "12.5k"), (1e6, "1M"), (0.02, "0.02"), (2.5, "2.5"),
     (1e-5, "1e-5"), (2e-12, "2e-12"), (1e20, "1e20"), (-5000, "-5k")],
)  # fmt: skip
def test_tick_labels_are_short(value: float, label: str) -> None:
    assert tick_label(value) == label
