"""Rounds of samples while training: when one is due, what it may take, what is told of it.

A round is drawn inline, between an evaluation and its line of the log. A thread beside the training
would need a copy of the weights and, on a CPU, take the cores that steps compute on. On a GPU the
training waits as well; what that costs was not yet seen on one.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple, TypeAlias

import torch

from tokmon.rundir.errors import TokmonError
from trainer.collapse_watch import CollapseWatch
from trainer.config import Config
from trainer.device import synchronize
from trainer.model import Model
from trainer.news import News
from trainer.runlog import RunLog
from trainer.sampling_budget import LOOK_STEPS, Budget, projected_s
from trainer.sampling_news import SamplingNews
from trainer.session import Session
from trainer.stopwatch import Stopwatch
from trainer.suite_samples import Round, SuiteSamples

AfterStep: TypeAlias = Callable[[int, int], None]
_FAULTS = (TokmonError, RuntimeError, MemoryError)
"""Output that is not finite; PyTorch's errors, out of memory above all. Training goes on: what is
really broken shows at the next step."""


def is_round_due(step: int, config: Config) -> bool:
    """Say whether a round belongs to the evaluation that the schedule has at `step`.

    Where a multiple of `sample.every` was passed since the evaluation before, and at the last step:
    by steps alone, so that a resumed run samples where an uninterrupted one does.
    """
    every = config.sample.every
    if not every:
        return False
    has_passed = step // every > (step - config.eval.every) // every
    return has_passed or step >= config.schedule.steps


class Outcome(NamedTuple):
    """What came of a round that a person asked for."""

    message: str
    """For people."""
    is_drawn: bool
    """Whether there are samples."""


class Rounds:
    """Draws rounds from the weights as they stand. Changes nothing of the session.

    Rank 0 draws, and the others go on to where they wait for it. Of a model that is shared out all
    ranks gather the weights, as for an evaluation; rank 0 says when.
    """

    def __init__(self, session: Session, runlog: RunLog, news: News, stopwatch: Stopwatch) -> None:
        config = session.config
        self._session = session
        self._runlog = runlog
        self._news = SamplingNews(news, config.sample.share)
        self._stopwatch = stopwatch
        self._steps = config.sample.max_new_tokens
        self._budget = Budget(config.sample.share, self._steps)
        self._watch = CollapseWatch()
        self._suite: SuiteSamples | None = None

    def draw_if_affordable(self) -> None:
        """Draw a round, if there is time for one."""
        budget, begin, elapsed_s = self._budget, time.perf_counter(), self._stopwatch.attempt_s
        if not self._agreed(budget.may_begin(elapsed_s)):
            budget.leave_out()
            self._tell_left_out()
            return
        model = self._session.whole_model()
        if not self._session.group.is_main:
            return
        judge = _judge(begin, self._steps, lambda round_s: budget.allows(round_s, elapsed_s))
        try:
            found = self._draw(model, judge)
        except _TooDearError as refusal:
            budget.charge(time.perf_counter() - begin)
            budget.give_up(refusal.round_s)
            self._tell_left_out()
        except _FAULTS as error:
            budget.charge(time.perf_counter() - begin)
            self._fail(error)
        else:
            round_s = time.perf_counter() - begin
            budget.charge(round_s)
            self._record(found, round_s, is_asked=False)

    def draw_asked(self) -> Outcome:
        """Draw a round whatever it takes, since a person asked.

        It is not charged: the rounds of the schedule keep their time.
        """
        begin = time.perf_counter()
        model = self._session.whole_model()
        if not self._session.group.is_main:
            return Outcome("drawn by rank 0", is_drawn=True)
        try:
            found = self._draw(model)
        except _FAULTS as error:
            return Outcome(self._fail(error), is_drawn=False)
        message = self._record(found, time.perf_counter() - begin, is_asked=True)
        return Outcome(message, is_drawn=True)

    def _agreed(self, wants: bool) -> bool:
        """Return what rank 0 wants, where the others have to take part."""
        session = self._session
        return session.group.share(wants) if session.is_sharded else wants

    def _draw(self, model: Model, after_step: AfterStep | None = None) -> Round:
        session = self._session
        # What the device still has to do for earlier steps is not the round's.
        synchronize(session.device)
        if self._suite is None:
            self._suite = SuiteSamples(session.config, session.tokenizer)
        with _on_one_thread(session.device):
            return self._suite.draw(model, session.step, time.time(), after_step)

    def _record(self, found: Round, round_s: float, *, is_asked: bool) -> str:
        """Write the samples and tell of them; return what they are like."""
        session, budget = self._session, self._budget
        self._runlog.samples(found.samples)
        share = budget.spent_s / self._stopwatch.attempt_s
        left_out = budget.took(round_s)
        message = self._news.drawn(found, round_s, share, left_out, is_asked=is_asked)
        is_early = session.step <= session.config.schedule.warmup
        if change := self._watch.look(found.mode_collapse, is_early=is_early):
            self._news.change(change, found, is_early=is_early)
        return message

    def _tell_left_out(self) -> None:
        """Tell of the first in a row, and at the last step: the next round tells how many."""
        budget = self._budget
        if budget.left_out == 1 or self._session.is_done:
            self._news.left_out(budget.left_out, budget.predicted_s, is_measured=budget.is_measured)

    def _fail(self, error: Exception) -> str:
        if self._session.device.type == "cuda":
            torch.cuda.empty_cache()
        # A TokmonError's hint is for who samples from a file.
        reason = error.message if isinstance(error, TokmonError) else _first_line(error)
        return self._news.failed(reason)


class _TooDearError(Exception):
    """A round that has begun would take more time than there is."""

    def __init__(self, round_s: float) -> None:
        super().__init__(round_s)
        self.round_s = round_s
        """What it would take, seconds."""


@contextmanager
def _on_one_thread(device: torch.device) -> Iterator[None]:
    """Let PyTorch compute on one thread of a CPU, and afterwards on as many as before.

    A token's products are so small that a second one gains nothing: the demo's round takes 1.9 s on
    one and 1.8 s on two. Where other programs want the cores, two wait for each other after each
    product: the same round takes 2.6 s on one and 15 to 23 s on two.
    """
    threads = torch.get_num_threads()
    if device.type == "cpu":
        torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def _first_line(error: Exception) -> str:
    lines = str(error).splitlines()
    return str(TokmonError(lines[0])) if lines else type(error).__name__


def _judge(begin: float, steps: int, is_affordable: Callable[[float], bool]) -> AfterStep:
    """Return what looks at a round's first steps, and ends one that would take too long."""
    moments: list[float] = []

    def after_step(_drawn: int, _whole: int) -> None:
        moments.append(time.perf_counter())
        if len(moments) == LOOK_STEPS:
            round_s = projected_s(begin, moments, steps)
            if not is_affordable(round_s):
                raise _TooDearError(round_s)

    return after_step
