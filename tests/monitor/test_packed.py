"""Numbers of a log in little room: whatever they are, they come back bit for bit."""

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokmon.monitor.history import History
from tokmon.monitor.packed_buffer import PackedBuffer
from tokmon.monitor.series import Column, Floats, Frame

special = st.sampled_from(
    [0.0, -0.0, 1e308, -1e308, 5e-324, 2.0**53, 2.0**53 + 2, -(2.0**63), 1e22, 1e23, 0.1, 1 / 3]
)
short_decimals = st.builds(
    lambda number, exponent: number / 10**exponent, st.integers(-(10**9), 10**9), st.integers(0, 9)
)
digits = st.builds(lambda value: float(f"{value:.6g}"), st.floats(1e-12, 1e12))
singles = st.floats(width=32, allow_nan=False, allow_infinity=False)
anything = st.floats(allow_infinity=False)
whole = st.integers(-(2**60), 2**60).map(float)
kinds = st.sampled_from([short_decimals, digits, singles, whole, anything])
mixed = st.one_of(short_decimals, digits, special, singles, whole, anything, st.just(math.nan))
batches = st.one_of(
    st.lists(st.lists(mixed, max_size=20), max_size=6),
    kinds.flatmap(lambda kind: st.lists(st.lists(kind, max_size=20), max_size=6)),
)


def same(found: Floats, wanted: Floats) -> bool:
    """Say whether two arrays hold the same bits; one NaN is as good as another."""
    bits = found.view(np.int64) == wanted.view(np.int64)
    return bool((bits | (np.isnan(found) & np.isnan(wanted))).all())


@given(batches)
def test_any_floats_come_back_bit_for_bit_however_they_came(lists: list[list[float]]) -> None:
    packed, known = PackedBuffer(), np.empty(0)
    views = []
    for values in lists:
        packed.extend(np.array(values, float))
        known = np.append(known, values)
        views.append((packed.show(), known))

    for view, wanted in views:
        assert len(view) == len(wanted)
        assert same(np.asarray(view), wanted)
        places = np.arange(len(wanted))[::-1]
        assert same(view[places], wanted[places])
        assert all(same(np.array([view[i]]), wanted[[i]]) for i in (0, -1) if len(wanted))
        assert view.unknown.count == np.isnan(wanted).sum()


@given(batches)
def test_the_first_the_last_and_the_lowest_value_are_those_of_the_plain_array(
    lists: list[list[float]],
) -> None:
    packed = PackedBuffer()
    for values in lists:
        packed.extend(np.array(values, float))
    view = packed.show()
    plain = np.asarray(view)

    finite = np.flatnonzero(np.isfinite(plain))

    assert view.is_empty == (not len(finite))
    if len(finite):
        assert (view.oldest(), view.newest()) == (plain[finite[0]], plain[finite[-1]])
        assert view.lowest() == finite[np.argmin(plain[finite])]
    else:
        assert view.oldest() is view.newest() is view.lowest() is None
    gaps = np.flatnonzero(np.isnan(plain))
    assert view.unknown.last == (gaps[-1] if len(gaps) else -1)


@given(batches, st.floats(0, 1), batches)
def test_what_is_dropped_is_gone_and_views_of_it_stay(
    first: list[list[float]], share: float, second: list[list[float]]
) -> None:
    packed = PackedBuffer()
    for values in first:
        packed.extend(np.array(values, float))
    before, plain = packed.show(), np.asarray(packed.show()).copy()
    kept = int(share * len(packed))

    packed.drop(kept)
    for values in second:
        packed.extend(np.array(values, float))

    added = [value for values in second for value in values]
    wanted = np.append(plain[:kept], added)
    assert same(np.asarray(before), plain)
    assert same(np.asarray(packed.show()), wanted)
    assert packed.show().unknown.count == np.isnan(wanted).sum()


