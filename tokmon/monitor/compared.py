"""Runs side by side: the curves and the results of each. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import TypeAlias

from tokmon.monitor.alignment import AlignedCurve, Along, Measure, curve
from tokmon.monitor.cost import Cost, cost
from tokmon.monitor.energy import Energy
from tokmon.monitor.generation_summary import GenerationSummary, generation_summary
from tokmon.monitor.series import Frame
from tokmon.monitor.state import Phase, RunState
from tokmon.rundir.records import RunInfo

Curves: TypeAlias = Mapping[tuple[Measure, Along], AlignedCurve]
LABELS = "ABCDEFGH"
MAX_RUNS = len(LABELS)
"""More curves than that cannot be told apart, and each run's log is held in memory."""


@dataclass(frozen=True, slots=True, eq=False)
class Compared:
    """A run with its curves worked out, so that turning an axis costs nothing."""

    state: RunState
    curves: Curves
    """All of them, empty where the log lacks one; every point."""
    cost: Cost = field(default_factory=Cost)
    generation: GenerationSummary | None = None
    """Of the last round of samples; None where nothing was sampled."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """How far a run came, and what that took."""

    label: str
    name: str
    """The experiment, foreign text."""
    phase: Phase
    step: int | None
    tokens: float | None
    train_loss: float | None
    """The last average."""
    val_loss: float | None = None
    """Of the last evaluation that has a finite one."""
    val_step: int | None = None
    """Where that was."""
    val_bpb: float | None = None
    """The last bits per byte."""
    best_val_loss: float | None
    best_val_ppl: float | None = None
    best_step: int | None
    best_val_bpb: float | None
    """Bits per byte at the best validation loss."""
    tokens_per_sec: float | None
    """Over all of the training time in the log; the latest where it has no such time."""
    steps_per_sec: float | None = None
    """Likewise."""
    mfu: float | None = None
    """Model FLOPs utilisation of the steps, 0 to 1."""
    elapsed_s: float | None
    """Training time."""
    cost: Cost
    generation: GenerationSummary | None
    is_leaking: bool = False
    """Whether its causality gate found that it sees what it has to predict: its losses are not to
    be believed, and it is never the best."""


def compared(
    state: RunState, energy: Energy | None = None, curves: Curves | None = None
) -> Compared:
    """Return a run with its curves; takes 0.1 s for a million log lines.

    Args:
        state: as far as its files are read.
        energy: as its whole system log has it; the state keeps the newest of that only.
        curves: of the same log, where they are known.
    """
    if curves is None:
        keys = product(Measure, Along)
        curves = {(of, along): curve(state.frame, of, along) for of, along in keys}
    return Compared(state, curves, cost(state, energy), generation_summary(state.samples))


def results(runs: Sequence[Compared]) -> tuple[Result, ...]:
    """Return each run's result, labelled A, B, C."""
    return tuple(_result(label, run) for label, run in zip(LABELS, runs, strict=False))


def _result(label: str, run: Compared) -> Result:
    state, train = run.state, run.curves[Measure.TRAIN, Along.STEP]
    best, tokens = state.best, state.latest.get("tokens")
    elapsed_s, logged = state.latest.get("elapsed_s"), state.latest.get("step")
    val_loss, val_step = _last(state.frame, "val_loss")
    return Result(
        label=label,
        name=state.experiment,
        phase=state.health.phase,
        step=state.step,
        tokens=tokens,
        train_loss=float(train.y[-1]) if len(train) else None,
        val_loss=val_loss,
        val_step=val_step,
        val_bpb=_last(state.frame, "val_bpb")[0],
        best_val_loss=best.val_loss if best else None,
        best_val_ppl=best.val_ppl if best else None,
        best_step=best.step if best else None,
        best_val_bpb=best.val_bpb if best else None,
        tokens_per_sec=tokens / elapsed_s if tokens and elapsed_s else state.tokens_per_sec,
        steps_per_sec=logged / elapsed_s if logged and elapsed_s else state.steps_per_sec,
        mfu=state.time_spent.mfu,
        elapsed_s=elapsed_s,
        cost=run.cost,
        generation=run.generation,
        is_leaking=state.info is not None and is_leaking(state.info),
    )


def is_leaking(info: RunInfo) -> bool:
    """Say whether the causality gate of a run was closed before its first step."""
    return info.gate.get("passed") is False


def _last(frame: Frame, key: str) -> tuple[float | None, int | None]:
    series = frame.series(key).finite()
    return (float(series.values[-1]), int(series.steps[-1])) if len(series) else (None, None)
