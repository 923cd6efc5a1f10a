"""The sampling process as the panel has it: one at a time, started again where it died.

Holds no text and shows nothing.
"""

from collections.abc import AsyncIterator
from pathlib import Path

import msgspec

from tokmon.rundir.errors import TokmonError
from tokmon.rundir.sampling import Generate, Ready, Reply
from tokmon.tui.sampling import ClientFactory, SampleClient


class DiedError(TokmonError):
    """The process ended in the midst of a text; another has been started."""


class Worker:
    """Starts the process with the first request, and on another device when asked to."""

    def __init__(self, target: Path, new_client: ClientFactory) -> None:
        self._target = target
        self._new_client = new_client
        self._client: SampleClient | None = None
        self._device = ""
        self._last_id = 0
        self.ready: Ready | None = None
        """What is loaded; None while nothing is."""
        self._notice = ""

    def take_notice(self) -> str:
        """Return what happened to the process since this was last asked; mostly nothing."""
        notice, self._notice = self._notice, ""
        return notice

    def runs_on(self, device: str) -> bool:
        """Say whether a process is there for that device."""
        return self._client is not None and self._device == device

    async def generate(self, request: Generate, device: str) -> AsyncIterator[Reply]:
        """Yield the replies to `request`, whose id is chosen here.

        A process that had died before is started again and asked once more.

        Raises:
            DiedError: it died in the midst of it.
            TokmonError: it cannot be started, or refuses the request.
        """
        for is_second_try in (False, True):
            client = await self._started(device)
            has_answered = False
            self._last_id += 1
            numbered = msgspec.structs.replace(request, id=self._last_id)
            try:
                async for reply in client.generate(numbered):
                    has_answered = True
                    if isinstance(reply, Ready):
                        self.ready = reply
                    yield reply
                return
            except TokmonError as error:
                if not client.has_ended:
                    raise
                await self._replace(device)
                if has_answered or is_second_try:
                    raise DiedError(error.message, error.hint) from error
                self._notice = f"{error.message}; another was started"

    async def cancel(self) -> None:
        """End the request that is being answered."""
        if self._client is not None:
            await self._client.cancel(self._last_id)

    async def close(self) -> None:
        """End the process; the next request starts another."""
        client, self._client, self.ready = self._client, None, None
        if client is not None:
            await client.close()

    async def _replace(self, device: str) -> None:
        await self.close()
        await self._started(device)

    async def _started(self, device: str) -> SampleClient:
        if self._client is not None and self._device != device:
            await self.close()
        if self._client is not None:
            return self._client
        client = self._client = self._new_client(self._target, device)
        self._device = device
        try:
            self.ready = await client.start()
        finally:
            if self.ready is None:
                await self.close()
        return client
