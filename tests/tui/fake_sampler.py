"""A sampling client without a model: streams given texts at a given speed, and may die."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

from tokmon.rundir.errors import TokmonError
from tokmon.rundir.sampling import Alternative, Done, Generate, Ready, Reply, Started, Token


class FakeSampler:
    """Answers like tokmon.sampler.client.SamplerClient; `opened` lists all that were made."""

    opened: "list[FakeSampler]" = []  # noqa: RUF012  shared on purpose, cleared by the fixture

    def __init__(
        self,
        target: Path,
        device: str,
        *,
        pieces: tuple[str, ...] = ("f", "():\n", "\treturn 1\x1b[31m"),
        pause_s: float = 0.0,
        fault: str = "",
        collapsed: bool = False,
        dies_after: int | None = None,
        checkpoint: str = "v1_token_bigdata_best.pt",
        newest_step: int = 18_500,
    ) -> None:
        self.target, self.device = target, device
        self._pieces, self._pause_s, self._fault = pieces, pause_s, fault
        self._collapsed = collapsed
        # Only the first process dies; the one that stands in for it lives.
        self._dies_after = dies_after if not FakeSampler.opened else None
        self._checkpoint, self._newest_step = checkpoint, newest_step
        self._step = 18_500
        self._cancelled: set[int] = set()
        self.requests: list[Generate] = []
        self.is_closed = self.has_ended = False
        FakeSampler.opened.append(self)

    async def start(self) -> Ready:
        if self._fault:
            raise TokmonError(self._fault)
        return self._ready()

    def _ready(self) -> Ready:
        return Ready(
            checkpoint=self._checkpoint, step=self._step, val_loss=2.088, device=self.device
        )

    async def generate(self, request: Generate) -> AsyncIterator[Reply]:
        self.requests.append(request)
        if self.has_ended:
            raise TokmonError("the sampling process was killed", "the machine may be out of memory")
        if request.is_following and self._newest_step > self._step:
            self._step = self._newest_step
            yield self._ready()
        name = request.checkpoint or self._checkpoint
        step = int(name.partition("_step")[2].removesuffix(".pt") or self._step)
        yield Started(
            id=request.id, prompt_tokens=2, checkpoint=name, step=step, val_loss=40_000 / step
        )
        sent = 0
        for piece in self._pieces:
            if request.id in self._cancelled:
                break
            if sent == self._dies_after:
                self.has_ended = True
                raise TokmonError(
                    "the sampling process was killed", "the machine may be out of memory"
                )
            for sample in range(request.samples):
                yield self._token(request, piece, sample, sent)
            sent += 1
            await asyncio.sleep(self._pause_s)
        for sample in range(request.samples):
            yield self._done(request, sample, sent)

    def _token(self, request: Generate, piece: str, sample: int, sent: int) -> Token:
        probability = (0.62, 0.2, 0.04, 0.0003)[(sent + sample) % 4]
        others = (
            Alternative(piece, probability),
            Alternative(" yield", 0.11),
            Alternative("\n", 0.05),
        )
        is_asked = request.alternatives > 0
        return Token(
            id=request.id,
            text=piece,
            sample=sample,
            probability=probability if is_asked else None,
            alternatives=others if is_asked else (),
        )

    def _done(self, request: Generate, sample: int, sent: int) -> Done:
        return Done(
            id=request.id,
            sample=sample,
            open=request.samples - sample - 1,
            tokens=sent,
            finish_reason="cancelled" if request.id in self._cancelled else "length",
            tokens_per_sec=41.2,
            seq_rep_4=0.03,
            collapsed=self._collapsed,
            has_keyword=True,
            validity=("valid", "invalid", "nothing")[sample % 3],
        )

    async def cancel(self, request_id: int) -> None:
        self._cancelled.add(request_id)

    async def close(self) -> None:
        self.is_closed = True
