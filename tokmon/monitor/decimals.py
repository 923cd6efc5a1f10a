"""Which whole numbers stand for some decimals: 9.83912 is 983912 at an exponent of 5. Pure.

A log writes its numbers with a few digits, most of which an integer holds in half the room of a
float64, and exactly: the quotient of two integers below 2^53 is rounded once, as the decimal was
when it was read. The idea is that of ALP (Afroozeh, Kuffo and Boncz, SIGMOD 2023).
"""

import math
from dataclasses import dataclass

import numpy as np

from tokmon.monitor.arrays import Floats, Ints

MAX_EXPONENT = 15
MAX_NUMBER = 2**52
"""Of either sign; so that differences stay exact as float64."""
_SAMPLE = 64


@dataclass(frozen=True, slots=True)
class Decimals:
    """What some values need to be whole numbers: value = number / 10^exponent."""

    exponent: int
    low: int
    """The lowest number."""
    high: int
    """The highest."""
    unit: int
    """What the numbers lie apart are multiples of this; 0 where they are all the same."""

    def joined(self, other: "Decimals") -> "Decimals | None":
        """Return what both need together; None where that is too much."""
        exponent = max(self.exponent, other.exponent)
        mine, others = self._at(exponent), other._at(exponent)
        low, high = min(mine.low, others.low), max(mine.high, others.high)
        if max(-low, high) > MAX_NUMBER:
            return None
        return Decimals(
            exponent, low, high, math.gcd(mine.unit, others.unit, mine.low - others.low)
        )

    def _at(self, exponent: int) -> "Decimals":
        factor = 10 ** (exponent - self.exponent)
        return Decimals(exponent, self.low * factor, self.high * factor, self.unit * factor)


def decimals_of(values: Floats) -> Decimals | None:
    """Return what finite `values`, shape (N,), N > 0, need; None if they are no short decimals."""
    for exponent in range(MAX_EXPONENT + 1):
        if _numbers(values[:_SAMPLE], exponent) is not None:
            numbers = _numbers(values, exponent)
            if numbers is not None:
                return _needed(numbers, exponent)
    return None


def _numbers(values: Floats, exponent: int) -> Ints | None:
    """Return the values as whole numbers; None if any is none at this exponent."""
    scale = 10.0**exponent
    with np.errstate(over="ignore"):
        numbers = np.rint(values * scale)
    if not (np.abs(numbers) <= MAX_NUMBER).all():
        return None
    # As bits: -0.0 is not 0.0.
    is_same = (numbers / scale).view(np.int64) == values.view(np.int64)
    return numbers.astype(np.int64) if is_same.all() else None


def _needed(numbers: Ints, exponent: int) -> Decimals:
    low, high = int(numbers.min()), int(numbers.max())
    return Decimals(exponent, low, high, int(np.gcd.reduce(numbers - low)))
