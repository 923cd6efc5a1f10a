"""The training loop: step, evaluate, log, save, until the last step or a signal."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from tokmon.rundir.errors import TokmonError
from tokmon.rundir.records import Summary, iso
from trainer.best_rates import best_rates
from trainer.between import Between
from trainer.control import Wishes
from trainer.evaluate import Evaluation
from trainer.lines import step_record, summary_record
from trainer.meter import Interval
from trainer.news import News
from trainer.outbox import Outbox
from trainer.progress import TrainingBar, step_line
from trainer.resume import Start, go_back, shared_start
from trainer.rollback import Rollbacks
from trainer.runlog import RunLog
from trainer.sampling_rounds import Rounds, is_round_due
from trainer.saving import Progress, Saver
from trainer.session import Session
from trainer.speedometer import Speedometer
from trainer.stopwatch import Interruption, Stopwatch


class Loop:
    """Drives a session and records what happens.

    Args:
        session: as it was restored from the start's checkpoint.
        start: where the run begins.
        runlog: mute where another process records the run.
        outbox: writes for the run; None where another process does.
        wishes: what people ask for.
        bar: what they see.
    """

    def __init__(
        self,
        session: Session,
        start: Start,
        runlog: RunLog,
        outbox: Outbox | None,
        wishes: Wishes,
        bar: TrainingBar,
    ) -> None:
        self._session = session
        self._config = session.config
        self._runlog = runlog
        self._outbox = outbox
        self._bar = bar
        self._news = News(session, runlog)
        self._saver = Saver(session, outbox, self._news)
        self._between = Between(self, wishes, self._news)
        self._stopwatch = Stopwatch(start.progress.elapsed_s)
        self._rollbacks = Rollbacks(start.progress.skipped_in_a_row)
        rates = best_rates(session) if outbox is not None else None
        self._speedometer = Speedometer(session, self._stopwatch, rates)
        self._rounds = Rounds(session, runlog, self._news, self._stopwatch)
        self._phase = "training"
        self._is_save_due = False
        self._train_loss: float | None = None
        self._evaluation: Evaluation | None = None

    def run(self) -> Summary:
        """Train until the last step, or until a signal or a request; return the result.

        Raises:
            OSError: the run directory can no longer be written.
            TokmonError: training does not go on in spite of rollbacks.
        """
        self._enter(self._phase)
        while not self._session.is_done and not self._between.must_stop():
            self._session.take_step()
            self._after_step()
        return self._finish() if self._session.is_done else self._stop()

    def step_reached(self) -> int:
        """Return the last step taken."""
        return self._session.step

    def pause(self, *, is_paused: bool) -> None:
        """Stand still, or go on."""
        self._stopwatch.hold() if is_paused else self._stopwatch.release()
        self._phase = "paused" if is_paused else "training"
        self._enter(self._phase)

    def save_now(self) -> str:
        """Save a checkpoint of this step; return its name, or nothing before the first step."""
        if not self._session.step:
            return ""
        with self._interrupted_by("saving" if self._saver.must_wait else "", "save"):
            self._saver.periodic(self._progress())
        return self._runlog.run.step_checkpoint(self._session.step).name

    def evaluate_now(self) -> str:
        """Evaluate; return the result for people."""
        return f"validation loss {self._evaluate().val_loss:.4f}"

    def sample_now(self) -> str:
        """Draw a round of samples; return what it is like, or nothing before the first step.

        Raises:
            TokmonError: it failed.
        """
        if not self._session.step:
            return ""
        with self._interrupted_by("evaluating", "eval"):
            outcome = self._rounds.draw_asked()
        if not outcome.is_drawn:
            raise TokmonError(outcome.message)
        return outcome.message

    def _after_step(self) -> None:
        step, config = self._session.step, self._config
        self._runlog.at_step(step)
        self._bar.step(step)
        if step == config.schedule.warmup:
            self._news.warmup_end()
        if step % config.log.every == 0:
            self._log()
        elif self._session.is_done:
            self._evaluate_as_scheduled()
        self._save_if_due()

    def _save_if_due(self) -> None:
        """Save where it is time to, or as soon after as a step has shown that the weights work."""
        session = self._session
        self._is_save_due |= session.step % self._config.checkpoint.every == 0
        if self._is_save_due and not session.is_done and session.meter.is_last_accepted:
            self.save_now()
            self._is_save_due = False

    def _log(self) -> None:
        """Write a line of the step log, with an evaluation where one is due."""
        interval = self._session.meter.take()
        if found := self._session.step_news():
            self._news.tell("plan", found)
        self._train_loss = interval.train_loss
        self._news.skipped(interval)
        if self._rollbacks.is_due(interval, self._session.step):
            self._roll_back()
            return
        is_due = self._session.step % self._config.eval.every == 0 or self._session.is_done
        self._write_line(interval, self._evaluate_as_scheduled() if is_due else None)

    def _write_line(self, interval: Interval, evaluation: Evaluation | None) -> None:
        speed = self._speedometer.read()
        elapsed_s, now = self._stopwatch.elapsed_s, iso(time.time())
        record = step_record(self._session, interval, speed, evaluation, elapsed_s, now)
        self._runlog.step(record)
        self._bar.numbers(record)
        self._runlog.say(step_line(record, self._config.schedule.steps))

    def _evaluate_as_scheduled(self) -> Evaluation:
        """Evaluate, and draw samples where a round is due: before the line, whose time it is."""
        evaluation = self._evaluate()
        if is_round_due(self._session.step, self._config):
            with self._interrupted_by("evaluating", "eval"):
                self._rounds.draw_if_affordable()
        return evaluation

    def _evaluate(self) -> Evaluation:
        with self._interrupted_by("evaluating", "eval"):
            self._evaluation = evaluation = self._session.evaluate()
            if evaluation.is_implausible:
                self._news.implausible(evaluation)
        if self._session.beats_best(evaluation.val_loss):
            with self._interrupted_by("saving" if self._saver.must_wait else "", "save"):
                self._saver.best(evaluation)
        return evaluation

    def _roll_back(self) -> None:
        """Go back to the newest good checkpoint, with the log."""
        failed = self._session.step
        with self._interrupted_by("starting", "other"):
            self._drain()
            self._rollbacks.begin()
            group, before = self._session.group, self._rollbacks.before
            start = go_back(self._runlog.run, before) if group.is_main else None
            start = shared_start(start, group, is_sharded=self._session.is_sharded)
            self._session.restore(self._rollbacks.end(start).content)
        self._train_loss = self._evaluation = None
        self._is_save_due = False
        self._speedometer.restart()
        what = f"no step up to {failed} reached the weights: back to step {self._session.step}"
        self._news.tell("rollback", what, trimmed=start.trimmed, count=self._rollbacks.count)

    def _progress(self) -> Progress:
        val_loss = self._evaluation.val_loss if self._evaluation is not None else None
        skipped = self._rollbacks.skipped_in_a_row
        return Progress(self._train_loss, val_loss, self._stopwatch.elapsed_s, skipped)

    def _finish(self) -> Summary:
        with self._interrupted_by("saving", "save"):
            self._saver.final(self._progress())
            self._drain()
        return self._end("finished", "finish", f"finished after {self._session.step} steps")

    def _stop(self) -> Summary:
        reason, step = self._between.stop_reason, self._session.step
        if signal := self._between.stop_signal:
            self._news.tell("signal", f"{signal} came: saving and stopping", signal=signal)
        with self._interrupted_by("saving", "save"):
            self.save_now()
            self._drain()
        return self._end("stopped", "stop", f"stopped by {reason} after {step} steps")

    def _end(self, phase: str, event: str, message: str) -> Summary:
        elapsed_s, now = self._stopwatch.elapsed_s, iso(time.time())
        evaluation, train_loss = self._evaluation, self._train_loss
        summary = summary_record(self._session, phase, train_loss, evaluation, elapsed_s, now)
        self._runlog.summary(summary)
        self._news.tell(event, message)
        self._runlog.end(phase)
        self._drain()
        self._bar.phase(phase)
        return summary

    def _drain(self) -> None:
        if self._outbox is not None:
            self._outbox.drain()

    @contextmanager
    def _interrupted_by(self, phase: str, kind: Interruption) -> Iterator[None]:
        """Keep what happens inside out of the rates; announce a phase that may last."""
        if phase:
            self._enter(phase)
        with self._stopwatch.interruption(kind):
            yield
        if phase:
            self._enter(self._phase)

    def _enter(self, phase: str) -> None:
        self._runlog.enter(phase)
        self._bar.phase(phase)
