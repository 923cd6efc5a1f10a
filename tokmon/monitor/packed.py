"""Floats in as little room as they need, immutable. Must not know metrics, nor how they grow."""

from dataclasses import dataclass
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from tokmon.monitor.arrays import Floats, Ints, Mask
from tokmon.monitor.coding import DOUBLE, Codes, Coding

_FIRST_LOOK = 16
"""Values."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """Values that are not finite."""

    count: int = 0
    last: int = -1
    """Index of the last; -1 without any."""

    @staticmethod
    def among(values: Floats) -> "Unknown":
        """Return those of `values`, shape (N,)."""
        found = np.flatnonzero(~np.isfinite(values))
        return Unknown(len(found), int(found[-1])) if len(found) else NOTHING_UNKNOWN

    def then(self, later: "Unknown", length: int) -> "Unknown":
        """Return these and `later` ones, which are among the values behind `length` others."""
        return Unknown(self.count + later.count, length + later.last) if later.count else self


NOTHING_UNKNOWN = Unknown()


class PackedFloats:
    """Float64 values, shape (N,), of which only those that are asked for are unpacked."""

    __slots__ = ("_codes", "_coding", "_unknown")

    def __init__(self, codes: Codes, coding: Coding, unknown: Unknown | None) -> None:
        self._codes = codes
        self._coding = coding
        self._unknown = unknown

    @staticmethod
    def of(values: Floats) -> "PackedFloats":
        """Return an array as it is."""
        return PackedFloats(values, DOUBLE, None)

    @property
    def unknown(self) -> Unknown:
        """Those that are not finite."""
        if self._unknown is None:
            self._unknown = Unknown.among(self[:])
        return self._unknown

    def __len__(self) -> int:
        return len(self._codes)

    @overload
    def __getitem__(self, index: int | np.integer[Any]) -> float: ...
    @overload
    def __getitem__(self, index: slice | Ints | Mask) -> Floats: ...
    def __getitem__(self, index: int | np.integer[Any] | slice | Ints | Mask) -> float | Floats:
        codes = np.asarray(self._codes[index])
        has_nan = self._unknown is None or self._unknown.count > 0
        values = self._coding.decode(codes, has_nan=has_nan)
        return values if values.ndim else float(values)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        return self[:].astype(dtype or np.float64, copy=bool(copy))

    @property
    def nbytes(self) -> int:
        """Memory in use."""
        return self._codes.nbytes

    @property
    def is_empty(self) -> bool:
        """Whether there is no finite value."""
        return self.unknown.count == len(self)

    def newest(self) -> float | None:
        """Return the last finite value; None without any."""
        end, size = len(self), _FIRST_LOOK
        while end > 0:
            if len(found := _finite(self[max(0, end - size) : end])):
                return float(found[-1])
            end, size = 0 if self.is_empty else end - size, 8 * size
        return None

    def oldest(self) -> float | None:
        """Return the first finite value; None without any."""
        start, size = 0, _FIRST_LOOK
        while start < len(self):
            if len(found := _finite(self[start : start + size])):
                return float(found[0])
            start, size = len(self) if self.is_empty else start + size, 8 * size
        return None

    def lowest(self) -> int | None:
        """Return where the lowest finite value is, the first of equals; None without any."""
        if not len(self):
            return None
        codes = self._codes
        if not self._coding.is_decimal:
            codes = np.where(np.isfinite(codes), codes, np.inf)
        # Whole numbers are in the order of their values, and NaN is the highest.
        place = int(codes.argmin())
        return place if np.isfinite(self[place]) else None


def _finite(values: Floats) -> Floats:
    return values[np.isfinite(values)]
