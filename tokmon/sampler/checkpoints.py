"""The checkpoints of a run that text can come from, as their sidecars describe them."""

from dataclasses import dataclass
from pathlib import Path

from tokmon.rundir.layout import RunDir
from tokmon.rundir.records import BadLineError, CheckpointInfo, decode


@dataclass(frozen=True, slots=True)
class ListedCheckpoint:
    """One checkpoint that is complete, since it has its sidecar."""

    name: str
    """File name."""
    role: str
    """best, final, or empty for a periodic one."""
    step: int
    """Steps it was trained for."""
    val_loss: float | None
    """Of the last evaluation before it, nats per token."""


def listed_checkpoints(run: RunDir) -> list[ListedCheckpoint]:
    """Return the best one, the final one, and the periodic ones, newest first."""
    periodic = sorted(run.step_checkpoints().items(), reverse=True)
    named = [(run.best, "best"), (run.final, "final"), *((path, "") for _, path in periodic)]
    return [found for path, role in named if (found := _listed(path, role)) is not None]


def _listed(path: Path, role: str) -> ListedCheckpoint | None:
    try:
        info = decode(RunDir.sidecar(path).read_bytes(), CheckpointInfo)
    except (OSError, BadLineError):
        return None  # being written or deleted: it is no choice now
    return ListedCheckpoint(path.name, role, info.step, info.val_loss)
