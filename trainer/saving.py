"""When a checkpoint is due, this copies what is in it, and has it written beside the training."""

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from tokmon.rundir.records import iso
from trainer import checkpoint
from trainer.evaluate import Evaluation
from trainer.news import News
from trainer.outbox import Outbox
from trainer.session import Session

_LOOK_EVERY_S = 0.1
_SNAPSHOTS = 2
"""How many copies may wait to be written: a best one and a periodic one of the same step."""


class Progress(NamedTuple):
    """What a checkpoint holds besides the session."""

    train_loss: float | None
    """Of the last log line."""
    val_loss: float | None
    """Of the last evaluation."""
    elapsed_s: float
    """Seconds of the run so far."""
    skipped_in_a_row: int
    """Steps up to the last log line that did not reach the weights."""


class Saver:
    """Has the checkpoints of one run written.

    The training step waits for the copy only, and for the writing of the copy before the last.

    Args:
        session: what is saved.
        outbox: writes; None where another process saves.
        news: where it is told.
    """

    def __init__(self, session: Session, outbox: Outbox | None, news: News) -> None:
        self._session = session
        self._outbox = outbox
        self._run = news.run
        self._news = news
        self._free = threading.Semaphore(_SNAPSHOTS)
        self._saved_step = -1

    @property
    def must_wait(self) -> bool:
        """Whether the next checkpoint has to wait for earlier ones to be written."""
        if not self._free.acquire(blocking=False):
            return True
        self._free.release()
        return False

    def best(self, evaluation: Evaluation) -> None:
        """Publish the weights as the best so far, and tell of it then."""
        content = self._session.weights() | {"val_loss": evaluation.val_loss}

        def write(copied: dict[str, Any], _blocked_s: float) -> None:
            info = checkpoint.save(self._run.best, copied, iso(time.time()))
            self._news.best(evaluation, info.step)

        self._have_written(content, write)

    def periodic(self, progress: Progress) -> None:
        """Publish a checkpoint of this step, if there is none, and delete what is past `keep`."""
        step = self._session.step
        path = self._run.step_checkpoint(step)
        # Rank 0's disk decides: others may not have the folder, or see it a moment later.
        is_there = self._session.group.share(self._run.sidecar(path).exists())
        if step != self._saved_step and not is_there:
            self._save(path, progress, keep=self._session.config.checkpoint.keep)
            self._saved_step = step

    def final(self, progress: Progress) -> None:
        """Publish the checkpoint of the last step."""
        self._save(self._run.final, progress)

    def _save(self, path: Path, progress: Progress, keep: int | None = None) -> None:
        def write(copied: dict[str, Any], blocked_s: float) -> None:
            begin = time.perf_counter()
            info = checkpoint.save(path, copied, iso(time.time()))
            removed = checkpoint.prune(self._run, keep) if keep is not None else []
            save_s = time.perf_counter() - begin
            self._news.saved(path, info, save_s, blocked_s, removed)

        self._have_written(self._session.state() | progress._asdict(), write)

    def _have_written(
        self, content: dict[str, Any], write: Callable[[dict[str, Any], float], None]
    ) -> None:
        """Copy `content` now and have `write` called with the copy and the seconds that cost."""
        if self._outbox is None:
            if self._session.is_sharded:
                self._session.copied(content)  # takes part in what rank 0 gathers
            return
        begin = time.perf_counter()
        while not self._free.acquire(timeout=_LOOK_EVERY_S):
            self._outbox.check()
        copied = self._session.copied(content)
        blocked_s = time.perf_counter() - begin

        def job() -> None:
            write(copied, blocked_s)
            self._free.release()

        self._outbox.put(job)
