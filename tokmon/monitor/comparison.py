"""Runs side by side: their results, and what one needed to get where another is. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from statistics import mean, stdev
from typing import TypeAlias

from tokmon.monitor.alignment import AlignedCurve, Along, Measure, curve, reached
from tokmon.monitor.config_difference import same_data, siblings
from tokmon.monitor.durations import duration
from tokmon.monitor.state import Phase, RunState

LABELS = "ABCDEFGH"
MAX_RUNS = len(LABELS)
"""More curves than that cannot be told apart, and each run's log is held in memory."""

_SCARCE_TOKENS = 1e5
_DIGITS, _MANY_DIGITS = 3, 6
_Indexed: TypeAlias = tuple[int, AlignedCurve]


@dataclass(frozen=True, slots=True, eq=False)
class Compared:
    """A run with its curves worked out, so that turning an axis costs nothing."""

    state: RunState
    curves: Mapping[tuple[Measure, Along], AlignedCurve]
    """All of them, empty where the log lacks one; every point."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """How far a run came."""

    label: str
    name: str
    """The experiment, foreign text."""
    phase: Phase
    step: int | None
    tokens: float | None
    train_loss: float | None
    """The last average."""
    best_val_loss: float | None
    best_step: int | None
    best_bpb: float | None
    """Bits per byte at the best validation loss."""
    tokens_per_sec: float | None
    """Over all of the training time in the log; the latest where it has no such time."""
    elapsed_s: float | None
    """Training time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Race:
    """What two runs needed for one level of one measure."""

    runner: str
    """The label of the run that is spoken of."""
    other: str
    """The label of the run that sets the level with its lowest value."""
    measure: Measure
    along: Along
    level: float
    """Nats per token, or bits per byte."""
    spent: float | None
    """By the runner, in steps, tokens or seconds; None if it never reached the level."""
    spent_by_other: float
    """By the one that set it."""
    lowest: float
    """The runner's own."""

    def in_words(self) -> str:
        """Return it as one sentence."""
        # Two values that are not equal are not to look so.
        digits = _DIGITS if f"{self.level:.3f}" != f"{self.lowest:.3f}" else _MANY_DIGITS
        level = f"{self.other}'s lowest {self.measure.in_words}, {self.level:.{digits}f}"
        if self.spent is None:
            own = f"its own lowest is {self.lowest:.{digits}f}"
            return f"{self.runner} never reached {level}; {own}"
        amounts = f"{_amount(self.spent, self.along)} against "
        amounts += _amount(self.spent_by_other, self.along)
        if not self.spent_by_other:
            return f"{self.runner} reached {level} ({amounts})"
        share = 100 * self.spent / self.spent_by_other
        unit = _UNITS[self.along]
        return (
            f"{self.runner} reached {level}, at {share:.0f} % of {self.other}'s {unit} ({amounts})"
        )


_UNITS = {Along.STEP: "steps", Along.TOKENS: "tokens", Along.TIME: "training time"}


def compared(state: RunState) -> Compared:
    """Return a run with its curves; takes 0.1 s for a million log lines."""
    keys = product(Measure, Along)
    return Compared(state, {(of, along): curve(state.frame, of, along) for of, along in keys})


def results(runs: Sequence[Compared]) -> tuple[Result, ...]:
    """Return each run's result, labelled A, B, C."""
    return tuple(_result(label, run) for label, run in zip(LABELS, runs, strict=False))


def measure_for(runs: Sequence[Compared]) -> Measure:
    """Return what all the runs can be compared by.

    Bits per byte where the tokenizers differ: nats per token then are of different tokens. Without
    that, the validation loss if all have one, else the train loss.
    """
    first = runs[0].state.info
    is_one = all(same_data(first, run.state.info)[1] is not False for run in runs[1:])
    wanted = (Measure.VALIDATION,) if is_one else (Measure.BPB, Measure.VALIDATION)
    for measure in wanted:
        if all(len(run.curves[measure, Along.STEP]) for run in runs):
            return measure
    return Measure.TRAIN


