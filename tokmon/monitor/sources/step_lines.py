"""Lines of the step log to columns, fast where all is well and exact where it is not.

A batch is decoded as a whole (about 1 us a line); if anything in it is out of order, line by line,
so that exactly the bad ones are told. Must not keep state.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np

from tokmon.monitor.series import Column, Floats, Ints
from tokmon.monitor.time_spent import OPTIONAL_KEYS
from tokmon.monitor.visible import visible
from tokmon.rundir.records import BadLineError, Step, decode, moment

Row = dict[str, Any]

MAX_STEP = 2**53
"""Beyond this a step is no longer exact as a float: such a line is bad."""

_ABSENT = object()
_rows_decoder = msgspec.json.Decoder(Row)
_NUMBER = frozenset({int, float, type(None)})
_STRICT_KEYS = frozenset(Step.__struct_fields__) - OPTIONAL_KEYS - {"extra"}
_EXPECTED_TYPES = dict.fromkeys(_STRICT_KEYS, _NUMBER) | {
    "step": frozenset({int}),
    "tokens": frozenset({int, type(None)}),
    "time": frozenset({str, type(None)}),
}


@dataclass(frozen=True, slots=True)
class Rejected:
    """A line that is not a step record."""

    index: int
    """Its place in the batch."""
    reason: str
    """Why, for people."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Consecutive good lines as columns, and which lines were not good."""

    steps: Ints
    """Shape (N,), as logged: it may go back."""
    columns: dict[str, Column]
    """Every numeric key but step; `time` is seconds since 1970."""
    rejected: tuple[Rejected, ...] = ()


def parse(lines: Sequence[bytes]) -> Batch:
    """Return what the lines say; never raises for their content."""
    rows = _rows_of_sound_batch(lines)
    rejected: list[Rejected] = []
    if rows is None:
        rows = []
        for index, line in enumerate(lines):
            try:
                rows.append(_row(line))
            except BadLineError as error:
                rejected.append(Rejected(index, visible(str(error))))
    steps = np.array([row["step"] for row in rows], dtype=np.int64)
    return Batch(steps, _columns(rows), tuple(rejected))


def _rows_of_sound_batch(lines: Sequence[bytes]) -> list[Row] | None:
    """Return the rows if every line is one good record, else None.

    The decoder does not ask for a newline between objects. As every line begins with { and ends
    with }, no two lines can make one object, so an equal count means one object a line.
    """
    if not all(line[:1] == b"{" and line[-1:] == b"}" for line in lines):
        return None
    try:
        rows: list[Row] = _rows_decoder.decode_lines(b"\n".join(lines))
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    return rows if len(rows) == len(lines) and _is_sound(rows) else None


def _is_sound(rows: list[Row]) -> bool:
    for key, expected in _EXPECTED_TYPES.items():
        types = {type(row.get(key, _ABSENT)) for row in rows}
        if key != "step":
            types.discard(object)
        if not types <= expected:
            return False
    return all(0 <= row["step"] < MAX_STEP for row in rows)


def _row(line: bytes) -> Row:
    """Return one line's fields, forgiving what `_mended` forgives.

    Raises:
        BadLineError: it is no step record.
    """
    try:
        record, fields = decode(line, Step), msgspec.json.decode(line)
    except BadLineError:
        line = _mended(line)
        record, fields = decode(line, Step), msgspec.json.decode(line)
    if not 0 <= record.step < MAX_STEP:
        raise BadLineError(f"step {record.step} is out of range")
    return {**fields, "step": record.step}


def _mended(line: bytes) -> bytes:
    """Return a line without the faults that spoil no line.

    NaN and Infinity, which are not JSON, are null, as is 1e400, which msgspec writes so; an
    optional key that holds no number is left out.
    """
    try:
        fields = json.loads(line, parse_constant=lambda _: None)
        if isinstance(fields, dict):
            fields = {
                key: value
                for key, value in fields.items()
                if key not in OPTIONAL_KEYS or type(value) in _NUMBER
            }
        return msgspec.json.encode(fields)
    # ValueError: lone surrogates, which are read but cannot be written, are among it.
    except (ValueError, RecursionError) as error:
        raise BadLineError(str(error)) from error


def _columns(rows: list[Row]) -> dict[str, Column]:
    keys: Row = {}
    for row in rows:
        keys.update(row)
    found = {key: _column([row.get(key, _ABSENT) for row in rows], key) for key in keys}
    return {key: column for key, column in found.items() if column is not None and key != "step"}


def _column(values: list[Any], key: str) -> Column | None:
    """Return a key's numbers, or None if none of its values is a number or null."""
    if key == "time":
        return _times(values)
    types = {type(value) for value in values}
    present = np.ones(len(values), np.bool_)
    if not types <= _NUMBER:
        present = np.array([type(value) in _NUMBER for value in values], np.bool_)
        values = [value if type(value) in _NUMBER else None for value in values]
    if types.isdisjoint({int, float}) and key not in _EXPECTED_TYPES:
        return None
    return Column(_floats(values), present)


def _floats(values: list[Any]) -> Floats:
    try:
        floats = np.array(values, dtype=np.float64)
    except OverflowError:  # an integer of over 308 digits
        floats = np.array([_float(value) for value in values], dtype=np.float64)
    floats[~np.isfinite(floats)] = np.nan
    return floats


def _float(value: float | None) -> float:
    try:
        return np.nan if value is None else float(value)
    except OverflowError:
        return np.nan


def _times(values: list[Any]) -> Column:
    seconds = [moment(value) if isinstance(value, str) else None for value in values]
    return Column(_floats(seconds), np.array([second is not None for second in seconds], np.bool_))
