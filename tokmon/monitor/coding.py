"""How floats are held in less room than float64 takes, exactly. Pure; must not keep values."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tokmon.monitor.arrays import Floats
from tokmon.monitor.decimals import MAX_NUMBER, Decimals

Codes = NDArray[Any]
_INTEGERS: tuple[type[np.unsignedinteger[Any]], ...] = (np.uint8, np.uint16, np.uint32)


@dataclass(frozen=True, slots=True)
class Coding:
    """Whole numbers for short decimals, float32 for what is exact in it, else the floats.

    value = (code * unit + base) / scale. The highest code stands for NaN. What was encoded comes
    back bit for bit, but for the bits that tell one NaN from another.
    """

    dtype: type[np.generic]
    scale: float = 1.0
    """A power of ten."""
    unit: float = 1.0
    base: float = 0.0

    @property
    def is_decimal(self) -> bool:
        """Whether the codes are whole numbers."""
        return self.dtype in _INTEGERS

    def encode(self, values: Floats) -> Codes | None:
        """Return the codes of `values`, shape (N,); None if any would not come back the same."""
        with np.errstate(over="ignore", invalid="ignore"):
            codes = self._numbered(values) if self.is_decimal else values.astype(self.dtype)
        if codes is None:
            return None
        is_same = self.decode(codes).view(np.int64) == values.view(np.int64)
        return codes if is_same.all() or (is_same | np.isnan(values)).all() else None

    def decode(self, codes: Codes, *, has_nan: bool = True) -> Floats:
        """Return the values of codes of any shape; without NaN among them it is twice as fast."""
        if not self.is_decimal:
            return codes.astype(np.float64, copy=False)
        values: Floats = codes.astype(np.float64)
        # In place, and only what changes anything: a million values are 8 MB each time.
        if self.unit != 1:
            values *= self.unit
        if self.base:
            values += self.base
        if self.scale != 1:
            values /= self.scale
        if has_nan:
            values[codes == self.nan_code] = np.nan
        return values

    @property
    def nan_code(self) -> int:
        """What stands for NaN among whole numbers."""
        return int(256 ** np.dtype(self.dtype).itemsize - 1)

    def _numbered(self, values: Floats) -> Codes | None:
        numbers = (np.rint(values * self.scale) - self.base) / self.unit
        is_nan = np.isnan(values)
        if is_nan.any():
            numbers[is_nan] = self.nan_code
            is_inside = (numbers < self.nan_code) | is_nan
        else:
            is_inside = numbers < self.nan_code
        if not (is_inside & (numbers >= 0)).all():
            return None
        codes: Codes = numbers.astype(self.dtype)
        return codes

    def held(self, codes: Codes) -> Decimals | None:
        """Return what the values of some codes need; None where all are NaN."""
        known = codes[codes != self.nan_code]
        if not len(known):
            return None
        low, high = (int(self.base) + int(self.unit) * int(end(known)) for end in (np.min, np.max))
        unit = int(self.unit) if low < high else 0
        return Decimals(round(np.log10(self.scale)), low, high, unit)


SINGLE = Coding(np.float32)
DOUBLE = Coding(np.float64)


def smallest(needed: Decimals) -> Coding | None:
    """Return the integer coding for decimals that leaves room to either side; None if none does.

    Room, because what comes next lies below (a loss) or above (a clock) what was there before.
    """
    unit = max(1, needed.unit)
    span = (needed.high - needed.low) // unit
    for dtype in _INTEGERS:
        most = np.iinfo(dtype).max - 1
        if 2 * span <= most or (dtype is _INTEGERS[-1] and span <= most):
            base = needed.low - (most - span) // 2 * unit
            if -base <= MAX_NUMBER and needed.high - base <= MAX_NUMBER:
                return Coding(dtype, 10.0**needed.exponent, float(unit), float(base))
    return None
