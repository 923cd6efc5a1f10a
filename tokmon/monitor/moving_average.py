"""The debiased moving average of many values at once: what DebiasedEma gives, 30 times as fast.

Within a block of 64 it is a product with a triangular matrix; only from block to block one number
is carried. Knows nothing of metrics.
"""

from dataclasses import dataclass

import numpy as np

from tokmon.monitor.series import Floats

_BLOCK = 64
_BELOW_ROUNDING = 1e-17


@dataclass(frozen=True, slots=True)
class Carried:
    """An average between two values."""

    mean: float = 0.0
    """Not debiased."""
    count: int = 0
    """Finite values so far."""


def debiased_average(values: Floats, beta: float, carried: Carried) -> tuple[Floats, Carried]:
    """Return the averages after each of `values`, shape (N,), and what is carried on.

    m = beta m + (1 - beta) x, divided by 1 - beta^n (Kingma and Ba, arXiv 1412.6980, section 3).
    What is not finite gives NaN and leaves the average as it was.
    """
    is_finite = np.isfinite(values)
    if not is_finite.all():
        averages = np.full(len(values), np.nan)
        averages[is_finite], carried = debiased_average(values[is_finite], beta, carried)
        return averages, carried
    if not len(values):
        return values, carried
    means = _means(values, beta, carried.mean)
    after = Carried(float(means[-1]), carried.count + len(values))
    return means / _weights(len(values), beta, carried.count), after


def carried_at(averages: Floats, beta: float) -> Carried:
    """Return what is carried behind `averages`: the log went back to there."""
    finite = averages[np.isfinite(averages)]
    if not len(finite):
        return Carried()
    return Carried(float(finite[-1]) * float(1 - beta ** len(finite)), len(finite))


def _means(values: Floats, beta: float, mean: float) -> Floats:
    blocks = np.pad(values, (0, -len(values) % _BLOCK))
    place = np.arange(_BLOCK)
    powers = beta ** np.clip(place[:, None] - place, 0, None)
    with np.errstate(over="ignore", invalid="ignore"):
        local = blocks.reshape(-1, _BLOCK) @ ((1 - beta) * np.tril(powers)).T
        starts = np.array(_chained(local[:, -1].tolist(), beta**_BLOCK, mean))
        local += np.outer(starts, beta ** (place + 1))
    flat: Floats = local.ravel()[: len(values)]
    return flat


def _chained(ends: list[float], decay: float, mean: float) -> list[float]:
    """Return the mean in front of each block."""
    starts = []
    for end in ends:
        starts.append(mean)
        mean = mean * decay + end
    return starts


def _weights(length: int, beta: float, count: int) -> Floats:
    weights = np.ones(length)
    biased = min(length, max(0, int(np.log(_BELOW_ROUNDING) / np.log(beta)) - count))
    weights[:biased] -= beta ** np.arange(count + 1, count + biased + 1)
    return weights
