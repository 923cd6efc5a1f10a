"""One round of generating: which requests it takes, and whose text each reply is. No screen."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import msgspec

from tokmon.rundir.errors import TokmonError
from tokmon.rundir.sampling import Done, Generate, Reply, Started, Token
from tokmon.tui.continuation import Continuation

_MAX_TEXTS = 24
_ALTERNATIVES = 5


@dataclass(frozen=True, slots=True)
class Job:
    """A request and the texts that it brings."""

    request: Generate
    continuations: tuple[Continuation, ...]

    def take(self, reply: Reply) -> None:
        """Add what has come to its text."""
        match reply:
            case Started():
                for known in self.continuations:
                    known.started = reply
            case Token():
                self._known(reply.sample).tokens.append(reply)
            case Done():
                self._known(reply.sample).end(reply)

    def give_up(self, reason: str) -> None:
        """Tell the texts that have not ended that they will not."""
        for known in self.continuations:
            if known.done is None:
                known.fault = reason

    def _known(self, sample: int) -> Continuation:
        return self.continuations[min(sample, len(self.continuations) - 1)]


def jobs(request: Generate, checkpoints: Sequence[str], *, is_following: bool) -> list[Job]:
    """Return a job for each checkpoint, in order.

    Args:
        request: what is asked of each.
        checkpoints: file names; none is the one that is loaded.
        is_following: whether a better one that has landed may take its place.

    Raises:
        TokmonError: it would be too many texts.
    """
    names = checkpoints or ("",)
    if len(names) * request.samples > _MAX_TEXTS:
        raise TokmonError(
            f"{len(names)} checkpoints with {request.samples} texts each are too many",
            f"{_MAX_TEXTS} texts are the most",
        )
    asked = msgspec.structs.replace(request, alternatives=_ALTERNATIVES, is_following=is_following)
    return [_job(msgspec.structs.replace(asked, checkpoint=name)) for name in names]


def going_on(known: Continuation) -> Job:
    """Return the job that lengthens a text: its whole is the prompt, and it stays one text."""
    checkpoint = known.started.checkpoint if known.started and known.request.checkpoint else ""
    request = msgspec.structs.replace(
        known.request,
        prompt=known.whole,
        samples=1,
        seed=known.seed,
        checkpoint=checkpoint,
        is_following=False,
    )
    known.go_on()
    return Job(request, (known,))


def _job(request: Generate) -> Job:
    return Job(request, tuple(Continuation(request, sample) for sample in range(request.samples)))


def texts(of: Sequence[Job]) -> Iterator[Continuation]:
    """Yield the texts of some jobs, in order."""
    for job in of:
        yield from job.continuations
