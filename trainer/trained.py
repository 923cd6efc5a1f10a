"""A trained model out of a run or a checkpoint file, ready to compute. Trains nothing."""

from dataclasses import dataclass
from pathlib import Path

import msgspec
import torch

from tokmon.rundir.errors import TokmonError
from tokmon.rundir.layout import RunDir
from trainer.checkpoint import Checkpoint, DamagedCheckpointError, load, newest_good
from trainer.config import Config
from trainer.model import Model


@dataclass(frozen=True)
class TrainedModel:
    """Weights in evaluation mode on a device."""

    model: Model
    config: Config
    step: int
    """Steps the weights were trained for."""

    val_loss: float | None
    """Nats per token at that step, where it was evaluated."""

    sha256: str
    """Of the file."""

    path: Path
    """Where the weights came from."""

    notice: str = ""
    """What went otherwise than asked."""


def load_trained(target: Path, device: torch.device) -> TrainedModel:
    """Load `target`: a .pt file, or a run directory (its best, else its newest good checkpoint).

    Raises:
        TokmonError: there is no checkpoint, or none that verifies.
    """
    if target.is_dir():
        checkpoint, notice = _of_run(RunDir.open(target))
    elif target.exists():
        checkpoint, notice = load(target), ""
    else:
        raise TokmonError(f"{target}: no such run directory or checkpoint")
    return _on_device(checkpoint, device, notice)


def _of_run(run: RunDir) -> tuple[Checkpoint, str]:
    reasons = []
    if run.best.exists():
        try:
            return load(run.best), ""
        except DamagedCheckpointError as error:
            reasons.append(str(error))
    newest, notices = newest_good(run)
    reasons += notices
    if newest is None:
        why = f" ({'; '.join(reasons)})" if reasons else ""
        raise TokmonError(
            f"{run.path}: no checkpoint yet{why}", "the first is written after an evaluation"
        )
    return newest, "; ".join([*reasons, f"{newest.path.name} stands in for {run.best.name}"])


def _on_device(checkpoint: Checkpoint, device: torch.device, notice: str) -> TrainedModel:
    content = checkpoint.content
    try:
        config = msgspec.convert(content["config"], Config)
        model = Model(config.model)
        model.load_state_dict(content["model"])
    except (KeyError, msgspec.ValidationError, RuntimeError) as error:
        reason = str(error).splitlines()[0]
        raise DamagedCheckpointError(
            f"{checkpoint.path}: its weights do not fit its config ({reason})"
        ) from error
    return TrainedModel(
        model=model.to(device).eval(),
        config=config,
        step=content["step"],
        val_loss=content.get("val_loss"),
        sha256=checkpoint.info.sha256,
        path=checkpoint.path,
        notice=notice,
    )
