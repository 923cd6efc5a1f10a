"""A sampling client without a model: streams a given text at a given speed."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

from tokmon.rundir.errors import TokmonError
from tokmon.rundir.sampling import Done, Generate, Ready, Reply, Started, Token


class FakeSampler:
    """Answers like tokmon.sampler.client.SamplerClient; `opened` lists all that were made."""

    opened: "list[FakeSampler]" = []  # noqa: RUF012  shared on purpose, cleared by the fixture

    def __init__(
        self,
        target: Path,
        device: str,
        *,
        pieces: tuple[str, ...] = ("def ", "f():\n", "\treturn 1\x1b[31m"),
        pause_s: float = 0.0,
        fault: str = "",
        collapsed: bool = False,
    ) -> None:
        self.target, self.device = target, device
        self._pieces, self._pause_s, self._fault = pieces, pause_s, fault
        self._collapsed = collapsed
        self._cancelled: set[int] = set()
        self.requests: list[Generate] = []
        self.is_closed = False
        FakeSampler.opened.append(self)

    async def start(self) -> Ready:
        if self._fault:
            raise TokmonError(self._fault)
        return Ready(checkpoint="v1_best.pt", step=18_500, val_loss=2.088, device=self.device)

    async def generate(self, request: Generate) -> AsyncIterator[Reply]:
        self.requests.append(request)
        yield Started(id=request.id, prompt_tokens=2)
        sent = 0
        for piece in self._pieces:
            if request.id in self._cancelled:
                break
            sent += 1
            yield Token(id=request.id, text=piece)
            await asyncio.sleep(self._pause_s)
        reason = "cancelled" if request.id in self._cancelled else "length"
        yield Done(
            id=request.id,
            tokens=sent,
            finish_reason=reason,
            tokens_per_sec=41.2,
            seq_rep_4=0.03,
            collapsed=self._collapsed,
        )

    async def cancel(self, request_id: int) -> None:
        self._cancelled.add(request_id)

    async def close(self) -> None:
        self.is_closed = True
