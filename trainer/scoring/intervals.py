"""A value with its 95 % interval. Pure; the seed of resampling is an argument."""

import math
from collections.abc import Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

Z_95 = 1.959964
"""Standard normal quantile at 0.975."""
RESAMPLES = 2000


class Estimate(msgspec.Struct, frozen=True):
    """A metric and the 95 % interval around it; all None where nothing could be measured."""

    value: float | None = None
    """What was measured."""
    low: float | None = None
    """Lower end; None where no interval is known."""
    high: float | None = None
    """Upper end."""


def wilson(successes: int, trials: int) -> Estimate:
    """Return a share with its score interval, which holds near 0 and 1 as well.

    Wilson 1927, "Probable inference, the law of succession, and statistical inference", JASA 22.
    """
    if not trials:
        return Estimate()
    share, squared = successes / trials, Z_95**2
    centre = share + squared / (2 * trials)
    spread = Z_95 * math.sqrt(share * (1 - share) / trials + squared / (4 * trials**2))
    low, high = ((centre + sign * spread) / (1 + squared / trials) for sign in (-1, 1))
    # At 0 and at 1 one end is the share itself, but for rounding.
    return Estimate(share, max(0.0, min(low, share)), min(1.0, max(high, share)))


def share_of(flags: Sequence[bool]) -> Estimate:
    """Return the share that is true, with Wilson's interval."""
    return wilson(sum(flags), len(flags))


def bootstrap_mean(values: Sequence[float | None], seed: int) -> Estimate:
    """Return the mean over samples, with the percentile interval of the bootstrap.

    Efron 1979, "Bootstrap methods: another look at the jackknife", Annals of Statistics 7.

    Args:
        values: one for each sample; None where a sample has no such value, and is left out.
        seed: of the resampling.
    """
    known = np.array([value for value in values if value is not None], dtype=np.float64)
    return bootstrap_ratio(known, np.ones(len(known)), seed)


def bootstrap_ratio(sums: NDArray[np.float64], counts: NDArray[np.float64], seed: int) -> Estimate:
    """Return sum / count over documents that are drawn whole, with the percentile interval.

    Tokens of one document resemble each other: to draw them singly would claim too much. As
    `bootstrap_mean`, for clusters of different size.

    Args:
        sums: of each document, (N,).
        counts: what they are sums over, (N,).
        seed: of the resampling.
    """
    is_counted = counts > 0
    sums, counts = sums[is_counted], counts[is_counted]
    if not len(counts):
        return Estimate()
    drawn = np.random.default_rng(seed).integers(0, len(counts), (RESAMPLES, len(counts)))
    ratios = sums[drawn].sum(axis=1) / counts[drawn].sum(axis=1)
    low, high = np.quantile(ratios, (0.025, 0.975))
    return Estimate(float(sums.sum() / counts.sum()), float(low), float(high))


def jackknife(value: float | None, left_out: Sequence[float | None]) -> Estimate:
    """Return a share over a whole set, with the interval that leaving out one at a time gives.

    For shares of what is unique: a bootstrap draws samples twice, which makes what they hold twice
    there. Tukey 1958, "Bias and confidence in not-quite large samples"; normal, cut to 0 and 1.

    Args:
        value: over all samples.
        left_out: the same without the first sample, without the second, ...; None where nothing
            is left.
    """
    rest = np.array([other for other in left_out if other is not None], dtype=np.float64)
    if value is None or len(rest) < 2:
        return Estimate(value)
    variance = (len(rest) - 1) * float(rest.var())
    spread = Z_95 * math.sqrt(variance)
    return Estimate(value, max(0.0, value - spread), min(1.0, value + spread))
