"""What stands out in a run, found by rules, as numbers. Pure; must not find words (report does).

What an alert, the best evaluation or a milestone says already is not worked out here again.
"""

import math
from dataclasses import dataclass
from enum import Enum

import numpy as np

from tokmon.monitor.alerting.evaluations import (
    RISING_EVALUATIONS,
    RISING_SHARE,
    TOO_GOOD_BPB,
    TOO_GOOD_LOSS,
)
from tokmon.monitor.series import Frame
from tokmon.monitor.state import RunState

XZ_BPB = 1.35
"""Bits per byte that xz reaches on Python source: what a model has to beat."""
STABLE_SPREAD = 0.1
"""Nine lines in ten of the reference's run lie within this share of their median."""
_SETTLED_AFTER = 0.1
"""Of the lines: the first compile, and warm a card up."""
_MIN_SPEED_LINES = 5
_MOST = 700.0
"""A larger exponent has no float."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LossFall:
    """How the training loss came down, line by line as logged."""

    first_step: int
    first: float
    """Nats per token."""
    last_step: int
    last: float

    @property
    def share(self) -> float | None:
        """The fall, of the first value; None where that is not above zero."""
        return (self.first - self.last) / self.first if self.first > 0 else None

    @property
    def ppl_factor(self) -> float:
        """By how much the perplexity shrank: exp of the difference."""
        return math.exp(max(-_MOST, min(_MOST, self.first - self.last)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Throughput:
    """How fast the steps came, the first tenth of the lines left out."""

    steps_per_sec: float
    """Median."""
    low: float
    """Nineteen lines in twenty are above."""
    high: float
    """Nineteen lines in twenty are below."""
    slowest: float
    slowest_step: int
    lines: int
    tokens_per_sec: float | None
    """Median, of the same lines."""

    @property
    def spread(self) -> float:
        """Between `low` and `high`, of the median."""
        return (self.high - self.low) / self.steps_per_sec

    @property
    def is_stable(self) -> bool:
        """Whether nine lines in ten lie close together."""
        return self.spread <= STABLE_SPREAD


@dataclass(frozen=True, slots=True, kw_only=True)
class ValidationTrend:
    """How the newest evaluation stands to the lowest."""

    evaluations: int
    best_step: int
    best: float
    """Nats per token."""
    latest_step: int
    latest: float
    since_best: int
    """Evaluations after the lowest."""
    is_rising: bool
    """Whether the rule of the alert `validation_rising` holds now."""
    gap: float | None
    """The newest minus the average train loss there; None without one."""

    @property
    def rise(self) -> float:
        """How far the newest lies above the lowest."""
        return self.latest - self.best

    @property
    def is_overfitting(self) -> bool:
        """Whether it rises, fast or slowly: no best for some evaluations, and clearly above it."""
        is_late = self.since_best >= RISING_EVALUATIONS
        return self.is_rising or (is_late and self.rise > RISING_SHARE * abs(self.best))


class Belief(Enum):
    """Whether a validation loss can be what it seems to be."""

    LEAKING = "leaking"
    """The causality gate found that positions see later tokens."""
    TOO_GOOD = "too good"
    PLAUSIBLE = "plausible"
    WEAK = "weak"
    """No better than a general-purpose compressor yet."""


@dataclass(frozen=True, slots=True)
class Plausibility:
    """The lowest validation loss held against what is possible."""

    belief: Belief
    bpb: float | None
    """Bits per byte; None where only the loss is logged."""
    val_loss: float
    """Nats per token."""


def loss_fall(frame: Frame) -> LossFall | None:
    """Return how the training loss fell; None without two lines that have one."""
    series = frame.series("train_loss").finite()
    if len(series) < 2:
        return None
    return LossFall(
        first_step=int(series.steps[0]),
        first=float(series.values[0]),
        last_step=int(series.steps[-1]),
        last=float(series.values[-1]),
    )


def throughput(frame: Frame) -> Throughput | None:
    """Return how fast the steps came; None while there are too few lines to say."""
    series = frame.series("steps_per_sec").finite()
    skipped = int(len(series) * _SETTLED_AFTER)
    steps, values = series.steps[skipped:], series.values[skipped:]
    if len(values) < _MIN_SPEED_LINES or (values <= 0).any():
        return None
    low, median, high = np.quantile(values, (0.05, 0.5, 0.95)).tolist()
    slowest = int(values.argmin())
    tokens = frame.series("tokens_per_sec").finite()
    tokens_since = tokens.values[tokens.steps >= steps[0]]
    return Throughput(
        steps_per_sec=median,
        low=low,
        high=high,
        slowest=float(values[slowest]),
        slowest_step=int(steps[slowest]),
        lines=len(values),
        tokens_per_sec=float(np.median(tokens_since)) if len(tokens_since) else None,
    )


def validation_trend(state: RunState) -> ValidationTrend | None:
    """Return how the newest evaluation stands to the lowest; None without one in the log."""
    evaluations = state.frame.series("val_loss").finite()
    if not len(evaluations) or state.best is None:
        return None
    latest_step, latest = int(evaluations.steps[-1]), float(evaluations.values[-1])
    train = _train_average(state.frame, latest_step)
    return ValidationTrend(
        evaluations=len(evaluations),
        best_step=state.best.step,
        best=state.best.val_loss,
        latest_step=latest_step,
        latest=latest,
        since_best=int((evaluations.steps > state.best.step).sum()),
        is_rising=any(
            span.rule == "validation_rising" and span.is_open for span in state.alert_spans
        ),
        gap=None if train is None else latest - train,
    )


def plausibility(state: RunState) -> Plausibility | None:
    """Return whether the lowest validation loss can be believed; None without one.

    The limits are those of the alert `too_good`.
    """
    best = state.best
    if best is None:
        return None
    bits, loss = best.val_bpb, best.val_loss
    if is_gate_closed(state):
        return Plausibility(Belief.LEAKING, bits, loss)
    if (loss < TOO_GOOD_LOSS) if bits is None else (bits < TOO_GOOD_BPB):
        return Plausibility(Belief.TOO_GOOD, bits, loss)
    is_weak = bits is not None and bits > XZ_BPB
    return Plausibility(Belief.WEAK if is_weak else Belief.PLAUSIBLE, bits, loss)


def is_gate_closed(state: RunState) -> bool:
    """Say whether the causality gate is recorded, and not as passed."""
    gate = state.info.gate if state.info else {}
    return bool(gate) and gate.get("passed") is not True


def _train_average(frame: Frame, step: int) -> float | None:
    """Return the averaged train loss on the last line up to `step`."""
    series = frame.smooth("train_loss").finite()
    index = int(np.searchsorted(series.steps, step, side="right")) - 1
    return float(series.values[index]) if index >= 0 else None
