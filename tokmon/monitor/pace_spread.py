"""How far a pace is to be trusted: what its own past says about foretelling it. Pure."""

import math
from dataclasses import dataclass

import numpy as np

from tokmon.monitor.series import Floats, Points

MAX_BLOCKS = 64
MIN_BLOCK_LINES = 5
MIN_BLOCKS = 6
UNKNOWN = 0.42
"""Standard deviation of the logarithm while a log is too short to say: 1.64 of it are a factor of
two. The first lines compile, and no evaluation or checkpoint has been seen."""
LEAST = 0.02
_FORETOLD_FROM = 2
"""Blocks that a prediction is made from, as the recent lines are some of the latest."""
_MAX_GROWTH = 2.0


@dataclass(frozen=True, slots=True)
class PaceSpread:
    """How wrong predictions of this run's pace were, by how far they reached."""

    block_steps: float = 1.0
    """Steps in a block of lines."""
    errors: tuple[float, ...] = ()
    """Root mean square of log(pace that came / pace before) over 1, 2, 4... blocks to come."""

    def sigma(self, steps: float) -> float:
        """Return the standard deviation of the logarithm of the mean pace over the next `steps`.

        Past what the log has seen, the error goes on growing as it did over its last doubling: not
        at all where the pace is steady noise, by sqrt(2) where it wanders.
        """
        if not self.errors or steps <= 0:
            return UNKNOWN
        reach = math.log2(max(1.0, steps / self.block_steps))
        last = len(self.errors) - 1
        if reach <= last:
            known = float(np.interp(reach, range(len(self.errors)), self.errors))
            return max(LEAST, known)
        before = self.errors[max(0, last - 1)]
        growth = min(_MAX_GROWTH, max(1.0, self.errors[last] / max(before, LEAST)))
        return float(max(LEAST, self.errors[last]) * growth ** min(reach - last, 10.0))


def pace_spread(clock: Points) -> PaceSpread:
    """Foretell the past from what was before it, and return how wrong that was.

    Args:
        clock: seconds at each log line, of which 65 are looked at however many there are.
    """
    count = min(MAX_BLOCKS, (len(clock) - 1) // MIN_BLOCK_LINES)
    if count < MIN_BLOCKS:
        return PaceSpread()
    edges = np.linspace(0, len(clock) - 1, count + 1).round().astype(np.int64)
    steps, seconds = clock.steps[edges], clock.values[edges]
    known = np.isfinite(seconds)
    taken_s, taken_steps = np.diff(seconds[known]), np.diff(steps[known]).astype(np.float64)
    if len(taken_s) < MIN_BLOCKS or (taken_s <= 0).any():
        return PaceSpread()
    # The first block compiles and warms up; the longest may be a suspended laptop.
    paces = np.minimum(taken_s / taken_steps, np.sort(taken_s / taken_steps)[-2])[1:]
    errors = tuple(_error(paces, 2**power) for power in range((len(paces) // 2).bit_length()))
    return PaceSpread(float(taken_steps.mean()), errors)


def _error(paces: Floats, reach: int) -> float:
    sums = np.concatenate([[0.0], np.cumsum(paces)])
    places = np.arange(_FORETOLD_FROM, len(paces) - reach + 1)
    before = (sums[places] - sums[places - _FORETOLD_FROM]) / _FORETOLD_FROM
    came = (sums[places + reach] - sums[places]) / reach
    return float(np.sqrt(np.mean(np.log(came / before) ** 2)))
