"""One round of texts being written: by whom, what is said of it, and how it ends. No screen."""

from collections.abc import Callable, Sequence

from tokmon.rundir.errors import TokmonError
from tokmon.rundir.sampling import Started
from tokmon.tui.generation import Job
from tokmon.tui.sampling_device import DeviceChoice
from tokmon.tui.text import MUTED
from tokmon.tui.worker import DiedError, Worker

Say = Callable[[str, str], None]
"""Takes a message for people and its colour."""


class Writer:
    """Lets the sampling process write the texts of some jobs, one round at a time.

    Args:
        worker: holds the process.
        say: is told what goes on.
    """

    def __init__(self, worker: Worker, say: Say) -> None:
        self._worker = worker
        self._say = say
        self._is_stopping = False
        self.is_writing = False
        """Whether a round has begun and not ended."""

    def begin(self) -> None:
        """Take note that a round is about to be written, and that no other may begin."""
        self.is_writing, self._is_stopping = True, False

    async def write(self, asked: Sequence[Job], choice: DeviceChoice) -> None:
        """Write the texts of these jobs; whatever goes wrong is said."""
        try:
            if not self._worker.runs_on(choice.name):
                where = choice.reason or f"on {choice.name}"
                self._say(f"starting the sampling process {where}", MUTED)
            for job in asked:
                await self._write(job, choice.name)
            self._say(self._closing_words(choice), MUTED)
        except TokmonError as error:
            self._say(str(error), "$error")

    def end(self, asked: Sequence[Job]) -> None:
        """Take note that the round is over, however it went."""
        self.is_writing = False
        if self._is_stopping:
            self._say("stopped; enter writes again", MUTED)
        for job in asked:
            job.give_up("stopped" if self._is_stopping else "broken off")

    async def stop(self) -> bool:
        """End the round early; return False if nothing is loaded yet that could be told to."""
        self._is_stopping = True
        self._say("stopping", MUTED)
        if self._worker.ready is None:
            return False
        await self._worker.cancel()
        return True

    async def _write(self, job: Job, device: str) -> None:
        if self._is_stopping:
            return
        try:
            async for reply in self._worker.generate(job.request, device):
                if isinstance(reply, Started):
                    self._say(f"reading {reply.prompt_tokens:,} prompt tokens, then writing", MUTED)
                job.take(reply)
        except DiedError as error:
            hint = f" ({error.hint})" if error.hint else ""
            told = f"{error.message}{hint}; another is ready, enter tries again"
            raise TokmonError(told) from error

    def _closing_words(self, choice: DeviceChoice) -> str:
        ready = self._worker.ready
        notes = [self._worker.take_notice(), choice.reason, ready.notice if ready else ""]
        said = "; ".join(note for note in notes if note)
        return said or "enter writes the same again, r or ctrl+r with another seed"
