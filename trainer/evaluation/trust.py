"""Whether an evaluation can be believed: the gate, what the run recorded, what is plausible. Pure.

The gate looks at the code as it is now. Weights that were trained by code without a mask pass it;
what tells of that is the loss which the run recorded, and which they no longer reach.
"""

from pathlib import Path
from typing import Any

import msgspec

from tokmon.rundir.layout import RunDir
from trainer.config import Config

XZ_BPB = 1.35
"""What xz needs for Python code, in bits a byte."""
TOLERANCE_NATS = 0.02
TOLERANCE_SHARE = 0.002
"""Of the recorded loss: the larger of both may lie between bfloat16 then and float32 now. Those of
a demo run in bfloat16 differ by less than 0.0001, and half a bfloat16's digits is 0.2 %."""
DRIFT_NATS = 1.0
"""How much worse than their run's last evaluation weights may be that were not evaluated."""


class Recorded(msgspec.Struct, frozen=True, kw_only=True):
    """The validation loss that a checkpoint has in it, beside that of now."""

    val_loss: float | None
    """As the run recorded it, nats per token; None where it has none, or text was other."""
    measured: float
    """Of the same weights on the same windows now."""
    is_of_this_step: bool
    """Whether the run evaluated these very weights; else it is from its evaluation before."""

    @property
    def fault(self) -> str:
        """What cannot be; empty if all is well."""
        if self.val_loss is None:
            return ""
        excess = self.measured - self.val_loss
        if self.is_of_this_step:
            tolerance = max(TOLERANCE_NATS, TOLERANCE_SHARE * abs(self.val_loss))
            return self._explained(excess) if not abs(excess) <= tolerance else ""
        if not excess <= DRIFT_NATS:
            return (
                f"the run recorded a validation loss of {self.val_loss:.3f} shortly before, and "
                f"these weights now give {self.measured:.3f}: either the code that trained it saw "
                "its targets, or training came apart in between"
            )
        return ""

    def _explained(self, excess: float) -> str:
        cause = "the code that trained it saw its targets"
        if excess < 0:
            cause = "the code or the held-out text was another then"
        return (
            f"the run recorded a validation loss of {self.val_loss:.3f}, and the same weights now "
            f"give {self.measured:.3f}: {cause}"
        )

    def as_dict(self) -> dict[str, Any]:
        """Return JSON."""
        has_passed = None if self.val_loss is None else not self.fault
        return {"passed": has_passed, **msgspec.to_builtins(self), "fault": self.fault}


def was_evaluated(config: Config, step: int, checkpoint: Path) -> bool:
    """Say whether the loss in a checkpoint is that of its own step.

    A run evaluates every `eval.every` steps and at its end, and publishes its best weights right
    after; a checkpoint of another step holds the loss of the evaluation before.
    """
    is_best = checkpoint.name == RunDir(checkpoint.parent, config.experiment).best.name
    return is_best or step % config.eval.every == 0 or step >= config.schedule.steps


def implausible(val_bpb: float | None, limit: float, overlap: float) -> str:
    """Return what is too good to be true of so many bits a byte; empty if nothing."""
    if val_bpb is None or val_bpb >= limit:
        return ""
    return (
        f"{val_bpb:.3f} bits a byte on text it has never seen, where xz needs {XZ_BPB}: targets "
        "leak into the inputs, or the held-out text was trained on "
        f"({overlap:.1%} of its 13-grams stand in the training text)"
    )
