"""Lines that hold the keys of the lines before them, decoded with their types known.

Takes half as long as a dict a line: no keys are made, and no types looked at. What differs in
anything, be it a new key or a bad line, is left to step_lines, which tells what it found there.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec
import numpy as np
from msgspec import UNSET, UnsetType

from tokmon.monitor.sources.row_columns import NUMBER, Piece

MAX_KEYS = 512
_TYPES: dict[str, Any] = {"step": int, "tokens": int | None, "time": str | None}
_FOUND_TYPES: dict[str, frozenset[type]] = {
    "step": frozenset({int}),
    "tokens": frozenset({int, type(None)}),
}
_NUMBERS: frozenset[type] = frozenset({float, type(None)})
_TEXT: frozenset[type] = frozenset({str, type(None)})
_NULLS: frozenset[type] = frozenset({type(None)})


class KnownLines:
    """Remembers the keys of a log, as long as each holds numbers (time: text) or null."""

    def __init__(self) -> None:
        self._is_required: dict[str, bool] = {}
        self._decode: Callable[[bytes], list[Any]] | None = None

    def learn(self, found: Mapping[str, Sequence[Piece]], count: int) -> None:
        """Expect the keys of `count` lines from now on; what is on all of them, on all lines."""
        if not count:
            return
        keys = dict(self._is_required)
        for key, parts in found.items():
            is_on_all = sum(len(part.rows) for part in parts) == count
            keys[key] = is_on_all and keys.get(key, True)
        for key in keys.keys() - found.keys():
            keys[key] = False
        if keys == self._is_required:
            return
        self._is_required = keys
        is_fit = "step" in keys and len(keys) <= MAX_KEYS
        is_fit &= all(_is_expected(key, part) for key, parts in found.items() for part in parts)
        self._decode = _decoder(keys) if is_fit else None

    def pieces(self, content: bytes) -> dict[str, list[Piece]] | None:
        """Return the values of each key on some lines; None if any is not of this kind."""
        if self._decode is None:
            return None
        try:
            lines = self._decode(content)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return None
        fields = zip(*map(msgspec.structs.astuple, lines), strict=True)
        everywhere = np.arange(len(lines))
        found = {}
        for (key, is_required), values in zip(self._is_required.items(), fields, strict=True):
            rows = everywhere
            if not is_required:
                rows = np.flatnonzero([value is not UNSET for value in values])
                values = tuple(value for value in values if value is not UNSET)
            if values:
                found[key] = [Piece(values, rows, _types(key, values))]
        return found


def _is_expected(key: str, part: Piece) -> bool:
    return part.types <= (_TEXT if key == "time" else NUMBER)


def _types(key: str, values: tuple[Any, ...]) -> frozenset[type]:
    if key == "time":
        return frozenset(map(type, values))
    if key in _FOUND_TYPES:
        return _FOUND_TYPES[key]
    return _NULLS if all(value is None for value in values) else _NUMBERS


def _decoder(keys: Mapping[str, bool]) -> Callable[[bytes], list[Any]]:
    names = {f"field{index}": key for index, key in enumerate(keys)}
    fields: list[Any] = []
    for name, key in names.items():
        kind = _TYPES.get(key, float | None)
        fields.append((name, kind) if keys[key] else (name, kind | UnsetType, UNSET))
    line = msgspec.defstruct(
        "Line", fields, rename=names, forbid_unknown_fields=True, kw_only=True, gc=False
    )
    return msgspec.json.Decoder(line).decode_lines