@pytest.mark.parametrize(
    ("values", "most_bytes"),
    [
        ([0.0003] * 1000, 1),
        ([round(9.8 - 0.001 * i + 0.01 * (i % 7), 5) for i in range(1000)], 4),
        ([16384.0 * i + 2**40 for i in range(1000)], 2),
        ([1_790_000_000 + 0.035 * i for i in range(1000)], 4),
        ([math.nan if i % 3 else 0.25 for i in range(1000)], 1),
        ([float(np.float32(1.1) ** np.float32(i % 50)) for i in range(1000)], 4),
        ([math.exp(-i / 100) for i in range(1000)], 8),
    ],
    ids=["constant", "loss", "tokens", "clock", "sparse nulls", "float32", "float64"],
)
def test_what_a_log_holds_takes_the_room_it_needs(values: list[float], most_bytes: int) -> None:
    logged = [json.loads(json.dumps(round(value, 3) if value > 1e9 else value)) for value in values]
    at_once, one_by_one = PackedBuffer(), PackedBuffer()

    at_once.extend(np.array(logged, float))
    for value in logged:
        one_by_one.extend(np.array([value], float))

    assert at_once.show().nbytes <= most_bytes * len(values)
    assert one_by_one.show().nbytes <= most_bytes * len(values)


rows = st.lists(st.tuples(st.integers(0, 40), mixed, st.booleans()), max_size=40)


@given(st.lists(rows, max_size=5))
def test_a_metric_by_line_is_the_same_packed_and_plain(
    history: list[list[tuple[int, float, bool]]],
) -> None:
    log = History()
    plain: list[tuple[int, float, bool]] = []
    frames: list[tuple[Frame, list[tuple[int, float, bool]]]] = []
    for batch in history:
        steps = np.array([step for step, _, _ in batch], np.int64)
        there = np.array([is_there for _, _, is_there in batch], np.bool_)
        values = np.where(there, np.array([value for _, value, _ in batch], float), np.nan)
        log.extend(steps, {"loss": Column(values, there)})
        for line in batch:
            plain = [*(known for known in plain if known[0] < line[0]), line]
        frames.append((log.frame(), plain))

    for frame, lines in frames:
        wanted = np.array([value if there else np.nan for _, value, there in lines], float)
        present = np.array([there for _, _, there in lines], np.bool_)
        column = frame.columns.get("loss")
        if column is None:
            assert not lines
            continue
        order = np.arange(len(lines))[::-1]
        assert same(np.asarray(column.values), wanted)
        assert same(column.values[order], wanted[order])
        assert same(column.values[3:-2], wanted[3:-2])
        assert column.present[:].tolist() == present.tolist()
        assert column.present[order].tolist() == present[order].tolist()
        for row in {0, len(lines) - 1} if lines else set():
            assert same(np.array([column.values[row]]), wanted[[row]])
            assert column.present[row] == present[row]
        assert frame.points("loss").steps.tolist() == frame.steps[present].tolist()
        assert same(frame.series("loss").values, wanted[present])


@given(st.lists(rows, min_size=2, max_size=6), st.data())
def test_two_moments_of_a_log_share_at_least_what_their_lineage_says(
    history: list[list[tuple[int, float, bool]]], data: st.DataObject
) -> None:
    log, frames = History(), []
    for batch in history:
        steps = np.array([step for step, _, _ in batch], np.int64)
        values = np.array([value for _, value, _ in batch], float)
        log.extend(steps, {"loss": Column(values, np.ones(len(batch), np.bool_))})
        if data.draw(st.booleans()):
            frames.append(log.frame())
    frames.append(log.frame())

    for before in frames:
        for after in frames:
            shared = before.lineage.shared(after.lineage, min(len(before), len(after)))
            assert before.steps[:shared].tolist() == after.steps[:shared].tolist()
            assert same(before.series("loss").values[:shared], after.series("loss").values[:shared])


def test_a_column_widens_in_the_middle_of_a_log_and_loses_nothing() -> None:
    losses = np.round(np.linspace(9.8, 1.2, 200_000), 5)
    tail = np.array([1e308, -0.0, 2.0**53 + 2, 5e-324, math.pi])
    packed = PackedBuffer()

    packed.extend(losses)
    narrow = packed.show()
    packed.extend(tail)

    assert narrow.nbytes <= 4 * len(losses)
    assert same(np.asarray(narrow), losses)
    assert same(np.asarray(packed.show()), np.append(losses, tail))
