"""Rules that hold a metric against its own recent past: loss, gradient norm, speed. Pure."""

import numpy as np

from tokmon.monitor.alerting.span import AlertSpan, Lines, Points
from tokmon.monitor.alerting.tracker import Tracker
from tokmon.monitor.alerting.trailing import BlockMedians, Trailing, running_medians
from tokmon.monitor.series import Floats
from tokmon.monitor.state import Severity

SPIKE_Z = 12.0
"""Iglewicz and Hoaglin call 3.5 an outlier, which is one line in a hundred of a small batch. At 12
Laplace noise gives 0.2 alerts in 10,000 lines and Student's t of 5 degrees 0.4, normal noise none
(tests/monitor/test_alert_noise.py)."""
CALM_Z = 3.5
CALM_LINES = 4
SPIKE_RISE = 0.05
"""Of the usual loss: less does not matter however quiet the log is."""
GRADIENT_FACTOR = 5.0
GRADIENT_CALM_FACTOR = 2.0
SLOW_SHARE = 0.7
SLOW_LINES = 5
SPEEDY_SHARE = 0.85
SPEEDY_LINES = 3

_TINY, _MOST = 1e-300, 700.0
"""What has a logarithm, and a logarithm that has a number."""
_WINDOW, _STRIDE = 64, 32
_SPEED_BLOCK, _SPEED_BLOCKS = 16, 32


class LossSpike:
    """The training loss jumps.

    Begins where the robust z-score over the 64 lines before is 12 or more and the loss is 5 %
    above their median; ends after 4 lines in a row below a score of 3.5. A level that stays
    becomes the usual one, as in the trainer's own guard.
    """

    def __init__(self) -> None:
        self._usual = Trailing(_WINDOW, _STRIDE, _STRIDE)
        self._tracker = Tracker("spike", Severity.WARNING, _say_spike, end_after=CALM_LINES)

    def read(self, lines: Lines) -> None:
        """Take in new lines."""
        rows = lines.finite_rows("train_loss")
        values = lines.values("train_loss", rows)
        usual = self._usual.extend(values)
        high = usual.medians + SPIKE_RISE * np.abs(usual.medians)
        limits = np.maximum(high, usual.limits(SPIKE_Z))[usual.places]
        points = lines.points(rows, values, usual.medians[usual.places])
        is_calm = values < usual.limits(CALM_Z)[usual.places]
        self._tracker.extend(points, values >= limits, is_calm)

    def spans(self) -> list[AlertSpan]:
        """Return what was found."""
        return self._tracker.spans()


class GradientNorm:
    """The gradient norm blows up.

    Begins at 5 times the median of the 64 lines before, where the robust z-score of its logarithm
    is 12 or more as well (norms scatter by factors, not by amounts); ends after 4 lines in a row
    below twice the median.
    """

    def __init__(self) -> None:
        self._usual = Trailing(_WINDOW, _STRIDE, _STRIDE)
        self._tracker = Tracker("grad_norm", Severity.WARNING, _say_gradient, end_after=CALM_LINES)

    def read(self, lines: Lines) -> None:
        """Take in new lines."""
        rows = lines.finite_rows("grad_norm")
        values = lines.values("grad_norm", rows)
        usual = self._usual.extend(np.log(np.maximum(values, _TINY)))
        far = np.maximum(np.log(GRADIENT_FACTOR) + usual.medians, usual.limits(SPIKE_Z))
        limits = np.exp(np.minimum(far, _MOST))[usual.places]
        medians = np.exp(usual.medians)[usual.places]
        points = lines.points(rows, values, medians)
        is_calm = values < GRADIENT_CALM_FACTOR * medians
        self._tracker.extend(points, values >= limits, is_calm)

    def spans(self) -> list[AlertSpan]:
        """Return what was found."""
        return self._tracker.spans()


class Slowdown:
    """The training is slower than it was.

    Begins with 5 lines in a row below 70 % of the run's own median (of the medians of 16 lines,
    the last 32 of them, so of five hundred lines); ends with 3 in a row above 85 %. Lines with an
    evaluation say nothing: some trainers count it in.
    """

    def __init__(self) -> None:
        self._blocks = BlockMedians(_SPEED_BLOCK)
        self._recent: Floats = np.empty(0)
        self._newest = np.nan
        self._tracker = Tracker(
            "throughput",
            Severity.WARNING,
            _say_slow,
            begin_after=SLOW_LINES,
            end_after=SPEEDY_LINES,
            worst=np.min,
        )

    def read(self, lines: Lines) -> None:
        """Take in new lines."""
        key = "steps_per_sec" if "steps_per_sec" in lines.frame.columns else "tokens_per_sec"
        rows = lines.finite_rows(key)
        values = lines.values(key, rows)
        is_evaluated = np.isfinite(lines.values("val_loss", rows))
        steps, times = lines.frame.steps[rows], lines.values("time", rows)
        if is_evaluated.any():
            kept = ~is_evaluated
            values, steps, times = values[kept], steps[kept], times[kept]
        shares = values / self._usual_speeds(values)
        points = Points(steps, times, shares, np.full(len(shares), 1.0))
        self._tracker.extend(points, shares < SLOW_SHARE, shares > SPEEDY_SHARE)

    def spans(self) -> list[AlertSpan]:
        """Return what was found."""
        return self._tracker.spans()

    def _usual_speeds(self, values: Floats) -> Floats:
        """Return for each value the median of the blocks that ended before it."""
        places = (self._blocks.pending + np.arange(len(values))) // _SPEED_BLOCK
        blocks = self._blocks.extend(values)
        usual = running_medians(self._recent, blocks, _SPEED_BLOCKS)
        self._recent = np.concatenate([self._recent, blocks])[-_SPEED_BLOCKS:]
        usual = np.array([self._newest, *usual])
        self._newest = float(usual[-1])
        return usual[places]


def _say_spike(worst: float, usual: float) -> str:
    return f"train_loss spiked to {worst:.4g} (usual {usual:.4g})"


def _say_gradient(worst: float, usual: float) -> str:
    return f"grad_norm blew up to {worst:.4g} (usual {usual:.4g})"


def _say_slow(worst: float, _: float) -> str:
    return f"throughput fell to {100 * worst:.0f} % of its median"
