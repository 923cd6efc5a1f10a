"""Lines to columns: exact verdicts, whatever stands on them."""

import json
from datetime import datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokmon.monitor.sources.known_lines import KnownLines
from tokmon.monitor.sources.step_lines import parse
from tokmon.rundir.records import Step, encode

GOOD = b'{"step": 7, "train_loss": 2.5, "mine": 1}'

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=5,
)
lines = st.one_of(
    st.binary(max_size=40).filter(lambda line: b"\n" not in line),
    st.dictionaries(
        st.sampled_from(["step", "train_loss", "time", "x", "tokens"]), json_values
    ).map(lambda fields: json.dumps(fields).encode()),
    st.integers(1, 99).map(lambda step: encode(Step(step=step, train_loss=1.0))),
    st.sampled_from([b'{"step":1', b'"a":2}', b'{"step":1}{"step":2}', b'{"step":1,', b"{}"]),
)


@given(st.lists(lines, max_size=12))
def test_a_batch_gives_what_its_lines_give_one_by_one(batch: list[bytes]) -> None:
    together = parse(batch)
    alone = [parse([line]) for line in batch]

    assert together.steps.tolist() == [s for one in alone for s in one.steps.tolist()]
    assert [bad.index for bad in together.rejected] == [
        index for index, one in enumerate(alone) if one.rejected
    ]
    assert len(together.steps) + len(together.rejected) == len(batch)


numbers = st.none() | st.integers(0, 2**60) | st.floats(allow_nan=False, allow_infinity=False)
usual_lines = st.builds(
    lambda step, fields, time: json.dumps({"step": step, **fields, **time}).encode(),
    st.integers(0, 99),
    st.dictionaries(st.sampled_from(["train_loss", "tokens", "x", "y"]), numbers),
    st.sampled_from([{}, {"time": None}, {"time": "2026-11-23T13:36:45.125+01:00"}, {"time": "?"}]),
)
huge = b'{"step": 1, "x": 1' + b"0" * 400 + b"}"
some_lines = st.one_of(usual_lines, usual_lines, usual_lines, lines, st.just(huge))


@given(st.lists(st.lists(some_lines, max_size=6), max_size=8))
def test_lines_of_known_keys_give_what_they_give_anew(batches: list[list[bytes]]) -> None:
    known = KnownLines()
    for batch in batches:
        after_others, anew = parse(batch, known), parse(batch)

        assert after_others.steps.tolist() == anew.steps.tolist()
        assert after_others.rejected == anew.rejected
        assert after_others.columns.keys() == anew.columns.keys()
        for key, column in anew.columns.items():
            found = after_others.columns[key]
            np.testing.assert_array_equal(found.present, column.present)
            np.testing.assert_array_equal(found.values, column.values)


@pytest.mark.parametrize("offset", ["+00:00", "-05:30", "+14:00"])
def test_times_are_the_floats_that_datetime_makes_of_them(offset: str) -> None:
    texts = [f"2026-{month:02}-28T23:59:{month + 10}.{month}57{offset}" for month in range(1, 10)]
    batch = parse([f'{{"step": 1, "time": "{text}"}}'.encode() for text in texts])

    wanted = [datetime.fromisoformat(text).timestamp() for text in texts]
    assert batch.columns["time"].values.tolist() == wanted


def test_every_numeric_key_becomes_a_column() -> None:
    batch = parse([GOOD, b'{"step": 8, "mine": 2.5, "note": "text", "list": [1]}'])

    assert batch.columns["mine"].values.tolist() == [1, 2.5]
    assert "note" not in batch.columns
    assert "list" not in batch.columns
    assert batch.columns["train_loss"].present.tolist() == [True, False]


@pytest.mark.parametrize("literal", ["NaN", "Infinity", "-Infinity", "null", "1e999"])
def test_what_is_not_finite_is_a_gap_not_a_bad_line(literal: str) -> None:
    batch = parse([GOOD, f'{{"step": 8, "train_loss": {literal}}}'.encode()])

    assert batch.rejected == ()
    assert np.isnan(batch.columns["train_loss"].values[1])


@pytest.mark.parametrize(
    "line",
    [
        b'{"step": 1, "train_lo',
        b"\x00\x00\x00\x00",
        b"\xff\xfe{}",
        b"[1, 2]",
        b'"step"',
        b'{"train_loss": 1}',
        b'{"step": true}',
        b'{"step": -1}',
        b'{"step": 1.5}',
        b'{"step": 99999999999999999999}',
        b'{"step": 1, "train_loss": "low"}',
        b'{"step": 1}{"step": 2}',
        b'{"a":' * 5000,
    ],
)
def test_a_line_that_is_no_record_is_told_and_the_others_are_kept(line: bytes) -> None:
    batch = parse([GOOD, line, GOOD])

    assert batch.steps.tolist() == [7, 7]
    assert [bad.index for bad in batch.rejected] == [1]
    assert batch.rejected[0].reason


def test_two_torn_halves_do_not_make_a_record() -> None:
    batch = parse([b'{"step": 1, "lr": 2,', b'"train_loss": 3}', b'{"step": 2}{"step": 3}'])

    assert len(batch.steps) == 0
    assert len(batch.rejected) == 3
