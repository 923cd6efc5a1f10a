"""Between steps: do what the control file and signals ask, stand still while paused, or stop."""

import time
from typing import Protocol

from tokmon.rundir.control import Action, Request
from tokmon.rundir.errors import TokmonError
from trainer.control import Wishes
from trainer.news import News

_PAUSED_LOOK_S = 0.1


class Trainer(Protocol):
    """What can be asked of a loop."""

    def pause(self, *, is_paused: bool) -> None:
        """Stand still, or go on."""

    def save_now(self) -> str:
        """Save a checkpoint of this step; return its name, or nothing before the first step."""

    def evaluate_now(self) -> str:
        """Evaluate; return the result for people."""

    def sample_now(self) -> str:
        """Draw a round of samples; return what it is like, or nothing before the first step.

        Raises:
            TokmonError: it failed.
        """

    def step_reached(self) -> int:
        """Return the last step taken."""


class Between:
    """Answers requests one by one; each answer is an event that names the request."""

    def __init__(self, trainer: Trainer, wishes: Wishes, news: News) -> None:
        self._trainer = trainer
        self._wishes = wishes
        self._news = news
        self._is_paused = False
        self.stop_reason = ""
        """Why the run is to stop, once it is."""
        self.stop_signal = ""
        """The signal that asked for it, if one did."""

    def must_stop(self) -> bool:
        """Do what is asked; say whether to stop. A pause lasts in here."""
        while True:
            wish = self._wishes.look()
            if wish.wants_checkpoint:
                self._trainer.save_now()
            if wish.request is not None:
                self._answer(wish.request)
            if wish.stop_signal:
                self.stop_reason = self.stop_signal = wish.stop_signal
            if self.stop_reason or not self._is_paused:
                return bool(self.stop_reason)
            time.sleep(_PAUSED_LOOK_S)

    def _answer(self, request: Request) -> None:
        try:
            message, outcome = self._obey(request.action), "done"
        except TokmonError as error:
            message, outcome = str(error), "refused"
        if not message:
            message, outcome = f"{request.action} is not possible yet", "refused"
        answer = {"request": request.id, "action": request.action, "outcome": outcome}
        self._news.tell("control", message, **answer)

    def _obey(self, action: Action) -> str:
        """Do it; return what was done, or nothing if it cannot be yet.

        Raises:
            TokmonError: it went wrong.
        """
        step = self._trainer.step_reached()
        match action:
            case "pause":
                self._set_paused(True)
                return f"paused after step {step}"
            case "resume":
                self._set_paused(False)
                return f"training goes on from step {step}"
            case "checkpoint":
                name = self._trainer.save_now()
                return f"saved {name}" if name else ""
            case "evaluate":
                return f"{self._trainer.evaluate_now()} at step {step}"
            case "sample":
                found = self._trainer.sample_now()
                return f"step {step}: {found}" if found else ""
            case "stop":
                self.stop_reason = "a request"
                return f"stopping after step {step}"

    def _set_paused(self, is_paused: bool) -> None:
        if is_paused != self._is_paused:
            self._is_paused = is_paused
            self._trainer.pause(is_paused=is_paused)
