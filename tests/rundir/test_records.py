"""Records on lines: order of keys, what is not finite, what is unknown, what is broken."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokmon.rundir.records import BadLineError, Event, Step, decode, encode, iso, moment

FLOAT = st.floats(allow_nan=False, allow_infinity=False)
STEPS = st.builds(
    Step,
    step=st.integers(0, 2**53),
    train_loss=st.none() | FLOAT,
    lr=st.none() | FLOAT,
    tokens=st.none() | st.integers(0, 2**53),
    val_loss=FLOAT,
    time=st.none() | st.text(),
    extra=st.dictionaries(
        st.text(min_size=1).filter(lambda key: key not in Step.__struct_fields__),
        st.none() | st.booleans() | st.text() | FLOAT,
        max_size=4,
    ),
)


@given(STEPS)
def test_a_record_survives_its_line(record: Step) -> None:
    line = encode(record)

    assert b"\n" not in line
    assert decode(line, Step) == record


@given(st.binary() | st.text().map(str.encode))
def test_any_bytes_are_a_record_or_a_bad_line(line: bytes) -> None:
    try:
        decode(line, Step)
    except BadLineError:
        return


def test_keys_stand_in_the_order_of_the_design() -> None:
    line = encode(Step(step=1, val_loss=1.0, val_ppl=2.7, val_bpb=0.6, extra={"zzz": 1}))

    expected = "step train_loss train_ppl lr steps_per_sec tokens_per_sec tokens epoch grad_norm"
    expected += " val_loss val_ppl val_bpb elapsed_s time zzz"
    assert " ".join(json.loads(line)) == expected


def test_validation_keys_stand_only_where_an_evaluation_ran() -> None:
    assert "val_loss" not in json.loads(encode(Step(step=1)))


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_not_finite_is_null(value: float) -> None:
    line = encode(Step(step=1, train_loss=value))

    assert json.loads(line)["train_loss"] is None
    assert decode(line, Step).train_loss is None


def test_unknown_keys_and_kinds_are_kept() -> None:
    event = decode(b'{"event": "from_the_future", "depth": [1, 2]}', Event)

    assert (event.event, event.extra) == ("from_the_future", {"depth": [1, 2]})


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"[]",
        b'{"step": NaN}',
        b'{"step": "1"}',
        b'{"train_loss": 1.0}',
        b'{"step": 1, "train_loss": "low"}',
        b'{"step": 1',
        b"\x00\x00\x00",
        b"\xff\xfe{",
        b"[" * 100_000,
    ],
)
def test_bad_lines_are_said_to_be_bad(line: bytes) -> None:
    with pytest.raises(BadLineError):
        decode(line, Step)


@given(st.floats(0, 4e9))
def test_times_survive_to_the_millisecond(seconds: float) -> None:
    again = moment(iso(seconds))

    assert again is not None
    assert abs(again - seconds) <= 0.001


def test_what_is_no_time_is_none() -> None:
    assert moment(None) is None
    assert moment("yesterday") is None
