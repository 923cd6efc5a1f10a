"""Rules over the evaluations: validation loss that rises, and one that is too good. Pure."""

import numpy as np

from tokmon.monitor.alerting.span import AlertSpan, Lines
from tokmon.monitor.alerting.tracker import Streak, Tracker
from tokmon.monitor.alerting.trailing import NORMAL, Trailing
from tokmon.monitor.series import Floats, Mask
from tokmon.monitor.state import Severity

RISING_EVALUATIONS = 3
RISING_NOISES = 8.0
"""Three rises in a row are one of 24 orders of pure noise; in all they must be this many standard
deviations of the change from one evaluation to the next."""
RISING_SHARE = 0.01
"""Of the best loss, while there are too few evaluations to know their noise."""
TOO_GOOD_BPB = 0.3
"""xz reaches 1.35 bits per byte on source code; a small causal model cannot come near 0.3."""
TOO_GOOD_LOSS = 0.2
"""Nats per token, where bits per byte are not logged: about 0.1 bits per byte."""


class ValidationRising:
    """The validation loss rises while training goes on: overfitting, or divergence.

    Begins where three evaluations in a row are each above the one before, the first of them above
    the best so far, and together by more than the noise; ends at a new best, or after two in a row
    that are each below the one before.
    """

    def __init__(self) -> None:
        self._noise = Trailing(32, 8, 8)
        self._rises, self._falls = Streak(), Streak()
        self._before: Floats = np.empty(0)
        self._best: Floats = np.full(RISING_EVALUATIONS, np.inf)
        self._tracker = Tracker(
            "validation_rising",
            Severity.WARNING,
            _say_rising,
            end_after=1,
            back=RISING_EVALUATIONS - 1,
        )

    def read(self, lines: Lines) -> None:
        """Take in new lines."""
        rows = lines.finite_rows("val_loss")
        values = lines.values("val_loss", rows)
        if not len(values):
            return
        bests = np.minimum.accumulate(np.concatenate([self._best, values]))
        best_before = bests[RISING_EVALUATIONS - 1 : -1]
        is_bad = self._is_rising(values, bests[: len(values)])
        is_good = (values < best_before) | (self._falling(values) >= RISING_EVALUATIONS - 1)
        self._best = bests[-RISING_EVALUATIONS:]
        self._before = np.concatenate([self._before, values])[-RISING_EVALUATIONS:]
        self._tracker.extend(lines.points(rows, values, best_before), is_bad, is_good & ~is_bad)

    def spans(self) -> list[AlertSpan]:
        """Return what was found."""
        return self._tracker.spans()

    def _is_rising(self, values: Floats, best: Floats) -> Mask:
        """Say where the last three rose; `best` is the lowest of all before those three."""
        lead = np.full(RISING_EVALUATIONS - len(self._before), np.nan)
        known = np.concatenate([lead, self._before, values])
        changes = np.diff(known)[RISING_EVALUATIONS - 1 :]
        rise = values - known[: len(values)]
        first = known[1 : len(values) + 1]
        is_row = self._rises.extend(changes > 0) >= RISING_EVALUATIONS
        return np.asarray(is_row & (first > best) & (rise > self._margins(changes, best)))

    def _margins(self, changes: Floats, best: Floats) -> Floats:
        is_change = np.isfinite(changes)
        deviations = np.full(len(changes), np.nan)
        usual = self._noise.extend(changes[is_change])
        deviations[is_change] = (usual.mads / NORMAL)[usual.places]
        unknown = RISING_SHARE * np.abs(np.where(np.isfinite(best), best, 0.0))
        return np.where(np.isfinite(deviations), RISING_NOISES * deviations, unknown)

    def _falling(self, values: Floats) -> Floats:
        changes = np.diff(np.concatenate([self._before[-1:], values]))
        lead = np.full(len(values) - len(changes), np.nan)
        return self._falls.extend(np.concatenate([lead, changes]) < 0).astype(np.float64)


class TooGood:
    """A validation loss that no model of this kind can have: a leak, not a success.

    Bits per byte where they are logged, else nats per token.
    """

    def __init__(self) -> None:
        self._tracker = Tracker("too_good", Severity.ERROR, _say_too_good, worst=np.min)

    def read(self, lines: Lines) -> None:
        """Take in new lines."""
        rows = lines.finite_rows("val_loss")
        bits, nats = lines.values("val_bpb", rows), lines.values("val_loss", rows)
        has_bits = np.isfinite(bits)
        is_low = np.where(has_bits, bits < TOO_GOOD_BPB, nats < TOO_GOOD_LOSS)
        points = lines.points(rows, np.where(has_bits, bits, nats), has_bits.astype(np.float64))
        self._tracker.extend(points, is_low, ~is_low)

    def spans(self) -> list[AlertSpan]:
        """Return what was found."""
        return self._tracker.spans()


def _say_rising(worst: float, best: float) -> str:
    return f"val_loss rose {RISING_EVALUATIONS} times in a row, to {worst:.4g} (best {best:.4g})"


def _say_too_good(lowest: float, is_bits: float) -> str:
    return f"{'val_bpb' if is_bits else 'val_loss'} {lowest:.3f} is too good to be true"
