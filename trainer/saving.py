"""When a checkpoint is due, this writes it, tells of it, and takes old ones away."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from tokmon.rundir.layout import RunDir
from tokmon.rundir.records import iso
from trainer import checkpoint
from trainer.evaluate import Evaluation
from trainer.lines import validation_fields
from trainer.session import Session


class Tell(Protocol):
    """Records an event and says it."""

    def __call__(self, event: str, message: str, **details: object) -> None:
        """Tell of `event` in one sentence; the details become keys of the record."""


class Saver:
    """Writes the checkpoints of one run."""

    def __init__(
        self, session: Session, run: RunDir, elapsed_s: Callable[[], float], tell: Tell
    ) -> None:
        self._session = session
        self._run = run
        self._elapsed_s = elapsed_s
        self._tell = tell

    def best(self, evaluation: Evaluation) -> None:
        """Publish the weights as the best so far."""
        content = self._session.weights() | {"val_loss": evaluation.val_loss}
        checkpoint.save(self._run.best, content, iso(time.time()))
        self._tell(
            "best",
            f"validation loss {evaluation.val_loss:.4f} (PPL {evaluation.val_ppl:,.1f}, "
            f"{evaluation.val_bpb:.3f} bpb) is the best so far",
            **validation_fields(evaluation),
        )

    def periodic(self, train_loss: float | None, val_loss: float | None) -> None:
        """Publish a checkpoint of this step, if there is none, and delete what is past `keep`."""
        path = self._run.step_checkpoint(self._session.step)
        if not self._run.sidecar(path).exists():
            self._save(path, train_loss, val_loss, keep=self._session.config.checkpoint.keep)

    def final(self, train_loss: float | None, val_loss: float | None) -> None:
        """Publish the checkpoint of the last step."""
        self._save(self._run.final, train_loss, val_loss)

    def _save(
        self, path: Path, train_loss: float | None, val_loss: float | None, keep: int | None = None
    ) -> None:
        begin = time.perf_counter()
        content = self._session.state() | {
            "train_loss": train_loss,
            "val_loss": val_loss,
            "elapsed_s": self._elapsed_s(),
        }
        info = checkpoint.save(path, content, iso(time.time()))
        removed = checkpoint.prune(self._run, keep) if keep is not None else []
        save_s = time.perf_counter() - begin
        self._tell(
            "checkpoint",
            f"saved {path.name}, {info.bytes / 1e6:.1f} MB in {save_s:.2f} s",
            file=path.name,
            bytes=info.bytes,
            save_s=round(save_s, 3),
            removed=[old.name for old in removed],
        )
