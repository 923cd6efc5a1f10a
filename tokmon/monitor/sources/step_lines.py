"""Lines of the step log to columns, fast where all is well and exact where it is not.

A batch is decoded as a whole (about 1 us a line); if anything in it is out of order, line by line,
so that exactly the bad ones are told. Must not keep state.
"""

import gc
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec
import numpy as np

from tokmon.monitor.series import Column, Ints
from tokmon.monitor.sources.known_lines import KnownLines
from tokmon.monitor.sources.row_columns import NUMBER, Piece, Row, column, pieces, time_column
from tokmon.monitor.time_spent import OPTIONAL_KEYS
from tokmon.monitor.visible import visible
from tokmon.rundir.records import BadLineError, Step, decode

MAX_STEP = 2**53
"""Beyond this a step is no longer exact as a float: such a line is bad."""

_rows_decoder = msgspec.json.Decoder(Row)
_STRICT_KEYS = frozenset(Step.__struct_fields__) - OPTIONAL_KEYS - {"extra"}
_EXPECTED_TYPES = dict.fromkeys(_STRICT_KEYS, NUMBER) | {
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


def parse(lines: Sequence[bytes], known: KnownLines | None = None) -> Batch:
    """Return what the lines say; never raises for their content.

    Args:
        lines: without their newlines.
        known: of the lines before these, which makes it twice as fast; it learns.
    """
    # A million short-lived rows make no cycles: looking for some took a quarter of the time.
    is_collecting = gc.isenabled()
    gc.disable()
    try:
        return _parse(lines, known or KnownLines())
    finally:
        if is_collecting:
            gc.enable()


def _parse(lines: Sequence[bytes], known: KnownLines) -> Batch:
    content = _content_of_objects(lines)
    found = known.pieces(content) if content is not None else None
    if found is not None and _is_sound(found, len(lines)):
        return _batch(found, len(lines))
    rows = _rows_of_sound_lines(content, len(lines)) if content is not None else None
    found = pieces(rows) if rows is not None else {}
    rejected: list[Rejected] = []
    if rows is None or not _is_sound(found, len(rows)):
        rows = []
        for index, line in enumerate(lines):
            try:
                rows.append(_row(line))
            except BadLineError as error:
                rejected.append(Rejected(index, visible(str(error))))
        found = pieces(rows)
    known.learn(found, len(rows))
    return _batch(found, len(rows), tuple(rejected))


def _batch(
    found: Mapping[str, Sequence[Piece]], count: int, rejected: tuple[Rejected, ...] = ()
) -> Batch:
    steps = np.empty(count, np.int64)
    for piece in found.get("step", ()):
        steps[piece.rows] = piece.values
    return Batch(steps, _columns(found, count), rejected)


def _content_of_objects(lines: Sequence[bytes]) -> bytes | None:
    """Return the lines joined if each begins with { and ends with }, else None.

    The decoder does not ask for a newline between objects. As no two such lines can make one
    object, as many objects as lines means one object a line.
    """
    content = b"\n".join(lines)
    is_whole = content.startswith(b"{") and content.endswith(b"}")
    return content if is_whole and content.count(b"}\n{") == len(lines) - 1 else None


def _rows_of_sound_lines(content: bytes, count: int) -> list[Row] | None:
    """Return the rows if every line is one object, else None."""
    try:
        rows: list[Row] = _rows_decoder.decode_lines(content)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    return rows if len(rows) == count else None


def _is_sound(found: Mapping[str, Sequence[Piece]], count: int) -> bool:
    """Say whether every row is a step record as far as types tell."""
    for key, expected in _EXPECTED_TYPES.items():
        if any(not piece.types <= expected for piece in found.get(key, ())):
            return False
    steps = [piece.values for piece in found.get("step", ())]
    if sum(map(len, steps)) != count:
        return False
    return all(min(values) >= 0 and max(values) < MAX_STEP for values in steps)


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
                if key not in OPTIONAL_KEYS or type(value) in NUMBER
            }
        return msgspec.json.encode(fields)
    # ValueError: lone surrogates, which are read but cannot be written, are among it.
    except (ValueError, RecursionError) as error:
        raise BadLineError(str(error)) from error


def _columns(found: Mapping[str, Sequence[Piece]], count: int) -> dict[str, Column]:
    columns = {}
    for key, parts in found.items():
        if key == "time":
            columns[key] = time_column(parts, count)
        elif key != "step" and (numbers := _numbers(key, parts, count)) is not None:
            columns[key] = numbers
    return columns


def _numbers(key: str, parts: Sequence[Piece], count: int) -> Column | None:
    """Return a column; a key that we do not know needs more than nulls to be one."""
    is_number = any(not part.types.isdisjoint({int, float}) for part in parts)
    return column(parts, count) if is_number or key in _EXPECTED_TYPES else None
