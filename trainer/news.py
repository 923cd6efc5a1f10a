"""What happens in a run, in words: each method is one event, recorded and said."""

from collections.abc import Sequence
from pathlib import Path

from tokmon.rundir.layout import RunDir
from tokmon.rundir.records import CheckpointInfo
from trainer.evaluate import Evaluation
from trainer.lines import rounded, validation_fields
from trainer.meter import Interval
from trainer.runlog import RunLog
from trainer.session import Session

_NAMED_STEPS = 8


class News:
    """Tells what happens to `session`, after all that was told before."""

    def __init__(self, session: Session, runlog: RunLog) -> None:
        self._session = session
        self._runlog = runlog
        self.run: RunDir = runlog.run
        """Whose news."""

    def tell(self, event: str, message: str, **details: object) -> None:
        """Tell of `event` in one sentence; the details become keys of the record."""
        self._runlog.event(event, self._session.step, message, **details)
        self._runlog.say(f"{event}: {message}")

    def warmup_end(self) -> None:
        """The learning rate has reached its peak."""
        lr = self._session.lr
        self.tell("warmup_end", f"warm-up is over, lr {lr:.2e}", lr=rounded(lr))

    def skipped(self, interval: Interval) -> None:
        """Name the steps of the interval that now ends that did not reach the weights, if any."""
        self._skipped("not_finite", "not finite", interval.not_finite)
        self._skipped("spike", "far above the last 128 steps", interval.spikes)

    def _skipped(self, event: str, what: str, places: Sequence[int]) -> None:
        if not places:
            return
        first = self._session.step - self._session.config.log.every + 1
        steps = [first + place for place in places]
        names = ", ".join(map(str, steps[:_NAMED_STEPS])) + ("..." if steps[_NAMED_STEPS:] else "")
        self.tell(
            event,
            f"loss or gradient was {what} at step {names}; {len(steps)} skipped, the weights are "
            "as they were",
            steps=steps,
            windows=[self._session.windows_of(step) for step in steps[:_NAMED_STEPS]],
        )

    def implausible(self, evaluation: Evaluation) -> None:
        """An evaluation is better than a model of this kind can be."""
        self.tell(
            "implausible",
            f"{evaluation.val_bpb:.3f} bits per byte on held-out text is too good to be true: look "
            "for validation text in the training split, and for targets that leak into the inputs",
            **validation_fields(evaluation),
        )

    def best(self, evaluation: Evaluation, step: int) -> None:
        """best.pt stands; called where everything told before is written."""
        self._tell_now(
            "best",
            step,
            f"validation loss {evaluation.val_loss:.4f} (PPL {evaluation.val_ppl:,.1f}, "
            f"{evaluation.val_bpb:.3f} bpb) is the best so far",
            **validation_fields(evaluation),
        )

    def saved(
        self,
        path: Path,
        info: CheckpointInfo,
        save_s: float,
        blocked_s: float,
        removed: Sequence[Path],
    ) -> None:
        """A checkpoint stands; called where everything told before is written.

        Args:
            path: of the checkpoint.
            info: its sidecar.
            save_s: what writing took, beside the training.
            blocked_s: how long the training step waited for it.
            removed: older ones that went.
        """
        self._tell_now(
            "checkpoint",
            info.step,
            f"saved {path.name}, {info.bytes / 1e6:.1f} MB in {save_s:.2f} s; "
            f"training waited {blocked_s:.3f} s",
            file=path.name,
            bytes=info.bytes,
            save_s=round(save_s, 3),
            blocked_s=round(blocked_s, 4),
            removed=[old.name for old in removed],
        )

    def _tell_now(self, event: str, step: int, message: str, **details: object) -> None:
        self._runlog.event_now(event, step, message, **details)
        self._runlog.say(f"{event}: {message}")
