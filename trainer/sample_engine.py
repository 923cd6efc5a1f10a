"""Answers sampling requests with a run's best checkpoint, and follows it as better ones land.

It knows the protocol's messages but not how they travel: no pipes, no threads, no printing.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import torch

from tokmon.rundir.errors import TokmonError
from tokmon.rundir.layout import RunDir
from tokmon.rundir.records import BadLineError, CheckpointInfo, decode
from tokmon.rundir.sampling import Done, Failed, Generate, Ready, Started, Token
from trainer.device import describe
from trainer.sample_replies import continued
from trainer.tokenizer import load_tokenizer
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
        self._other: TrainedModel | None = None
        self._other_mark: CheckpointInfo | None = None

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
            trained = self._weights_of(request.checkpoint)
            yield from continued(request, trained, self._tokenizer, is_cancelled)
        except TokmonError as error:
            yield Failed(id=request.id, message=str(error))
        except (RuntimeError, MemoryError) as error:
            # PyTorch's errors, out of memory above all: the next request may be smaller.
            yield Failed(id=request.id, message=_one_line(error))
            if self._device.type == "cuda":
                torch.cuda.empty_cache()

    def _weights_of(self, name: str) -> TrainedModel:
        """Return the weights that a request asks for by the name of their file."""
        if name in ("", self._trained.path.name):
            return self._trained
        path = self._best.parent / Path(name).name
        if path.name != name or not path.exists():
            raise TokmonError(f"{name}: no such checkpoint beside {self._best.name}")
        mark = _read_mark(path)
        if self._other is None or self._other.path != path or self._other_mark != mark:
            self._other, self._other_mark = load_trained(path, self._device), mark
        return self._other

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


def _one_line(error: Exception) -> str:
    lines = str(error).splitlines()
    return lines[0] if lines else type(error).__name__
