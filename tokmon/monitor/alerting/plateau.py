"""The rule about a training loss that no longer falls. Pure and cautious: it only informs."""

import numpy as np

from tokmon.monitor.alerting.span import AlertSpan, Lines, Points
from tokmon.monitor.alerting.tracker import Tracker
from tokmon.monitor.alerting.trailing import BlockMedians
from tokmon.monitor.buffer import Buffer
from tokmon.monitor.series import Floats, Ints, Mask
from tokmon.monitor.state import Severity

BLOCK_LINES = 32
MIN_BLOCKS = 16
STILL_BLOCKS = 4
FALLEN_SHARE = 0.001
RECOVERED_SHARE = 0.005
LR_SHARE = 0.3
"""Of the highest so far. Below it a loss that stands still is what a schedule ends in."""


class NoProgress:
    """The training loss has not fallen over half of the log.

    Held against each other: the mean over the last quarter of the log so far and that over its
    second quarter, of medians of 32 lines; from 512 lines on, where a learning rate is logged and
    is at least 30 % of the highest so far. Begins where for 128 lines in a row the later is not
    0.1 % below the earlier; ends where it is 0.5 % below, or the learning rate has fallen.
    """

    def __init__(self) -> None:
        self._blocks = BlockMedians(BLOCK_LINES)
        self._sums: Buffer[np.float64] = Buffer(np.float64, 0.0)
        self._count = 0
        self._peak_lr = -np.inf
        self._tracker = Tracker(
            "no_progress", Severity.INFO, _say, begin_after=STILL_BLOCKS, worst=np.max
        )
        self._sums.reserve(1)
        self._sums.clear(0, 1)

    def read(self, lines: Lines) -> None:
        """Take in new lines."""
        rows = lines.finite_rows("train_loss")
        first = self._blocks.pending
        medians = self._blocks.extend(lines.values("train_loss", rows))
        ends = BLOCK_LINES * (1 + np.arange(len(medians))) - first - 1
        rates = lines.values("lr", rows)
        is_high = self._is_high(rates)[ends]
        self._peak_lr = float(np.fmax.reduce(rates, initial=self._peak_lr))
        steps, times = lines.frame.steps[rows][ends], lines.values("time", rows)[ends]
        self._judge(steps, times, medians, is_high)

    def spans(self) -> list[AlertSpan]:
        """Return what was found."""
        return self._tracker.spans()

    def _is_high(self, rates: Floats) -> Mask:
        peaks = np.fmax(np.fmax.accumulate(rates) if len(rates) else rates, self._peak_lr)
        # A missing learning rate compares as not high.
        return np.asarray(rates >= LR_SHARE * peaks)

    def _judge(self, steps: Ints, times: Floats, medians: Floats, is_high: Mask) -> None:
        counts = self._count + 1 + np.arange(len(medians))
        self._sums.reserve(self._count + len(medians) + 1)
        total = self._sums.view(self._count + 1)[-1]
        # One by one from the first: a sum must not depend on how the lines were cut.
        summed = np.cumsum(np.concatenate([[total], medians]))[1:]
        self._sums.put(self._count + 1, summed)
        self._count += len(medians)
        late = self._means(counts - counts // 4, counts)
        early = self._means(counts // 4, counts // 2)
        is_known = (counts >= MIN_BLOCKS) & is_high
        is_bad = is_known & (late >= early - FALLEN_SHARE * np.abs(early))
        is_good = ~is_known | (late < early - RECOVERED_SHARE * np.abs(early))
        self._tracker.extend(Points(steps, times, late, early), is_bad, is_good)

    def _means(self, starts: Ints, ends: Ints) -> Floats:
        sums = self._sums.view(self._count + 1)
        means: Floats = (sums[ends] - sums[starts]) / np.maximum(ends - starts, 1)
        return means


def _say(_: float, early: float) -> str:
    return f"train_loss stands still: for half of the run it has not fallen below {early:.4g}"
