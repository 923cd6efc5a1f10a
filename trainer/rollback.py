"""When no step reaches the weights any more, the run goes back to its last good checkpoint.

Skipping cures a bad batch. What skipping does not cure is in the weights, the data or the machine:
a flipped bit is gone after going back, anything else comes again, and ends the run.
"""

import math

from tokmon.rundir.errors import TokmonError
from trainer.checkpoint import Checkpoint
from trainer.meter import Interval
from trainer.resume import Start

SKIPPED_IN_A_ROW = 32
"""Skipped steps without one between that count as not cured."""
LIMIT = 3
"""The rollback in a row that ends the run."""
_REMEDY = (
    "see the skipped windows in the events; lower optim.lr, raise schedule.warmup, look at the "
    "data, or try another device"
)


class Rollbacks:
    """Decides when to go back, and when that has not helped either.

    Args:
        skipped_in_a_row: before the first interval, from the checkpoint that the run goes on from.
    """

    def __init__(self, skipped_in_a_row: int = 0) -> None:
        self.skipped_in_a_row = skipped_in_a_row
        """Steps up to now that did not reach the weights."""
        self.count = 0
        """Rollbacks from which the run has not yet come past the step that caused them."""
        self.before = math.inf
        """The next rollback in a row goes further back than the last one: it did not help."""
        self._furthest = 0

    def is_due(self, interval: Interval, step: int) -> bool:
        """Look at the interval that ends with `step`; say whether to go back."""
        self._count_skipped(interval)
        is_due = self.skipped_in_a_row >= SKIPPED_IN_A_ROW
        if is_due:
            self._furthest = max(self._furthest, step)
        elif step >= self._furthest:
            self.count, self.before = 0, math.inf
        return is_due

    def begin(self) -> None:
        """Count a rollback.

        Raises:
            TokmonError: it is the third in a row.
        """
        self.count += 1
        if self.count >= LIMIT:
            raise TokmonError(
                f"the last {self.skipped_in_a_row} steps up to {self._furthest} did not reach the "
                f"weights, and this would be rollback {LIMIT} in a row",
                _REMEDY,
            )

    def end(self, start: Start) -> Checkpoint:
        """Return the checkpoint that a rollback leads to.

        Raises:
            TokmonError: there is none.
        """
        if start.checkpoint is None:
            raise TokmonError(
                f"the last {self.skipped_in_a_row} steps did not reach the weights, and there is "
                "no checkpoint to go back to",
                _REMEDY,
            )
        self.before = start.step
        self.skipped_in_a_row = start.progress.skipped_in_a_row
        return start.checkpoint

    def _count_skipped(self, interval: Interval) -> None:
        skipped = {*interval.not_finite, *interval.spikes}
        tail = 0
        while tail < interval.steps and interval.steps - 1 - tail in skipped:
            tail += 1
        self.skipped_in_a_row = tail + self.skipped_in_a_row * (tail == interval.steps)
