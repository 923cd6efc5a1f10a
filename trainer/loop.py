"""The training loop: step, evaluate, log, save, until the last step or a signal."""

import math
import time
from typing import Any

from tokmon.rundir.records import CheckpointInfo, Step, Summary, iso
from trainer import checkpoint
from trainer.evaluate import Evaluation, perplexity
from trainer.meter import Interval
from trainer.progress import TrainingBar, say, step_line
from trainer.runlog import RunLog
from trainer.session import Session
from trainer.signals import StopRequest
from trainer.stopwatch import Stopwatch

_SIGNIFICANT_DIGITS = 6


class Loop:
    """Drives a session and records what happens."""

    def __init__(
        self, session: Session, runlog: RunLog, stopwatch: Stopwatch, bar: TrainingBar
    ) -> None:
        self._session = session
        self._config = session.config
        self._runlog = runlog
        self._stopwatch = stopwatch
        self._bar = bar
        self._train_loss: float | None = None
        self._evaluation: Evaluation | None = None

    def run(self, stop: StopRequest) -> Summary:
        """Train until the last step or the step in which a signal came; return the result."""
        session = self._session
        self._enter("training")
        while not session.is_done and stop.signal is None:
            session.take_step()
            self._after_step()
        return self._finish() if session.is_done else self._stop(stop)

    def _after_step(self) -> None:
        session, config = self._session, self._config
        self._runlog.at_step(session.step)
        self._bar.step(session.step)
        if session.step == config.schedule.warmup:
            self._event("warmup_end", f"warm-up is over, lr {session.lr:.2e}", lr=session.lr)
        if session.step % config.log.every == 0:
            self._log()
        elif session.is_done:
            self._evaluate()
        if session.step % config.checkpoint.every == 0 and not session.is_done:
            self._save_periodic()

    def _log(self) -> None:
        """Write a line of the step log, with an evaluation where one is due."""
        interval = self._session.meter.take()
        steps_per_sec = self._config.log.every / self._stopwatch.lap()
        self._train_loss = interval.train_loss
        if interval.skipped_steps:
            self._event(
                "not_finite",
                f"{interval.skipped_steps} steps since the line before had a loss or gradient that "
                "is not finite; they did not reach the weights",
                skipped_steps=interval.skipped_steps,
            )
        is_due = self._session.step % self._config.eval.every == 0 or self._session.is_done
        evaluation = self._evaluate() if is_due else None
        record = self._line(interval, steps_per_sec, evaluation)
        self._runlog.step(record)
        self._bar.numbers(record)
        say(step_line(record, self._config.schedule.steps))

    def _line(
        self, interval: Interval, steps_per_sec: float, evaluation: Evaluation | None
    ) -> Step:
        session = self._session
        validation = {} if evaluation is None else _validation_fields(evaluation)
        return Step(
            step=session.step,
            train_loss=_rounded(interval.train_loss),
            train_ppl=_rounded(perplexity(interval.train_loss)),
            lr=_rounded(session.lr),
            steps_per_sec=_rounded(steps_per_sec),
            tokens_per_sec=_rounded(steps_per_sec * self._config.tokens_per_step),
            tokens=session.tokens,
            epoch=_rounded(session.epoch),
            grad_norm=_rounded(interval.grad_norm),
            **validation,
            elapsed_s=round(self._stopwatch.elapsed_s, 3),
            time=_now(),
            extra={
                "train_loss_max": _rounded(interval.train_loss_max),
                "grad_norm_max": _rounded(interval.grad_norm_max),
                "skipped_steps": interval.skipped_steps,
            },
        )

    def _evaluate(self) -> Evaluation:
        with self._stopwatch.interruption(), self._phase("evaluating"):
            self._evaluation = evaluation = self._session.evaluate()
            if self._session.beats_best(evaluation.val_loss):
                self._save_best(evaluation)
        return evaluation

    def _save_best(self, evaluation: Evaluation) -> None:
        content = self._session.weights() | {"val_loss": evaluation.val_loss}
        checkpoint.save(self._runlog.run.best, content, _now())
        self._event(
            "best",
            f"validation loss {evaluation.val_loss:.4f} (PPL {evaluation.val_ppl:.4g}, "
            f"{evaluation.val_bpb:.3f} bpb) is the best so far",
            **_validation_fields(evaluation),
        )

    def _save_periodic(self) -> None:
        with self._stopwatch.interruption(), self._phase("saving"):
            run = self._runlog.run
            self._save(run.step_checkpoint(self._session.step))
            for path in checkpoint.prune(run, self._config.checkpoint.keep):
                self._event("checkpoint_removed", f"removed {path.name}", file=path.name)

    def _save(self, path: Any) -> CheckpointInfo:
        begin = time.perf_counter()
        content = self._session.state() | {
            "train_loss": self._train_loss,
            "val_loss": self._evaluation.val_loss if self._evaluation else None,
            "elapsed_s": self._stopwatch.elapsed_s,
        }
        info = checkpoint.save(path, content, _now())
        save_s = time.perf_counter() - begin
        self._event(
            "checkpoint",
            f"saved {path.name}, {info.bytes / 1e6:.1f} MB in {save_s:.2f} s",
            file=path.name,
            bytes=info.bytes,
            save_s=round(save_s, 3),
        )
        return info

    def _finish(self) -> Summary:
        with self._phase("saving"):
            self._save(self._runlog.run.final)
        return self._end("finished", "finish", f"finished after {self._session.step} steps")

    def _stop(self, stop: StopRequest) -> Summary:
        name = stop.signal.name if stop.signal is not None else "a request"
        self._event("signal", f"{name} came: saving and stopping", signal=name)
        path = self._runlog.run.step_checkpoint(self._session.step)
        if self._session.step and not self._runlog.run.sidecar(path).exists():
            self._save_periodic()
        return self._end("stopped", "stop", f"stopped by {name} after {self._session.step} steps")

    def _end(self, phase: str, event: str, message: str) -> Summary:
        summary = self._summary(phase)
        self._runlog.summary(summary)
        self._event(event, message)
        self._enter(phase)
        return summary

    def _summary(self, state: str) -> Summary:
        session, evaluation = self._session, self._evaluation
        elapsed_s = self._stopwatch.elapsed_s
        has_best = math.isfinite(session.best_val_loss)
        return Summary(
            experiment=self._config.experiment,
            state=state,
            step=session.step,
            max_steps=self._config.schedule.steps,
            train_loss=self._train_loss,
            val_loss=evaluation.val_loss if evaluation else None,
            val_ppl=evaluation.val_ppl if evaluation else None,
            val_bpb=evaluation.val_bpb if evaluation else None,
            best_val_loss=session.best_val_loss if has_best else None,
            best_step=session.best_step if has_best else None,
            tokens=session.tokens,
            elapsed_s=round(elapsed_s, 3),
            tokens_per_sec=_rounded(session.tokens / elapsed_s),
            time=_now(),
        )

    def _enter(self, phase: str) -> None:
        self._runlog.enter(phase)
        self._bar.phase(phase)

    def _phase(self, name: str) -> "_Phase":
        return _Phase(self._enter, name)

    def _event(self, event: str, message: str, **details: Any) -> None:
        self._runlog.event(event, self._session.step, message, **details)
        say(f"{event}: {message}")


class _Phase:
    """Announces a phase, and training after it, so that a long pause is not taken for a hang."""

    def __init__(self, enter: Any, name: str) -> None:
        self._enter, self._name = enter, name

    def __enter__(self) -> None:
        self._enter(self._name)

    def __exit__(self, *_: object) -> None:
        self._enter("training")


def _validation_fields(evaluation: Evaluation) -> dict[str, float]:
    return {
        "val_loss": _rounded(evaluation.val_loss),
        "val_ppl": _rounded(evaluation.val_ppl),
        "val_bpb": _rounded(evaluation.val_bpb),
    }


def _rounded(value: float) -> float:
    """Return the value to six digits: what float32 can hold, and short to read."""
    return float(f"{value:.{_SIGNIFICANT_DIGITS}g}")


def _now() -> str:
    return iso(time.time())
