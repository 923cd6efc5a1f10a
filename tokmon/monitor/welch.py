"""Student's t distribution and Welch's test, exact to rounding, without a statistics library.

Pure functions of numbers. A dependency of 100 MB for two of them would be no bargain.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import mean, variance

_TINY = 1e-300
_TERMS = 10_000
_HALVINGS = 200
_CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class Welch:
    """What a two-sided test of two means found."""

    difference: float
    """Mean of the second group minus that of the first."""
    low: float
    """Lower end of its 95 % interval."""
    high: float
    """Upper end."""
    t: float
    """The difference over its standard error."""
    df: float
    """Degrees of freedom, not whole in general."""
    p: float
    """Probability of a difference this large or larger if the true means are equal, two-sided."""


def welch(first: Sequence[float], second: Sequence[float]) -> Welch | str:
    """Return Welch's two-sided test of two means, or why there is none.

    The variances need not be equal. Welch 1947, "The generalization of 'Student's' problem when
    several different population variances are involved", Biometrika 34; degrees of freedom of
    Satterthwaite 1946, Biometrics Bulletin 2.

    Args:
        first: independent values, finite.
        second: likewise.
    """
    if min(len(first), len(second)) < 2:
        return "a test needs two seeds or more on both sides"
    parts = [variance(values) / len(values) for values in (first, second)]
    squared = sum(parts)
    if not squared > 0 or not math.isfinite(squared):
        return "on neither side do the seeds differ"
    # As shares of their sum: squares of the parts themselves may be too small for a float.
    shares = [part / squared for part in parts]
    sizes = (len(first), len(second))
    df = 1 / sum(share**2 / (size - 1) for share, size in zip(shares, sizes, strict=True))
    error, difference = math.sqrt(squared), mean(second) - mean(first)
    reach = quantile(_CONFIDENCE, df) * error
    t = difference / error
    return Welch(difference, difference - reach, difference + reach, t, df, two_sided(t, df))


def mean_interval(values: Sequence[float]) -> tuple[float, float] | None:
    """Return the ends of the 95 % interval of a mean by Student's t.

    None for fewer than two values, and where all are the same: that is no certainty, but too few.
    """
    spread = variance(values) if len(values) > 1 else 0.0
    if not spread > 0:
        return None
    reach = quantile(_CONFIDENCE, len(values) - 1) * math.sqrt(spread / len(values))
    return mean(values) - reach, mean(values) + reach


def two_sided(t: float, df: float) -> float:
    """Return the probability that Student's t is as far from 0 as `t` or farther.

    I_x(df / 2, 1 / 2) at x = df / (df + t^2): Abramowitz and Stegun 1964, 26.7.1 and 26.5.27.

    Args:
        t: finite.
        df: degrees of freedom, above 0.
    """
    ratio = t / math.sqrt(df)  # t^2 itself may overflow
    if abs(ratio) > 1e150:
        return 0.0
    x = 1 / (1 + ratio * ratio)
    return _incomplete_beta(x, 1 - x if abs(ratio) > 1 else x * ratio * ratio, df / 2, 0.5)


def quantile(confidence: float, df: float) -> float:
    """Return how far Student's t is from 0 at most with probability `confidence`.

    Args:
        confidence: above 0 and below 1; 0.95 for the ends of a 95 % interval.
        df: degrees of freedom, above 0.
    """
    low, high = 0.0, 1.0
    while two_sided(high, df) > 1 - confidence:
        low, high = high, 2 * high
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if middle in (low, high):
            break
        low, high = (middle, high) if two_sided(middle, df) > 1 - confidence else (low, middle)
    return high


def _incomplete_beta(x: float, rest: float, a: float, b: float) -> float:
    """Return the regularized incomplete beta function I_x(a, b).

    By its continued fraction, on the side where that converges fast: DLMF 8.17.22 and 8.17.4.

    Args:
        x: 0 to 1.
        rest: 1 - x, given because it may be far smaller than the rounding of x.
        a: above 0.
        b: above 0.
    """
    if x <= 0 or rest <= 0:
        return 0.0 if x <= 0 else 1.0
    if x > (a + 1) / (a + b + 2):
        return 1 - _incomplete_beta(rest, x, b, a)
    log_beta = math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)
    front = math.exp(a * math.log(x) + b * math.log(rest) - log_beta) / a
    return min(1.0, front * _fraction(x, a, b))


def _fraction(x: float, a: float, b: float) -> float:
    """Return the continued fraction 1 / (1 + d1 / (1 + d2 / ...)) of DLMF 8.17.22.

    By the method of Lentz 1976 as Thompson and Barnett 1986 mended it (J. Comput. Phys. 64).
    """
    c, d = 1.0, 1 / _nonzero(1 - (a + b) * x / (a + 1))
    value = d
    for m in range(1, _TERMS):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        for coefficient in (even, odd):
            d = 1 / _nonzero(1 + coefficient * d)
            c = _nonzero(1 + coefficient / c)
            value *= c * d
        if abs(c * d - 1) < 1e-16:
            break
    return value


def _nonzero(value: float) -> float:
    return value if abs(value) > _TINY else _TINY
