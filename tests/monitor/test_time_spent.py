"""Where the time goes: steady over evaluations, and nothing that no line says."""

import json
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.monitor.timed_run import EVAL_SHARES, SHARES
from tokmon.monitor.history import History
from tokmon.monitor.series import Frame
from tokmon.monitor.sources.step_lines import parse
from tokmon.monitor.time_spent import OPTIONAL_KEYS, SHARE_KEYS, TimeSpent, time_spent
from tokmon.rundir.records import Step


def frame_of(rows: Sequence[dict[str, Any]]) -> Frame:
    """The rows as lines of a log, read."""
    lines = [json.dumps({"step": step, **row}).encode() for step, row in enumerate(rows, 1)]
    batch = parse(lines)
    assert batch.rejected == ()
    history = History()
    history.extend(batch.steps, batch.columns)
    return history.frame()


def run_of(lines: int, period: int) -> list[dict[str, Any]]:
    """Lines of 3 s, and of 4 s where one second is an evaluation."""
    rows, elapsed_s = [], 0.0
    for line in range(1, lines + 1):
        is_evaluated = line % period == 0
        elapsed_s += 4.0 if is_evaluated else 3.0
        rows.append((EVAL_SHARES if is_evaluated else SHARES) | {"elapsed_s": elapsed_s})
    return rows


def test_the_keys_are_those_of_a_step_in_its_order() -> None:
    assert [key for key in Step.__struct_fields__ if key in OPTIONAL_KEYS] == [
        *SHARE_KEYS, "mfu", "floor_share",
    ]  # fmt: skip


@pytest.mark.parametrize("period", [1, 3, 5, 20, 300])
def test_an_evaluation_that_recurs_has_the_same_share_at_every_line(period: int) -> None:
    rows = run_of(5 * period + 20, period)

    found = [
        time_spent(frame_of(rows[:end])).shares
        for end in range(3 * period + 10, len(rows) + 1, max(1, period // 7))
    ]

    usual = 1 / (3 * period + 1)
    assert {round(shares["eval_share"], 9) for shares in found} == {round(usual, 9)}
    for shares in found:
        assert list(shares) == list(SHARE_KEYS)
        assert sum(shares.values()) == pytest.approx(1)


def test_a_line_weighs_as_much_as_its_seconds() -> None:
    long = {"head_share": 1.0, "trunk_share": 0.0}
    short = {"head_share": 0.0, "trunk_share": 1.0}
    clock = [10.0, 19.0, 20.0]
    rows = [row | {"elapsed_s": at} for row, at in zip((short, long, short), clock, strict=True)]

    # The first line's seconds are unknown: it weighs what the others usually do, 5.
    assert time_spent(frame_of(rows)).shares == pytest.approx(
        {"head_share": 9 / 15, "trunk_share": 6 / 15}
    )
    without_clock = [{key: row[key] for key in long} for row in rows]
    assert time_spent(frame_of(without_clock)).shares["head_share"] == pytest.approx(1 / 3)


def test_the_clock_of_a_log_without_elapsed_seconds_is_its_wall_time() -> None:
    rows = [
        {"head_share": share, "time": f"2026-11-23T01:10:{second:02d}+00:00"}
        for share, second in ((0.5, 0), (1.0, 9), (0.2, 12))
    ]

    assert time_spent(frame_of(rows)).shares["head_share"] == pytest.approx(
        (0.5 * 6 + 1.0 * 9 + 0.2 * 3) / 18
    )


def test_a_log_without_the_keys_tells_nothing() -> None:
    assert time_spent(Frame()) == TimeSpent()
    assert time_spent(frame_of([{"train_loss": 2.0}] * 3)) == TimeSpent()


def test_shares_that_are_not_told_any_more_are_not_shown_any_more() -> None:
    told = [SHARES | {"mfu": 0.5}] * 20

    assert time_spent(frame_of([*told, *[{"train_loss": 2.0}] * 9])).shares
    assert time_spent(frame_of([*told, *[{"train_loss": 2.0}] * 100])) == TimeSpent()


def test_the_newest_utilisation_that_can_be_one_is_shown_with_the_floor_of_its_own_line() -> None:
    rows = [{"mfu": 0.4, "floor_share": 0.7}, {"mfu": 61.0, "floor_share": None}]

    assert time_spent(frame_of(rows)) == TimeSpent(mfu=0.4, floor_share=0.7)
    assert time_spent(frame_of([*rows, {"mfu": 0.5, "floor_share": 1.2}])) == TimeSpent(mfu=0.5)


def test_some_of_the_shares_are_shown_as_they_are() -> None:
    rows = [{"head_share": 0.5, "gap_share": None, "input_share": 0.1}] * 3

    assert time_spent(frame_of(rows)).shares == pytest.approx(
        {"head_share": 0.5, "input_share": 0.1}
    )


@pytest.mark.parametrize(
    "nonsense",
    [
        {"head_share": 71.0},
        {"head_share": -0.2},
        {"head_share": 0.9, "trunk_share": 0.9},
        {"head_share": 0.0, "trunk_share": 0},
        {"head_share": None, "mfu": -1},
        {"mfu": 1e300, "floor_share": -1e300},
    ],
)
def test_a_line_of_nonsense_tells_nothing(nonsense: dict[str, Any]) -> None:
    sound = SHARES | {"mfu": 0.5, "floor_share": 0.7}

    assert time_spent(frame_of([nonsense] * 3)) == TimeSpent()
    assert time_spent(frame_of([sound, nonsense])).mfu == 0.5
    assert time_spent(frame_of([sound, nonsense])).shares == pytest.approx(SHARES, abs=1e-3)


@pytest.mark.parametrize("foreign", ["41.2%", True, [0.4], {"model": 0.4}, "NaN"])
@pytest.mark.parametrize("neighbour", [b'{"step": 2, "train_loss": 2}', b"torn"])
def test_a_word_where_a_share_should_be_spoils_no_line(foreign: object, neighbour: bytes) -> None:
    line = json.dumps({"step": 1, "train_loss": 2.5, "mfu": foreign, "gap_share": foreign})
    history = History()

    batch = parse([line.encode(), neighbour])
    history.extend(batch.steps, batch.columns)

    assert batch.steps[0] == 1
    assert batch.columns["train_loss"].values[0] == 2.5
    assert time_spent(history.frame()) == TimeSpent()


numbers = (
    st.none() | st.floats(-0.5, 1.5) | st.sampled_from((0, 1, -1, 71.4, 1e308, -1e308, 5e-324))
)
rows = st.dictionaries(
    st.sampled_from([*sorted(OPTIONAL_KEYS), "elapsed_s"]), numbers | st.text(max_size=3)
).map(lambda row: row if isinstance(row.get("elapsed_s"), float) else row | {"elapsed_s": None})


@given(st.lists(rows, max_size=30))
def test_any_values_give_shares_or_nothing(lines: list[dict[str, Any]]) -> None:
    spent = time_spent(frame_of(lines))

    assert list(spent.shares) == [key for key in SHARE_KEYS if key in spent.shares]
    assert all(0 <= share <= 1 for share in spent.shares.values())
    assert sum(spent.shares.values()) <= 1 + 1e-9
    for value in (spent.mfu, spent.floor_share):
        assert value is None or 0 <= value <= 1
