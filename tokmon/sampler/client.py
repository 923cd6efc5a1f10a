"""Text from a run's best checkpoint, generated in a child process. No torch, no textual.

A crash, an out-of-memory error or a CUDA context of the child never touches this process.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeAlias

from tokmon.rundir.errors import TokmonError
from tokmon.rundir.layout import RunDir
from tokmon.rundir.sampling import Cancel, Done, Failed, Generate, Ready, Reply, Started, Token
from tokmon.sampler.child import Child

_Inbox: TypeAlias = "asyncio.Queue[Reply | TokmonError]"
_EXIT_S = 2.0
_START = 0  # what waits for the first reply, in place of a request


class SamplerClient:
    """The sampling process of one run, from `start` to `close`.

    Requests may be made while others are open; they are answered in their order.
    """

    def __init__(self, target: Path, device: str = "auto") -> None:
        self._target = target
        self._device = device
        self._child: Child | None = None
        self._distribution: asyncio.Task[None] | None = None
        self._inboxes: dict[int, _Inbox] = {}
        self._last_id = _START
        self._ready: Ready | None = None
        self._end: TokmonError | None = None

    @property
    def ready(self) -> Ready | None:
        """What is loaded, as last heard; None before."""
        return self._ready

    @property
    def has_ended(self) -> bool:
        """Whether the process has ended by itself; then only another client helps."""
        return self._end is not None

    async def start(self) -> Ready:
        """Start the process and wait until it has loaded a checkpoint, some seconds.

        Raises:
            TokmonError: PyTorch is not installed, there is no checkpoint, or the process ended.
        """
        if self._distribution is not None:
            raise RuntimeError("a client is started once")
        target = _located(self._target)
        with self._inbox(_START) as inbox:
            self._child = await Child.start(target, self._device)
            self._distribution = asyncio.create_task(self._distribute(self._child))
            try:
                reply = await _next(inbox)
            except (TokmonError, asyncio.CancelledError):
                await self.close()
                raise
        assert isinstance(reply, Ready), reply
        return reply

    async def generate(self, request: Generate) -> AsyncIterator[Reply]:
        """Yield Ready (a better checkpoint was loaded), Started, each sample's Token... and Done.

        The tokens of several samples come mixed; the last Done has nothing left open.

        Leaving early cancels the request; what it still says is dropped.

        Args:
            request: its id must be higher than those before, from 1.

        Raises:
            TokmonError: the request failed, or the process ended.
        """
        if request.id <= self._last_id:
            raise ValueError(f"request id {request.id} does not rise above {self._last_id}")
        self._last_id = request.id
        with self._inbox(request.id) as inbox:
            child = self._running()
            child.send(request)
            reply: Reply | None = None
            try:
                while not _is_last(reply):
                    reply = await _next(inbox)
                    yield reply
            finally:
                if not _is_last(reply):
                    child.send(Cancel(id=request.id))

    async def cancel(self, request_id: int) -> None:
        """End a request early; its generator still yields Done. One answered already stays so."""
        if self._child is not None:
            self._child.send(Cancel(id=request_id))

    async def close(self) -> None:
        """End the process; open requests raise TokmonError. May be called at any time, again."""
        child, self._child = self._child, None
        if child is None or self._distribution is None:
            return
        # Before it is ready it does not listen, and has nothing to finish.
        await child.close(patience_s=_EXIT_S if self._ready else 0.0)
        await self._distribution

    def _running(self) -> Child:
        if self._end is not None:
            raise self._end
        if self._child is None:
            raise RuntimeError("not started, or closed")
        return self._child

    @contextmanager
    def _inbox(self, request_id: int) -> Iterator[_Inbox]:
        inbox: _Inbox = asyncio.Queue()
        self._inboxes[request_id] = inbox
        try:
            yield inbox
        finally:
            del self._inboxes[request_id]

    async def _distribute(self, child: Child) -> None:
        """Put each reply into the inbox of its request, and the end of the process into all."""
        try:
            async for reply in child.replies():
                self._deliver(reply)
            self._end = await child.last_words()
        except TokmonError as error:
            self._end = error
        for inbox in self._inboxes.values():
            inbox.put_nowait(self._end)

    def _deliver(self, reply: Reply) -> None:
        if isinstance(reply, Ready):
            self._ready = reply
        request_id = None if isinstance(reply, Ready) else reply.id
        if request_id is None:
            # It concerns whoever is served next.
            inbox = next(iter(self._inboxes.values()), None)
        else:
            inbox = self._inboxes.get(request_id)
        if inbox is not None:
            inbox.put_nowait(reply)


def _is_last(reply: Reply | None) -> bool:
    return isinstance(reply, Done) and reply.open == 0


async def _next(inbox: _Inbox) -> Ready | Started | Token | Done:
    item = await inbox.get()
    if isinstance(item, TokmonError):
        raise item
    if isinstance(item, Failed):
        raise TokmonError(item.message)
    return item


def _located(target: Path) -> Path:
    """Return the absolute path of a run directory or file.

    A wrong one is refused here, by the name it was given and without waiting for PyTorch.
    """
    if target.is_dir():
        RunDir.open(target)
    elif not target.exists():
        raise TokmonError(
            f"{target}: no such run directory or checkpoint", "see what is under logs/"
        )
    return target.resolve()
