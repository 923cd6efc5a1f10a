"""Answers sampling requests with a run's best checkpoint, and follows it as better ones land.

It knows the protocol's messages but not how they travel: no pipes, no threads, no printing.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import torch

from tokmon.rundir.errors import TokmonError
from tokmon.rundir.layout import RunDir
from tokmon.rundir.records import BadLineError, CheckpointInfo, decode
from tokmon.rundir.sampling import Done, Failed, Generate, Ready, Started, Token
from trainer.device import describe
from trainer.generate import Limits, Settings, generate
from trainer.repetition import is_degenerate, merged_whitespace, seq_rep_n
from trainer.tokenizer import StreamDecoder, load_tokenizer
from trainer.trained import TrainedModel, load_trained


class Engine:
    """A loaded checkpoint of `target`, a run directory or a .pt file.

    Raises:
        TokmonError: there is no checkpoint, or none that verifies.
    """

    def __init__(self, target: Path, device: torch.device) -> None:
        self._target = target
        self._device = device
        self._best = RunDir.open(target).best if target.is_dir() else target
        self._tokenizer = load_tokenizer()
        # Before loading: a checkpoint that lands meanwhile is seen at the next look.
        self._marks = _read_marks(target)
        self._trained = load_trained(target, device)

    def ready(self, notice: str | None = None) -> Ready:
        """Return what is loaded, as the client is told; `notice` stands in for its own."""
        trained = self._trained
        return Ready(
            checkpoint=trained.path.name,
            step=trained.step,
            val_loss=trained.val_loss,
            device=describe(self._device),
            notice=trained.notice if notice is None else notice,
        )

    def refresh(self) -> Ready | None:
        """Load what has landed since the last look; None if nothing has.

        Where it does not load the weights stay, the notice says why, and it is not tried again
        until something else lands.
        """
        marks = _read_marks(self._target)
        has_landed = self._watched(marks) != self._watched(self._marks)
        self._marks = marks
        if not has_landed:
            return None
        try:
            fresh = load_trained(self._target, self._device)
        except (TokmonError, RuntimeError, MemoryError) as error:
            return self._keep(_one_line(error))
        if self._trained.path == self._best != fresh.path:
            return self._keep(fresh.notice)
        if _identity(fresh) == _identity(self._trained):
            return None
        self._trained = fresh
        return self.ready()

    def answer(
        self, request: Generate, is_cancelled: Callable[[], bool]
    ) -> Iterator[Started | Token | Done | Failed]:
        """Yield the replies to `request`; `is_cancelled` is asked before every token."""
        try:
            yield from self._continue(request, is_cancelled)
        except TokmonError as error:
            yield Failed(id=request.id, message=str(error))
        except (RuntimeError, MemoryError) as error:
            # PyTorch's errors, out of memory above all: the next request may be smaller.
            yield Failed(id=request.id, message=_one_line(error))
            if self._device.type == "cuda":
                torch.cuda.empty_cache()

    def _continue(
        self, request: Generate, is_cancelled: Callable[[], bool]
    ) -> Iterator[Started | Token | Done]:
        settings = _settings(request)
        prompt_ids = self._tokenizer.encode(request.prompt)
        yield Started(id=request.id, prompt_tokens=len(prompt_ids))
        ids: list[int] = []
        pieces: list[str] = []
        moments_s: list[float] = []
        decoder = StreamDecoder(self._tokenizer)
        for token in self._tokens(prompt_ids, settings, is_cancelled):
            moments_s.append(time.perf_counter())
            ids.append(token)
            pieces.append(decoder.push(token))
            yield Token(id=request.id, text=pieces[-1])
        if rest := decoder.finish():
            pieces.append(rest)
            yield Token(id=request.id, text=rest)
        tokens = [self._tokenizer.piece(token) for token in ids]
        yield Done(
            id=request.id,
            tokens=len(ids),
            finish_reason=_finish_reason(len(ids), settings, is_cancelled()),
            tokens_per_sec=_speed(moments_s),
            seq_rep_4=seq_rep_n(merged_whitespace(tokens), 4),
            collapsed=is_degenerate(tokens, "".join(pieces)),
        )

    def _tokens(
        self, prompt_ids: Sequence[int], settings: Settings, is_cancelled: Callable[[], bool]
    ) -> Iterator[int]:
        if is_cancelled():
            return
        limits = Limits(
            seq_len=self._trained.config.data.seq_len,
            vocab_size=self._tokenizer.vocab_size,
            end_of_text=self._tokenizer.end_of_text,
        )
        for token in generate(self._trained.model, prompt_ids, settings, limits):
            yield token
            if is_cancelled():
                return

    def _watched(self, marks: dict[Path, CheckpointInfo]) -> object:
        """Return what of `marks` bears on the choice: all while something stands in for best."""
        return marks.get(self._best) if self._trained.path == self._best else marks

    def _keep(self, reason: str) -> Ready:
        trained = self._trained
        return self.ready(f"{reason}; sampling goes on with the weights of step {trained.step}")


def _read_marks(target: Path) -> dict[Path, CheckpointInfo]:
    """Return the sidecars of the checkpoints that `target` may mean; those it lacks are left out.

    A sidecar changes with every publication, and again when a replacement is complete.
    """
    try:
        run = RunDir.open(target) if target.is_dir() else None
    except TokmonError:
        return {}
    paths = [run.best, run.final, *run.step_checkpoints().values()] if run else [target]
    return {path: info for path in paths if (info := _read_mark(path)) is not None}


def _read_mark(checkpoint: Path) -> CheckpointInfo | None:
    try:
        return decode(RunDir.sidecar(checkpoint).read_bytes(), CheckpointInfo)
    except (OSError, BadLineError):
        return None


def _identity(trained: TrainedModel) -> tuple[Path, str, int, float | None]:
    # In the moment before a replacement the sidecar names the new hash while the old weights load.
    return trained.path, trained.sha256, trained.step, trained.val_loss


def _settings(request: Generate) -> Settings:
    return Settings(
        max_new_tokens=request.max_new_tokens,
        temperature=request.temperature,
        top_k=request.top_k,
        top_p=request.top_p,
        seed=request.seed,
    )


def _finish_reason(tokens: int, settings: Settings, was_cancelled: bool) -> str:
    if tokens == settings.max_new_tokens:
        return "length"
    return "cancelled" if was_cancelled else "end_of_text"


def _speed(moments_s: Sequence[float]) -> float:
    """Return tokens per second after the first, which waited for the prompt; 0 if none is."""
    elapsed_s = moments_s[-1] - moments_s[0] if moments_s else 0.0
    return (len(moments_s) - 1) / elapsed_s if elapsed_s > 0 else 0.0


def _one_line(error: Exception) -> str:
    lines = str(error).splitlines()
    return lines[0] if lines else type(error).__name__
