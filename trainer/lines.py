"""Records out of what was measured: a line of the step log, and the summary. Writes nothing."""

import math
from typing import TypedDict

from tokmon.rundir.records import Step, Summary
from trainer.evaluate import Evaluation, perplexity
from trainer.meter import Interval
from trainer.session import Session
from trainer.speedometer import Speed

_SIGNIFICANT_DIGITS = 6


class ValidationFields(TypedDict, total=False):
    """The val keys of a line or an event."""

    val_loss: float
    val_ppl: float
    val_bpb: float


def validation_fields(evaluation: Evaluation) -> ValidationFields:
    """Return an evaluation as the keys of a record."""
    return {
        "val_loss": rounded(evaluation.val_loss),
        "val_ppl": rounded(evaluation.val_ppl),
        "val_bpb": rounded(evaluation.val_bpb),
    }


def step_record(
    session: Session,
    interval: Interval,
    speed: Speed,
    evaluation: Evaluation | None,
    elapsed_s: float,
    time: str,
) -> Step:
    """Return the line of the step log for where `session` stands."""
    validation = validation_fields(evaluation) if evaluation is not None else ValidationFields()
    return Step(
        step=session.step,
        train_loss=rounded(interval.train_loss),
        train_ppl=rounded(perplexity(interval.train_loss)),
        lr=rounded(session.lr),
        steps_per_sec=rounded(speed.steps_per_sec),
        tokens_per_sec=rounded(speed.steps_per_sec * session.config.tokens_per_step),
        tokens=session.tokens,
        epoch=rounded(session.epoch),
        grad_norm=rounded(interval.grad_norm),
        **validation,
        elapsed_s=round(elapsed_s, 3),
        time=time,
        **speed.shares,
        extra={
            "train_loss_max": rounded(interval.train_loss_max),
            "grad_norm_max": rounded(interval.grad_norm_max),
            "skipped_steps": interval.skipped_steps,
        },
    )


def summary_record(
    session: Session,
    state: str,
    train_loss: float | None,
    evaluation: Evaluation | None,
    elapsed_s: float,
    time: str,
) -> Summary:
    """Return the summary of a run that ends where `session` stands."""
    has_best = math.isfinite(session.best_val_loss)
    validation = validation_fields(evaluation) if evaluation is not None else ValidationFields()
    return Summary(
        experiment=session.config.experiment,
        state=state,
        step=session.step,
        max_steps=session.config.schedule.steps,
        train_loss=rounded(train_loss) if train_loss is not None else None,
        **validation,
        best_val_loss=rounded(session.best_val_loss) if has_best else None,
        best_step=session.best_step if has_best else None,
        tokens=session.tokens,
        elapsed_s=round(elapsed_s, 3),
        tokens_per_sec=rounded(session.tokens / elapsed_s),
        time=time,
    )


def rounded(value: float) -> float:
    """Return the value to six digits: about what float32 holds, and short to read."""
    return float(f"{value:.{_SIGNIFICANT_DIGITS}g}")
