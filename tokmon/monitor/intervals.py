"""Shares and means of a few samples with their 95 % intervals. Pure.

The trainer's own (trainer.scoring.intervals) is the other side of the wall between the two halves;
the methods are the same, so that a round of samples and an evaluation compare.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

Z_95 = 1.959964
"""Standard normal quantile at 0.975."""
_RESAMPLES = 2000


@dataclass(frozen=True, slots=True)
class Interval:
    """A value and its 95 % interval."""

    value: float
    low: float | None = None
    """Lower end; None where no interval is known."""
    high: float | None = None
    """Upper end."""


def wilson(successes: int, trials: int) -> Interval | None:
    """Return a share with its score interval, which holds near 0 and 1 too; None without trials.

    Wilson 1927, "Probable inference, the law of succession, and statistical inference", JASA 22.
    """
    if not trials:
        return None
    share, squared = successes / trials, Z_95**2
    centre = share + squared / (2 * trials)
    spread = Z_95 * math.sqrt(share * (1 - share) / trials + squared / (4 * trials**2))
    low, high = ((centre + sign * spread) / (1 + squared / trials) for sign in (-1, 1))
    # At 0 and at 1 one end is the share itself, but for rounding.
    return Interval(share, max(0.0, min(low, share)), min(1.0, max(high, share)))


def bootstrap_mean(values: Sequence[float], seed: int = 0) -> Interval | None:
    """Return a mean with the percentile interval of the bootstrap; None without values.

    Efron 1979, "Bootstrap methods: another look at the jackknife", Annals of Statistics 7.

    Args:
        values: finite, one for each sample.
        seed: of the resampling.
    """
    if not values:
        return None
    known = np.array(values, dtype=np.float64)
    drawn = np.random.default_rng(seed).integers(0, len(known), (_RESAMPLES, len(known)))
    low, high = np.quantile(known[drawn].mean(axis=1), (0.025, 0.975))
    return Interval(float(known.mean()), float(low), float(high))


def jackknife(value: float, left_out: Sequence[float]) -> Interval:
    """Return a share over a whole set, with the interval that leaving out one at a time gives.

    For shares of what is unique: a bootstrap draws samples twice, which makes what they hold twice
    there. Tukey 1958, "Bias and confidence in not-quite large samples"; normal, cut to 0 and 1.

    Args:
        value: over all samples, 0 to 1.
        left_out: the same without the first sample, without the second, ...
    """
    if len(left_out) < 2:
        return Interval(value)
    variance = (len(left_out) - 1) * float(np.var(np.array(left_out, dtype=np.float64)))
    spread = Z_95 * math.sqrt(variance)
    return Interval(value, max(0.0, value - spread), min(1.0, value + spread))
