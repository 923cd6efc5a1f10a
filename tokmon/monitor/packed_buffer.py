"""Floats that grow, in as little room as they need. Must not know metrics."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from tokmon.monitor.arrays import Floats
from tokmon.monitor.buffer import Buffer
from tokmon.monitor.coding import DOUBLE, SINGLE, Codes, Coding, smallest
from tokmon.monitor.decimals import decimals_of
from tokmon.monitor.packed import NOTHING_UNKNOWN, PackedFloats, Unknown

_AT_ONCE = 2**16
"""Values that are looked at together: unpacked they take half a megabyte."""


class PackedBuffer:
    """Amortised constant time a value. Finds its coding, and a wider one when that is needed."""

    def __init__(self) -> None:
        self._coding = Coding(np.uint8)
        self._codes = Buffer[Any](np.uint8, 0)
        self._length = 0
        self._expected = 0
        self._unknown = NOTHING_UNKNOWN

    def __len__(self) -> int:
        return self._length

    def expect(self, length: int) -> None:
        """Make room for so many from now on: a move costs time, and both places at once."""
        self._expected = length

    def extend(self, values: Floats) -> None:
        """Append `values`, shape (N,)."""
        codes = self._coding.encode(values)
        if codes is None:
            codes = self._widened(values)
        end = self._length + len(values)
        self._codes.reserve(max(end, self._expected))
        self._codes.put(self._length, codes)
        self._unknown = self._unknown.then(Unknown.among(values), self._length)
        self._length = end

    def show(self) -> PackedFloats:
        """Return what is there, without copying; it stays as it is."""
        return PackedFloats(self._codes.show(self._length), self._coding, self._unknown)

    def drop(self, kept: int) -> None:
        """Drop all but the first `kept`, which are at most what is there."""
        self._codes.drop(kept)
        if kept < self._length and self._unknown.count:
            self._unknown = self._unknown_of(kept)
        self._length = kept

    def _widened(self, values: Floats) -> Codes:
        """Choose a coding for what is there and what comes; return the codes of the latter."""
        for coding in self._wider(values):
            codes = coding.encode(values)
            if codes is not None and self._recode(coding):
                return codes
        raise AssertionError("float64 holds everything")

    def _wider(self, values: Floats) -> Iterator[Coding]:
        finite = values[np.isfinite(values)]
        if self._coding.is_decimal and len(finite) and (needed := decimals_of(finite)):
            held = self._coding.held(self._codes.view(self._length))
            together = needed if held is None else held.joined(needed)
            if together is not None and (coding := smallest(together)) is not None:
                yield coding
        yield SINGLE
        yield DOUBLE

    def _recode(self, coding: Coding) -> bool:
        """Encode what is there anew, in another place; return whether the coding holds it."""
        known, recoded = self._view(), Buffer[Any](coding.dtype, 0)
        recoded.reserve(max(self._length, self._expected))
        for start in range(0, self._length, _AT_ONCE):
            codes = coding.encode(known[start : start + _AT_ONCE])
            if codes is None:
                return False
            recoded.put(start, codes)
        self._coding, self._codes = coding, recoded
        return True

    def _unknown_of(self, length: int) -> Unknown:
        values, found = self._view(), NOTHING_UNKNOWN
        for start in range(0, length, _AT_ONCE):
            part = values[start : min(start + _AT_ONCE, length)]
            found = found.then(Unknown.among(part), start)
        return found

    def _view(self) -> PackedFloats:
        return PackedFloats(self._codes.view(self._length), self._coding, self._unknown)
