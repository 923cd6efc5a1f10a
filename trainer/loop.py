"""The training loop: step, evaluate, log, save, until the last step or a signal."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from tokmon.rundir.control import Action, Request
from tokmon.rundir.records import Summary, iso
from trainer.control import Wishes
from trainer.evaluate import Evaluation
from trainer.lines import rounded, step_record, summary_record, validation_fields
from trainer.progress import TrainingBar, say, step_line
from trainer.runlog import RunLog
from trainer.saving import Saver
from trainer.session import Session
from trainer.stopwatch import Stopwatch

_PAUSED_LOOK_S = 0.1
_NAMED_STEPS = 8


class Loop:
    """Drives a session and records what happens."""

    def __init__(
        self,
        session: Session,
        runlog: RunLog,
        wishes: Wishes,
        stopwatch: Stopwatch,
        bar: TrainingBar,
    ) -> None:
        self._session = session
        self._config = session.config
        self._runlog = runlog
        self._wishes = wishes
        self._stopwatch = stopwatch
        self._bar = bar
        self._saver = Saver(session, runlog.run, lambda: stopwatch.elapsed_s, self._tell)
        self._lap_step = session.step
        self._is_paused = False
        self._stop_reason = ""
        self._train_loss: float | None = None
        self._evaluation: Evaluation | None = None

    def run(self) -> Summary:
        """Train until the last step, or until a signal or a request; return the result."""
        session = self._session
        self._enter("training")
        while not session.is_done and not self._is_stopping():
            session.take_step()
            self._after_step()
        return self._finish() if session.is_done else self._stop()

    def _is_stopping(self) -> bool:
        """Do what is asked between steps; say whether to stop. A pause lasts in here."""
        while True:
            if self._wishes.take_checkpoint_signal():
                self._save_now()
            if (request := self._wishes.take()) is not None:
                self._answer(request)
            if self._wishes.stop_signal:
                self._stop_reason = self._wishes.stop_signal
            if self._stop_reason or not self._is_paused:
                return bool(self._stop_reason)
            time.sleep(_PAUSED_LOOK_S)

    def _answer(self, request: Request) -> None:
        message, outcome = self._obey(request.action), "done"
        if not message:
            message, outcome = f"{request.action} is not possible yet", "refused"
        self._tell("control", message, request=request.id, action=request.action, outcome=outcome)

    def _obey(self, action: Action) -> str:
        """Do it; return what was done, or nothing if it cannot be."""
        step = self._session.step
        match action:
            case "pause":
                self._set_paused(True)
                return f"paused after step {step}"
            case "resume":
                self._set_paused(False)
                return f"training goes on from step {step}"
            case "checkpoint":
                return f"saved {self._save_now()}" if step else ""
            case "evaluate":
                evaluation = self._evaluate()
                return f"validation loss {evaluation.val_loss:.4f} at step {step}"
            case "stop":
                self._stop_reason = "a request"
                return f"stopping after step {step}"
            case _:
                return ""

    def _set_paused(self, is_paused: bool) -> None:
        if is_paused != self._is_paused:
            self._is_paused = is_paused
            self._stopwatch.hold() if is_paused else self._stopwatch.release()
            self._enter("paused" if is_paused else "training")

    def _save_now(self) -> str:
        with self._interrupted_by("saving"):
            self._saver.periodic(self._train_loss, self._val_loss)
        return self._runlog.run.step_checkpoint(self._session.step).name

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
            self._save_now()

    def _log(self) -> None:
        """Write a line of the step log, with an evaluation where one is due."""
        interval = self._session.meter.take()
        # Not log.every: after a resume the first interval began in an earlier attempt.
        steps_per_sec = (self._session.step - self._lap_step) / self._stopwatch.lap()
        self._lap_step = self._session.step
        self._train_loss = interval.train_loss
        self._tell_of_skipped("not_finite", "not finite", interval.not_finite)
        self._tell_of_skipped("spike", "far above the last 128 steps", interval.spikes)
        is_due = self._session.step % self._config.eval.every == 0 or self._session.is_done
        evaluation = self._evaluate() if is_due else None
        elapsed_s, now = self._stopwatch.elapsed_s, iso(time.time())
        record = step_record(self._session, interval, steps_per_sec, evaluation, elapsed_s, now)
        self._runlog.step(record)
        self._bar.numbers(record)
        say(step_line(record, self._config.schedule.steps))

    def _tell_of_skipped(self, event: str, what: str, places: Sequence[int]) -> None:
        if not places:
            return
        first = self._session.step - self._config.log.every + 1
        steps = [first + place for place in places]
        names = ", ".join(map(str, steps[:_NAMED_STEPS])) + ("..." if steps[_NAMED_STEPS:] else "")
        self._tell(
            event,
            f"loss or gradient was {what} at step {names}; {len(steps)} skipped, the weights are "
            "as they were",
            steps=steps,
            windows=[self._session.windows_of(step) for step in steps[:_NAMED_STEPS]],
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

    def _stop(self) -> Summary:
        reason, step = self._stop_reason, self._session.step
        if self._wishes.stop_signal:
            self._tell("signal", f"{reason} came: saving and stopping", signal=reason)
        if step:
            self._save_now()
        return self._end("stopped", "stop", f"stopped by {reason} after {step} steps")

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
        self._enter("paused" if self._is_paused else "training")

    def _enter(self, phase: str) -> None:
        self._runlog.enter(phase)
        self._bar.phase(phase)

    def _tell(self, event: str, message: str, **details: object) -> None:
        self._runlog.event(event, self._session.step, message, **details)
        say(f"{event}: {message}")
