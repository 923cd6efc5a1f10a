"""Whether there is time for a round of samples. Pure: seconds come in, none are measured here."""

from collections.abc import Sequence
from itertools import pairwise
from statistics import median

_LEAST_STEP_S = 1e-4
"""No host decodes a step faster: v1's takes a hundred times as long on two CPU cores."""
LOOK_STEPS = 8
"""After so many steps a round that has begun is judged: 6 % of one of 128."""


class Budget:
    """Keeps what rounds take below a share of an attempt's time.

    Args:
        share: of the time, above 0 up to 1.
        steps: of decoding in a round: its longest continuation.
    """

    def __init__(self, share: float, steps: int) -> None:
        self._share = share
        self._least_s = steps * _LEAST_STEP_S
        self.predicted_s = self._least_s
        """What a round took, or would have by its beginning, when it was last tried, seconds."""
        self.is_measured = False
        """Whether one was tried: before that, no round can take less."""
        self._hope = 1.0
        self.spent_s = 0.0
        """What was charged so far, seconds."""
        self.left_out = 0
        """Rounds that were left out since the last one."""

    def may_begin(self, elapsed_s: float) -> bool:
        """Say whether it may be tried to draw a round, `elapsed_s` into the attempt.

        The prediction counts for half as much with every round that was left out for it: the
        machine may do less beside than it did then, and from a model that has learnt something is
        drawn several times as fast. To be wrong costs the first steps of a round.
        """
        return self.allows(max(self._least_s, self._hope * self.predicted_s), elapsed_s)

    def allows(self, round_s: float, elapsed_s: float) -> bool:
        """Say whether a round of so many seconds fits in."""
        return self.spent_s + round_s <= self._share * elapsed_s

    def charge(self, seconds: float) -> None:
        """Count what a round, or the beginning of one, has taken."""
        self.spent_s += seconds

    def leave_out(self) -> None:
        """Count a round that is not tried."""
        self._hope /= 2
        self.left_out += 1

    def give_up(self, predicted_s: float) -> None:
        """Count a round that was tried and would take so long."""
        self._expect(predicted_s)
        self.left_out += 1

    def took(self, round_s: float) -> int:
        """Note what a whole round took; return how many before it were left out."""
        self._expect(round_s)
        left_out, self.left_out = self.left_out, 0
        return left_out

    def _expect(self, round_s: float) -> None:
        self.predicted_s, self._hope, self.is_measured = round_s, 1.0, True


def projected_s(begin: float, moments: Sequence[float], steps: int) -> float:
    """Return how long a round will take by its first steps.

    Args:
        begin: when it began, seconds of any clock.
        moments: when its steps so far ended, two or more. The first has read the prompts, so the
            price of a step is what the others took, in the middle: a process's first ones wait for
            memory and code.
        steps: of the whole round.
    """
    step_s = median(after - before for before, after in pairwise(moments))
    return moments[-1] - begin + (steps - len(moments)) * step_s
