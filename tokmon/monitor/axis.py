"""Axes: the mapping from values to the unit interval, and ticks at 1-2-5."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from tokmon.monitor.series import Floats

_LAST = 1e305
"""A tick of the next decade is still a float."""
_MANTISSAS = (1.0, 2.0, 5.0)
_LOG_TICKS_FROM = math.log10(5.0)
_MAX_DECADES = 600
_TINY = 1e-9
_HUGE = 1e300
"""Beyond this the arithmetic of an axis leaves what a float can hold; nearer to zero than its
inverse, that of a logarithmic one."""
# A range that is a smaller share of its values than this cannot be labelled with six digits.
_MIN_SHARE = 1e-5


@dataclass(frozen=True, slots=True)
class Axis:
    """A range of finite values, `low` < `high`; above zero if it is logarithmic."""

    low: float
    high: float
    is_log: bool = False
    is_whole: bool = False
    """Whether a tick between two whole numbers would mean nothing."""

    @classmethod
    def over(cls, values: Floats, *, is_log: bool = False, margin: float = 0.0) -> "Axis":
        """Return an axis that holds all finite `values`; on a log axis, all above zero.

        Args:
            values: any shape; may be empty.
            is_log: take logarithms.
            margin: share of the range that is added at each end.
        """
        usable = values[np.isfinite(values) & ((values > 0) | (not is_log))]
        if not len(usable):
            return cls(1.0, 10.0, is_log) if is_log else cls(0.0, 1.0)
        low, high = np.clip([usable.min(), usable.max()], -_HUGE, _HUGE).tolist()
        return cls._log_range(low, high, margin) if is_log else cls._range(low, high, margin)

    @classmethod
    def _range(cls, low: float, high: float, margin: float) -> "Axis":
        least = max(abs(low), abs(high), _TINY) * (0.05 if high == low else _MIN_SHARE)
        pad = max((high - low) * margin, least)
        return cls(low - pad, high + pad)

    @classmethod
    def _log_range(cls, low: float, high: float, margin: float) -> "Axis":
        low, high = max(low, 1 / _HUGE), max(high, 1 / _HUGE)
        factor = 10 ** ((math.log10(high) - math.log10(low)) * margin)
        factor = factor if factor > 1 else 1.05
        return cls(max(low / factor, 1 / _LAST), min(high * factor, _LAST), is_log=True)

    def unit(self, values: Floats) -> Floats:
        """Return where values lie, 0 at `low` and 1 at `high`; NaN where they have no place."""
        low, high = self._transformed(np.array([self.low, self.high]))
        with np.errstate(over="ignore"):
            unit: Floats = (self._transformed(values) - low) / (high - low)
        return unit

    def ticks(self, most: int) -> list[float]:
        """Return at most `most` ascending ticks, each 1, 2 or 5 times a power of ten."""
        if most < 1:
            return []
        if self.is_log and math.log10(self.high) - math.log10(self.low) >= _LOG_TICKS_FROM:
            return _log_ticks(self.low, self.high, most)
        return _linear_ticks(self.low, self.high, most, 1.0 if self.is_whole else 0.0)

    def _transformed(self, values: Floats) -> Floats:
        if not self.is_log:
            return values
        with np.errstate(invalid="ignore", divide="ignore"):
            logarithms: Floats = np.where(values > 0, np.log10(values), np.nan)
        return logarithms


def _linear_ticks(low: float, high: float, most: int, least: float) -> list[float]:
    exponent = math.floor(math.log10((high - low) / most))
    for step in (m * 10.0**e for e in range(exponent, max(exponent + 3, 2)) for m in _MANTISSAS):
        first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
        if last - first + 1 <= most and step >= least:
            return [round(index * step, 12 - exponent) for index in range(first, last + 1)]
    return []


def _log_ticks(low: float, high: float, most: int) -> list[float]:
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    decades = range(first, min(last, first + _MAX_DECADES) + 1)
    for mantissas in (_MANTISSAS, (1.0,)):
        ticks = [m * 10.0**decade for decade in decades for m in mantissas]
        ticks = [tick for tick in ticks if low <= tick <= high]
        if len(ticks) <= most:
            return ticks
    return ticks[:: -(-len(ticks) // most)]


def tick_label(value: float) -> str:
    """Return a tick as short as it can be without losing digits: 5k, 2.5, 0.02, 1e-5."""
    size = abs(value)
    if size >= 1e15 or 0 < size < 1e-3:
        return f"{value:.0e}".replace("e-0", "e-").replace("e+0", "e").replace("e+", "e")
    for unit, letter in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if size >= unit:
            return f"{value / unit:.6g}{letter}"
    return f"{value:.6g}"


def tick_labels(values: Sequence[float]) -> list[str]:
    """Return labels of ascending ticks, with as many digits as it takes to tell them apart."""
    labels = [tick_label(value) for value in values]
    if len(set(labels)) == len(labels):
        return labels
    step = min((b - a for a, b in pairwise(values)), default=1.0)
    decimals = max(0, -math.floor(math.log10(step) + _TINY)) if step > 0 else 0
    return [f"{value:,.{min(decimals, 12)}f}" for value in values]
