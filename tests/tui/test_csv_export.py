"""The visible range as CSV: every row, every column, the very values."""

import csv
import io
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.runs.builder import RunBuilder
from tests.tui.screens import state_of
from tokmon.monitor.history import History
from tokmon.monitor.series import Column, Frame
from tokmon.tui.csv_export import csv_of, file_name, rows_between


def frame_of(steps: list[int], **columns: list[float | None]) -> Frame:
    """Build a frame; None is a key that does not stand on the line."""
    history = History()
    made = {
        key: Column(
            np.array([math.nan if value is None else value for value in values]),
            np.array([value is not None for value in values]),
        )
        for key, values in columns.items()
    }
    history.extend(np.array(steps, np.int64), made)
    return history.frame()


def table(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode())))


@given(st.lists(st.none() | st.floats(), min_size=1, max_size=30))
def test_values_read_back_as_the_same_64_bits(values: list[float | None]) -> None:
    frame = frame_of(list(range(1, len(values) + 1)), loss=values)
    heading, *rows = table(csv_of(frame, rows_between(frame, 0, len(values))))

    assert heading == ["step", "loss"]
    for value, (_, cell) in zip(values, rows, strict=True):
        if value is None:
            assert cell == ""
        elif math.isnan(value):
            assert cell == "nan"
        else:
            assert np.float64(cell).tobytes() == np.float64(value).tobytes()


@pytest.mark.parametrize(
    ("first", "last", "steps"),
    [(0, 99, [10, 20, 30]), (20, 20, [20]), (11, 29, [20]), (31, 99, []), (30, 10, [])],
)
def test_both_ends_of_the_range_are_included(first: int, last: int, steps: list[int]) -> None:
    frame = frame_of([10, 20, 30], loss=[1.0, 2.0, 3.0])
    rows = table(csv_of(frame, rows_between(frame, first, last)))[1:]

    assert [int(row[0]) for row in rows] == steps


def test_foreign_keys_are_quoted() -> None:
    hostile: dict[str, Any] = {'a,b"c\nd': [1.0]}
    frame = frame_of([1], **hostile)

    assert table(csv_of(frame, slice(0, 1))) == [["step", 'a,b"c\nd'], ["1", "1.0"]]


def test_a_real_run_is_written_whole(builder: RunBuilder) -> None:
    state = state_of(builder.run, builder.now)
    rows = rows_between(state.frame, 100, 19_000)
    heading, *lines = table(csv_of(state.frame, rows))

    assert len(lines) == 190
    assert heading[:3] == ["step", "train_loss", "train_ppl"]
    losses = [float(line[1]) for line in lines]
    assert losses == state.frame.series("train_loss").values.tolist()
    assert [line[heading.index("val_loss")] != "" for line in lines].count(True) == 38
    assert file_name(state.run, state.frame, rows) == "v1_token_bigdata_steps_100-19000.csv"