def axis_for(runs: Sequence[Compared], wanted: Along, measure: Measure) -> Along:
    """Return the wanted axis if every run's log has it, else steps."""
    is_known = all(len(run.curves[measure, wanted]) for run in runs)
    return wanted if is_known else Along.STEP


def races(runs: Sequence[Compared], reference: int, wanted: Along) -> tuple[Race, ...]:
    """Return for each other run how it stands to the reference.

    That is where it reached the reference's lowest value. If it never did, that is said, and where
    the reference reached its lowest.

    Args:
        runs: at most MAX_RUNS.
        reference: index among them.
        wanted: what is counted; steps where a log does not have it.
    """
    measure = measure_for(runs)
    along = axis_for(runs, wanted, measure)
    curves = [run.curves[measure, along] for run in runs]
    base = curves[reference]
    found = []
    for index, other in enumerate(curves):
        if index == reference or not len(other) or not len(base):
            continue
        race = _race((index, other), (reference, base), measure, along)
        found.append(race)
        if race.spent is None:
            found.append(_race((reference, base), (index, other), measure, along))
    return tuple(found)


def remarks(runs: Sequence[Compared]) -> tuple[str, ...]:
    """Return what has to be known before the runs are compared, a sentence each."""
    infos = [run.state.info for run in runs]
    pairs = [same_data(infos[0], info) for info in infos[1:]]
    found = []
    if any(is_same is False for is_same, _ in pairs):
        found.append("the corpora differ: so do the texts that the validation losses are of")
    if any(is_same is False for _, is_same in pairs):
        found.append("the tokenizers differ: losses per token do not compare, bits per byte do")
    if unknown := [LABELS[index] for index, info in enumerate(infos) if info is None]:
        found.append(f"nothing is recorded of the config and corpus of {_joined(unknown)}")
    found += [_seeds(runs, group) for group in siblings(infos)]
    return tuple(found)


def _result(label: str, run: Compared) -> Result:
    state, train = run.state, run.curves[Measure.TRAIN, Along.STEP]
    best, tokens = state.best, state.latest.get("tokens")
    elapsed_s = state.latest.get("elapsed_s")
    return Result(
        label=label,
        name=state.experiment,
        phase=state.health.phase,
        step=state.step,
        tokens=tokens,
        train_loss=float(train.y[-1]) if len(train) else None,
        best_val_loss=best.val_loss if best else None,
        best_step=best.step if best else None,
        best_bpb=best.val_bpb if best else None,
        tokens_per_sec=tokens / elapsed_s if tokens and elapsed_s else state.tokens_per_sec,
        elapsed_s=elapsed_s,
    )


def _race(runner: _Indexed, other: _Indexed, measure: Measure, along: Along) -> Race:
    level = float(other[1].y.min())
    return Race(
        runner=LABELS[runner[0]],
        other=LABELS[other[0]],
        measure=measure,
        along=along,
        level=level,
        spent=reached(runner[1], level),
        spent_by_other=reached(other[1], level) or 0.0,
        lowest=float(runner[1].y.min()),
    )


def _seeds(runs: Sequence[Compared], group: tuple[int, ...]) -> str:
    """Tell the spread over the seeds of one config: what is smaller than it is no difference."""
    names = _joined([LABELS[index] for index in group])
    losses = [best.val_loss for index in group if (best := runs[index].state.best) is not None]
    words = f"{names} are one config with {len(group)} seeds"
    if len(losses) < len(group):
        return words
    spread = f"mean {mean(losses):.3f}, standard deviation {stdev(losses):.2g}"
    return f"{words}; best validation loss: {spread}"


def _joined(labels: Sequence[str]) -> str:
    return labels[0] if len(labels) == 1 else f"{', '.join(labels[:-1])} and {labels[-1]}"


def _amount(value: float, along: Along) -> str:
    if along is Along.TIME:
        return duration(value)
    if along is Along.STEP or value < _SCARCE_TOKENS:
        return f"{value:,.0f}"
    return f"{value / 1e6:,.2f}M"
