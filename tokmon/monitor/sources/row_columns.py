"""Rows of a log, each a dict, to columns of numbers. Must not know which keys a log has.

Rows of one layout are taken apart together, in C: of a log with 14 keys 1.3 us a line, where a look
at each row for each key took 4.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

import numpy as np

from tokmon.monitor.series import Column, Floats, Ints
from tokmon.rundir.records import END_OF_TIME_S, moment

Row = dict[str, Any]
NUMBER = frozenset({int, float, type(None)})
_ZERO = np.datetime64("2000-01-01T00:00:00", "us")
_OFFSET_CHARACTERS = len("+00:00")
_TIME_LENGTHS = frozenset(len("2026-11-23T13:36:45+00:00") + more for more in (0, 4, 7))


@dataclass(frozen=True, slots=True)
class Piece:
    """A key's values on the rows of one layout."""

    values: tuple[Any, ...]
    rows: Ints
    """Which rows of the batch they stand on, ascending."""
    types: frozenset[type]


def pieces(rows: Sequence[Row]) -> dict[str, list[Piece]]:
    """Return the values of each key, keys in the order of their first appearance."""
    found: dict[str, list[Piece]] = {}
    for indices in _by_length(rows):
        same = rows if len(indices) == len(rows) else [rows[index] for index in indices.tolist()]
        for key, values, places in _taken_apart(same):
            piece = Piece(values, indices[places], frozenset(map(type, values)))
            found.setdefault(key, []).append(piece)
    return found


def _by_length(rows: Sequence[Row]) -> list[Ints]:
    """Return the rows that have equally many keys, in the order of first appearance."""
    lengths = np.fromiter(map(len, rows), np.int64, len(rows))
    groups = [np.flatnonzero(lengths == length) for length in np.unique(lengths)]
    return sorted(groups, key=lambda group: int(group[0]))


def _taken_apart(rows: Sequence[Row]) -> Iterator[tuple[str, tuple[Any, ...], Ints]]:
    """Yield key, values and their rows; all rows have equally many keys."""
    keys = tuple(rows[0])
    try:
        columns = _values(rows, keys)
    except KeyError:  # as many keys, but others
        yield from _one_layout_after_the_other(rows)
        return
    places = np.arange(len(rows))
    for key, values in zip(keys, columns, strict=True):
        yield key, values, places


def _one_layout_after_the_other(
    rows: Sequence[Row],
) -> Iterator[tuple[str, tuple[Any, ...], Ints]]:
    layouts: dict[frozenset[str], list[int]] = {}
    for index, row in enumerate(rows):
        layouts.setdefault(frozenset(row), []).append(index)
    for indices in layouts.values():
        same = [rows[index] for index in indices]
        for key, values in zip(same[0], _values(same, tuple(same[0])), strict=True):
            yield key, values, np.array(indices)


def _values(rows: Sequence[Row], keys: tuple[str, ...]) -> list[tuple[Any, ...]]:
    if len(keys) < 2:
        return [tuple(row[key] for row in rows) for key in keys]
    return list(zip(*map(itemgetter(*keys), rows), strict=True))


def column(found: Sequence[Piece], count: int) -> Column | None:
    """Return a key's numbers on `count` rows, or None if none of its values is a number or null."""
    parts = [_numbers(piece) for piece in found]
    return _joined([part for part in parts if part is not None], count)


def time_column(found: Sequence[Piece], count: int) -> Column:
    """Return a key's times, ISO 8601, as seconds since 1970."""
    return _joined([_seconds(piece) for piece in found], count) or Column(
        np.full(count, np.nan), np.zeros(count, np.bool_)
    )


def _joined(parts: Sequence[tuple[Ints, Floats]], count: int) -> Column | None:
    if not parts:
        return None
    if len(parts) == 1 and len(parts[0][0]) == count:
        return Column(parts[0][1], np.ones(count, np.bool_))
    values, present = np.full(count, np.nan), np.zeros(count, np.bool_)
    for rows, numbers in parts:
        values[rows], present[rows] = numbers, True
    return Column(values, present)


def _numbers(piece: Piece) -> tuple[Ints, Floats] | None:
    """Return the rows that have a number or null, and the numbers."""
    if piece.types <= NUMBER:
        return piece.rows, floats(piece.values)
    is_number = [type(value) in NUMBER for value in piece.values]
    if not any(is_number):
        return None
    kept = [value for value, is_kept in zip(piece.values, is_number, strict=True) if is_kept]
    return piece.rows[np.array(is_number)], floats(kept)


def floats(values: Sequence[float | None]) -> Floats:
    """Return numbers as float64, shape (N,); NaN for null and for what is not finite."""
    try:
        numbers: Floats = np.array(values, dtype=np.float64)
    except OverflowError:  # an integer of over 308 digits
        numbers = np.array([_float(value) for value in values], dtype=np.float64)
    numbers[~np.isfinite(numbers)] = np.nan
    return numbers


def _float(value: float | None) -> float:
    try:
        return np.nan if value is None else float(value)
    except OverflowError:
        return np.nan


def _seconds(piece: Piece) -> tuple[Ints, Floats]:
    """Return the rows that have a time, and the times."""
    if piece.types == {str} and (seconds := _alike(piece.values)) is not None:
        return piece.rows, seconds
    found = [moment(value) if isinstance(value, str) else None for value in piece.values]
    is_time = np.array([second is not None for second in found], np.bool_)
    return piece.rows[is_time], floats([second for second in found if second is not None])


def _alike(texts: tuple[str, ...]) -> Floats | None:
    """Return times that are written alike, with one offset; None if any is not.

    NumPy reads them ten times as fast as datetime, but knows no offsets.
    """
    offset = texts[0][-_OFFSET_CHARACTERS:]
    zero, first = moment(f"{_ZERO}{offset}"), moment(texts[0])
    local = None if zero is None or first is None else _local_times(texts)
    if local is None or zero is None:
        return None
    # Divided once, as datetime does it: the float is the one that is nearest to the decimal.
    seconds: Floats = ((local - _ZERO).astype(np.int64) + round(1e6 * zero)) / 1e6
    is_sound = np.isfinite(seconds) & (seconds >= 0) & (seconds < END_OF_TIME_S)
    return seconds if is_sound.all() else None


def _local_times(texts: tuple[str, ...]) -> "np.ndarray[Any, np.dtype[np.datetime64]] | None":
    """Return times without their offsets; None if any text has another shape than the first."""
    length = len(texts[0])
    if length not in _TIME_LENGTHS or texts[0][10] != "T" or len(set(map(len, texts))) != 1:
        return None
    joined = "".join(texts)
    if not joined.isascii():
        return None
    signs = np.frombuffer(joined.encode(), np.uint8).reshape(len(texts), length)
    is_digit = (signs >= ord("0")) & (signs <= ord("9"))
    is_free = is_digit & is_digit[0]
    is_free[:, -_OFFSET_CHARACTERS:] = False
    if not (is_free | (signs == signs[0])).all():
        return None
    local = np.ascontiguousarray(signs[:, :-_OFFSET_CHARACTERS])
    try:
        return local.view(f"S{local.shape[1]}").ravel().astype("datetime64[us]")
    except ValueError:  # a thirteenth month, say
        return None
