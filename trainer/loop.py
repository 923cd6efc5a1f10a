"""The training loop: step, evaluate, log, save, until the last step or a signal."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from tokmon.rundir.records import Summary, iso
from trainer.evaluate import Evaluation
from trainer.lines import rounded, step_record, summary_record, validation_fields
from trainer.progress import TrainingBar, say, step_line
from trainer.runlog import RunLog
from trainer.saving import Saver
from trainer.session import Session
from trainer.signals import StopRequest
from trainer.stopwatch import Stopwatch


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
        self._saver = Saver(session, runlog.run, lambda: stopwatch.elapsed_s, self._tell)
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
            self._tell(
                "warmup_end", f"warm-up is over, lr {session.lr:.2e}", lr=rounded(session.lr)
            )
        if session.step % config.log.every == 0:
            self._log()
        elif session.is_done:
            self._evaluate()
        if session.step % config.checkpoint.every == 0 and not session.is_done:
            with self._interrupted_by("saving"):
                self._saver.periodic(self._train_loss, self._val_loss)

    def _log(self) -> None:
        """Write a line of the step log, with an evaluation where one is due."""
        interval = self._session.meter.take()
        steps_per_sec = self._config.log.every / self._stopwatch.lap()
        self._train_loss = interval.train_loss
        if interval.skipped_steps:
            self._tell_of_skipped(interval.skipped_steps)
        is_due = self._session.step % self._config.eval.every == 0 or self._session.is_done
        evaluation = self._evaluate() if is_due else None
        elapsed_s, now = self._stopwatch.elapsed_s, iso(time.time())
        record = step_record(self._session, interval, steps_per_sec, evaluation, elapsed_s, now)
        self._runlog.step(record)
        self._bar.numbers(record)
        say(step_line(record, self._config.schedule.steps))

    def _tell_of_skipped(self, count: int) -> None:
        self._tell(
            "not_finite",
            f"{count} steps since the line before had a loss or gradient that is not finite; "
            "they did not reach the weights",
            skipped_steps=count,
        )

    def _tell_of_implausible(self, evaluation: Evaluation) -> None:
        self._tell(
            "implausible",
            f"{evaluation.val_bpb:.3f} bits per byte on held-out text is too good to be true: look "
            "for validation text in the training split, and for targets that leak into the inputs",
            **validation_fields(evaluation),
        )

    def _evaluate(self) -> Evaluation:
        with self._interrupted_by("evaluating"):
            self._evaluation = evaluation = self._session.evaluate()
            if evaluation.is_implausible:
                self._tell_of_implausible(evaluation)
            if self._session.beats_best(evaluation.val_loss):
                self._saver.best(evaluation)
        return evaluation

    @property
    def _val_loss(self) -> float | None:
        return self._evaluation.val_loss if self._evaluation is not None else None

    def _finish(self) -> Summary:
        with self._interrupted_by("saving"):
            self._saver.final(self._train_loss, self._val_loss)
        return self._end("finished", "finish", f"finished after {self._session.step} steps")

    def _stop(self, stop: StopRequest) -> Summary:
        name = stop.signal.name if stop.signal is not None else "a request"
        self._tell("signal", f"{name} came: saving and stopping", signal=name)
        if self._session.step:
            with self._interrupted_by("saving"):
                self._saver.periodic(self._train_loss, self._val_loss)
        return self._end("stopped", "stop", f"stopped by {name} after {self._session.step} steps")

    def _end(self, phase: str, event: str, message: str) -> Summary:
        elapsed_s, now = self._stopwatch.elapsed_s, iso(time.time())
        summary = summary_record(
            self._session, phase, self._train_loss, self._evaluation, elapsed_s, now
        )
        self._runlog.summary(summary)
        self._tell(event, message)
        self._enter(phase)
        return summary

    @contextmanager
    def _interrupted_by(self, phase: str) -> Iterator[None]:
        """Announce a pause, so that it is not taken for a hang, and keep it out of the rates."""
        self._enter(phase)
        with self._stopwatch.interruption():
            yield
        self._enter("training")

    def _enter(self, phase: str) -> None:
        self._runlog.enter(phase)
        self._bar.phase(phase)

    def _tell(self, event: str, message: str, **details: object) -> None:
        self._runlog.event(event, self._session.step, message, **details)
        say(f"{event}: {message}")
