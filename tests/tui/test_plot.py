"""Curves to characters: nothing is lost, nothing is invented."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tokmon.monitor.axis import Axis, tick_label, tick_labels
from tokmon.monitor.curve import Curve
from tokmon.monitor.envelope import envelope
from tokmon.monitor.places import GrowingPlaces, Places, XAxis
from tokmon.monitor.series import Floats
from tokmon.tui import glyphs
from tokmon.tui.plot.chart import Chart, Line, draw
from tokmon.tui.plot.marks import Mark, Marked
from tokmon.tui.plot.scales import column_of
from tokmon.tui.plot.sheet import Drawing, Layer
from tokmon.tui.plot.time_ticks import clock_ticks, duration, duration_ticks

any_floats = st.floats(allow_nan=True, allow_infinity=False)
point_lists = st.lists(st.tuples(st.integers(0, 10**7), any_floats), max_size=60)


def line(steps: Sequence[float], values: Sequence[float], layer: Layer = Layer.RAW) -> Line:
    """A curve with a value at every place."""
    curve, found = Curve(), np.array(values, np.float64)
    curve.follow(found, np.ones(len(found), np.bool_))
    rows = np.arange(len(found), dtype=np.int64)
    if all(isinstance(step, int) for step in steps):
        whole = np.array(steps, np.int64)
        return Line(layer, curve, Places(whole, whole))
    return Line(layer, curve, GrowingPlaces().follow(np.array(steps, np.float64), rows))


def by_step(points: list[tuple[int, float]], layer: Layer = Layer.RAW) -> Line:
    ascending = dict(sorted(points))
    return line(list(ascending), list(ascending.values()), layer)


def whole(*lines: Line) -> tuple[float, float]:
    reaches = [reach for one in lines if (reach := one.places.reach())]
    low, high = min((r[0] for r in reaches), default=0), max((r[1] for r in reaches), default=1)
    return low, max(high, low + 1)


def chart(*lines: Line, span: tuple[float, float] | None = None, is_log: bool = False) -> Chart:
    return Chart(lines, span or whole(*lines), is_log=is_log)


def cells(drawing: Drawing, layer: Layer) -> set[tuple[int, int]]:
    """Return (row, column) of each cell that shows a layer."""
    return {(int(y), int(x)) for y, x in np.argwhere(drawing.layers == layer)}


def says(drawing: Drawing, words: str) -> bool:
    return any(words in row for row in drawing.rows)


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
    lines = by_step(raw), by_step(validation, Layer.VALIDATION)
    drawn = Chart(
        lines,
        whole(*lines),
        is_log=is_log,
        best=(5, 1.0),
        marks=[Marked(float(place), mark) for place, mark in enumerate(Mark)],
    )
    signs = glyphs.ASCII if is_ascii else glyphs.UNICODE

    drawing = draw(drawn, width, height, signs)

    assert len(drawing.rows) == height
    assert all(len(row) == width for row in drawing.rows)
    assert not is_ascii or all(row.isascii() for row in drawing.rows)
    assert ["".join(text for text, _ in drawing.runs(y)) for y in range(height)] == [*drawing.rows]


@settings(max_examples=80, deadline=None)
@given(
    length=st.integers(2, 1_000_000),
    where=st.floats(0, 1),
    left=st.floats(0, 1),
    right=st.floats(0, 1),
    width=st.integers(30, 200),
    height=st.integers(8, 50),
    spike=st.sampled_from([20.0, -20.0]),
    is_ascii=st.booleans(),
)
def test_a_spike_of_one_step_stands_at_its_height_in_every_window_that_contains_it(
    length: int,
    where: float,
    left: float,
    right: float,
    width: int,
    height: int,
    spike: float,
    is_ascii: bool,
) -> None:
    values = np.full(length, 2.0)
    at = round(where * (length - 1))
    values[at] = spike
    # The cubes make windows of every size alike: a few steps as often as all of them.
    low = at - left**3 * at
    span = (low, max(at + right**3 * (length - 1 - at), low + 1))
    assume(low < at or at < length - 1)  # the axis is made for what is in sight: more than a spike
    curve = Curve()
    curve.follow(values, np.ones(length, np.bool_))
    steps = np.arange(length, dtype=np.int64)
    signs = glyphs.ASCII if is_ascii else glyphs.UNICODE

    drawing = draw(
        Chart((Line(Layer.RAW, curve, Places(steps, steps)),), span), width, height, signs
    )

    assert drawing.area is not None
    y_axis = Axis.over(np.array([2.0, spike]), margin=0.04)
    dots = 1 if is_ascii else 4
    unit = float(y_axis.unit(np.array([spike]))[0])
    row = round((1 - unit) * (drawing.area.height * dots - 1)) // dots
    column = column_of(at, Axis(*span), drawing.area)
    assert drawing.layers[row, column] == Layer.RAW


@settings(deadline=None)
@given(point_lists.filter(bool), st.integers(1, 300))
def test_the_envelope_holds_every_point_and_no_more_than_their_range(
    points: list[tuple[int, float]], columns: int
) -> None:
    drawn = by_step(points)
    steps, values = drawn.places.steps, drawn.curve.values
    low, high = float(steps[0]), float(steps[-1]) + 1

    span = envelope(drawn.curve, drawn.places, low, high, columns)

    finite = values[np.isfinite(values)]
    if not len(finite):
        assert np.isnan(span.low).all()
        return
    assert np.nanmin(span.low) == pytest.approx(finite.min())
    assert np.nanmax(span.high) == pytest.approx(finite.max())
    columns_of = np.clip(((steps - low) / (high - low) * columns).astype(int), 0, columns - 1)
    for column, value in zip(columns_of.tolist(), values.tolist(), strict=True):
        near = slice(max(0, column - 1), column + 2)
        if np.isfinite(value):
            assert np.nanmin(span.low[near]) <= value + 1e-6 * abs(value) + 1e-9
            assert np.nanmax(span.high[near]) >= value - 1e-6 * abs(value) - 1e-9


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 50), any_floats), max_size=40),
    st.integers(1, 40),
    st.floats(0, 1),
    st.floats(0, 1),
)
def test_a_clock_that_went_back_hides_no_point(
    points: list[tuple[int, float]], columns: int, left: float, right: float
) -> None:
    drawn = line([float(place) for place, _ in points], [value for _, value in points])
    low, high = 50 * left, 50 * left + 50 * right + 0.5

    span = envelope(drawn.curve, drawn.places, low, high, columns)

    edges = np.linspace(low, high, columns + 1)
    for place, value in points:
        if low <= place <= high and np.isfinite(value):
            column = min(columns - 1, int(np.searchsorted(edges, place, side="right")) - 1)
            assert span.low[column] <= value <= span.high[column]


def test_null_leaves_a_gap_in_the_line() -> None:
    curve = line([0, 40, 50, 60, 100], [3.0, 3.0, np.nan, 3.0, 3.0])

    drawing = draw(chart(curve), 60, 12, glyphs.UNICODE)

    columns = {x for _, x in cells(drawing, Layer.RAW)}
    first, last = min(columns), max(columns)
    middle = first + (last - first) // 2
    assert middle not in columns
    assert {middle - 8, middle + 8} <= columns


def test_sparse_evaluations_are_joined_by_a_dashed_line_and_the_best_is_marked() -> None:
    curve = line([0, 500, 1000], [4.0, 3.0, 2.0], Layer.VALIDATION)

    drawing = draw(Chart((curve,), (0, 1000), best=(1000, 2.0)), 80, 20, glyphs.UNICODE)

    drawn = {x for _, x in cells(drawing, Layer.VALIDATION)}
    assert 25 < len(drawn) < 60
    assert len(cells(drawing, Layer.BEST)) == 1
    assert says(drawing, "◆")


def test_a_spike_of_one_evaluation_shows_between_the_dashes() -> None:
    for at in range(100, 110):
        values = np.full(200, 2.0)
        values[at] = 9.0
        curve = line(list(range(200)), values.tolist(), Layer.VALIDATION)

        drawing = draw(chart(curve), 140, 20, glyphs.UNICODE)

        assert min(y for y, _ in cells(drawing, Layer.VALIDATION)) == 0


def test_few_points_in_a_window_are_joined_exactly() -> None:
    curve = line([0, 10, 20, 30], [0.0, 10.0, 0.0, 10.0])

    span = envelope(curve.curve, curve.places, 5, 25, 20)

    np.testing.assert_allclose(span.low[:5], [5, 6, 7, 8, 9])
    np.testing.assert_allclose(span.high[:5], [6, 7, 8, 9, 10])
    np.testing.assert_allclose(span.high[15:], [1, 2, 3, 4, 5])


@pytest.mark.parametrize(
    ("values", "is_log", "note"),
    [
        ([], False, "no value logged yet"),
        ([np.nan, np.nan], False, "every value is null"),
        ([-1.0, 0.0], True, "no value above zero: y shows them"),
    ],
)
def test_a_chart_says_why_there_is_nothing_to_see(
    values: list[float], is_log: bool, note: str
) -> None:
    drawing = draw(chart(line(list(range(len(values))), values), is_log=is_log), 70, 12,
                   glyphs.UNICODE)  # fmt: skip

    assert says(drawing, note)
    assert not cells(drawing, Layer.RAW)


@pytest.mark.parametrize("values", [[2.5], [2.5, 2.5, 2.5], [1e300, -1e300], [1e308, -1e308]])
def test_one_point_a_constant_and_the_enormous_are_drawn(values: list[float]) -> None:
    drawing = draw(chart(line(list(range(5, 5 + len(values))), values)), 70, 12, glyphs.UNICODE)

    assert cells(drawing, Layer.RAW)


def test_what_a_logarithmic_axis_cannot_show_is_told() -> None:
    curve = line([0, 1, 2, 3], [-1.0, 0.0, 5.0, 50.0])

    logarithmic = draw(chart(curve, is_log=True), 70, 12, glyphs.UNICODE)
    linear = draw(chart(curve), 70, 12, glyphs.UNICODE)

    assert logarithmic.is_cut
    assert cells(logarithmic, Layer.RAW)
    assert not linear.is_cut


def test_the_more_important_mark_is_shown_where_two_meet() -> None:
    marked = [Marked(50.0, Mark.ALERT), Marked(50.0, Mark.CHECKPOINT), Marked(10.0, Mark.RESUME)]
    drawn = Chart((line([0, 100], [1.0, 2.0]),), (0, 100), marks=marked)

    drawing = draw(drawn, 70, 12, glyphs.UNICODE)

    assert len(cells(drawing, Layer.ALERT)) == len(cells(drawing, Layer.MARK)) == 1
    assert says(drawing, "!")
    assert says(drawing, "↻")
    assert not says(drawing, "▪")


def test_an_axis_that_the_log_does_not_have_is_named() -> None:
    curve = line([1, 2], [1.0, 2.0]).curve
    nowhere = Line(Layer.RAW, curve, Places(np.empty(0), np.empty(0, np.int64)))

    drawing = draw(Chart((nowhere,), axis=XAxis.TOKENS), 70, 12, glyphs.UNICODE)

    assert says(drawing, "the log has no tokens")


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


def test_ticks_that_lie_close_keep_the_digits_that_tell_them_apart() -> None:
    assert tick_labels([5_000_002.0, 5_000_004.0]) == ["5,000,002", "5,000,004"]
    assert tick_labels([1000.0, 2000.0]) == ["1k", "2k"]


def test_steps_have_no_ticks_between_them() -> None:
    assert Axis(10.2, 12.9, is_whole=True).ticks(20) == [11.0, 12.0]


@given(st.floats(0, 4e9), st.floats(0.5, 1e8), st.integers(1, 20))
def test_clock_ticks_are_few_in_range_and_at_round_times(
    low: float, width: float, most: int
) -> None:
    ticks = clock_ticks(low, low + width, most)

    assert len(ticks) <= most + 1
    assert all(low - 1e-3 <= tick <= low + width + 1e-3 for tick, _ in ticks)
    assert all(abs(tick - round(tick)) < 1e-3 for tick, _ in ticks)
    places: Floats = np.array([tick for tick, _ in ticks])
    assert (np.diff(places) > 0).all()


def test_a_new_day_is_named_where_it_begins() -> None:
    labels = [
        label for _, label in clock_ticks(1_790_000_000 + 4 * 3600, 1_790_000_000 + 43_200, 9)
    ]

    assert labels[0] == "19:00"
    assert "22 Sep 00:00" in labels


@pytest.mark.parametrize(
    ("seconds", "label"),
    [(0, "0"), (45, "45s"), (90, "1m30s"), (7200, "2h"), (108_000, "1d6h")],
)
def test_durations_leave_out_what_is_zero(seconds: float, label: str) -> None:
    assert duration(seconds) == label


def test_a_window_of_less_than_a_second_has_other_ticks() -> None:
    assert duration_ticks(1.0, 1.5, 8) == []
