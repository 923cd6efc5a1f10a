"""What a verified checkpoint must hold before anything is made of it. Restores nothing.

A sha256 says that a file is whole, not that a trainer of ours wrote it. Every type and shape is
held against what the config describes, so that what comes after need not ask.
"""

from collections.abc import Iterable
from itertools import repeat
from typing import Annotated, Any, TypeAlias, TypeVar

import msgspec
import torch
from msgspec import Meta
from torch import Tensor

from trainer.checkpoint import Checkpoint, DamagedCheckpointError
from trainer.config import Config, Count, ModelConfig
from trainer.guard import Guard
from trainer.meter import Meter
from trainer.model import Model
from trainer.optim import make_optimizer
from trainer.plan import Plan

_Plain: TypeAlias = bool | int | float | str | None
_Value: TypeAlias = _Plain | list[_Plain]
_Seconds: TypeAlias = Annotated[float, Meta(ge=0)]
T = TypeVar("T", bound=msgspec.Struct)

_REASON_LENGTH = 200


class Weights(msgspec.Struct, frozen=True, kw_only=True):
    """What sampling and evaluation need."""

    step: Count
    """Steps the weights were trained for."""
    config: Config
    """Of the run."""
    model: dict[str, Tensor]
    """The state_dict; it fits the config."""
    val_loss: float | None = None
    """Nats per token at that step, where it was evaluated."""


class RunSoFar(msgspec.Struct, frozen=True, kw_only=True):
    """What resuming needs besides tensors."""

    step: Count
    """Steps taken."""
    config: dict[str, _Value | dict[str, _Value]]
    """As the run had it, perhaps in another version of ours."""
    materials: dict[str, str]
    """Fingerprints of what it was trained on."""
    best_val_loss: float
    """Nats per token; infinite before the first evaluation."""
    best_step: Count
    """Where that was."""
    train_loss: float | None
    """Of the last log line, nats per token."""
    val_loss: float | None
    """Of the last evaluation."""
    elapsed_s: _Seconds
    """Of training."""
    skipped_in_a_row: Count = 0
    """The newest steps that did not reach the weights."""
    plan: Plan | None = None
    """How its steps were computed."""


def weights_of(checkpoint: Checkpoint) -> Weights:
    """Return the weights in a checkpoint, and what they are of.

    Raises:
        DamagedCheckpointError: something is missing, of a wrong type or of another shape.
    """
    weights = _converted(checkpoint, Weights)
    shape, tensors = weights.config.model, weights.model
    size = sum(tensor.untyped_storage().nbytes() for tensor in tensors.values())
    # A config may ask for a model too large even to work out its shapes.
    if shape.layers > len(tensors) or max(shape.vocab, shape.width, shape.mlp) > size:
        raise _damaged(checkpoint, "its weights do not fit its config")
    if fault := _fault(tensors, _imagined(shape).state_dict(), "model"):
        raise _damaged(checkpoint, f"its weights do not fit its config: {fault}")
    return weights


def run_so_far(checkpoint: Checkpoint) -> RunSoFar:
    """Return what a checkpoint says of the run that wrote it.

    Raises:
        DamagedCheckpointError: something is missing or of a wrong type.
    """
    return _converted(checkpoint, RunSoFar)


def refuse_unlike(checkpoint: Checkpoint, config: Config) -> None:
    """Hold what a checkpoint restores against what a run of `config` has.

    Raises:
        DamagedCheckpointError: something is missing, of another type or shape.
    """
    is_fresh = checkpoint.content["step"] == 0
    for key, example in _example(config, is_fresh=is_fresh).items():
        if fault := _fault(checkpoint.content.get(key), example, key):
            raise _damaged(checkpoint, fault)


def _converted(checkpoint: Checkpoint, kind: type[T]) -> T:
    try:
        return msgspec.convert(checkpoint.content, kind)
    # AttributeError: msgspec takes a tensor for a mapping, since it has items.
    except (msgspec.ValidationError, AttributeError) as error:
        raise _damaged(checkpoint, str(error)[:_REASON_LENGTH]) from error


def _damaged(checkpoint: Checkpoint, reason: str) -> DamagedCheckpointError:
    return DamagedCheckpointError(
        f"{checkpoint.path}: not what a trainer writes ({reason})", "use another checkpoint"
    )


def _imagined(config: ModelConfig) -> Model:
    """Return a model whose tensors have shapes but no memory."""
    with torch.device("meta"):
        return Model(config)


def _example(config: Config, *, is_fresh: bool) -> dict[str, Any]:
    """Return what a checkpoint restores, with types in place of the numbers that vary.

    Before the first step there are no moments.
    """
    model = _imagined(config.model)
    optimizer = make_optimizer(model, config.optim)
    parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    moments = {
        number: {"step": torch.empty(()), "exp_avg": parameter, "exp_avg_sq": parameter}
        for number, parameter in enumerate([] if is_fresh else parameters)
    }
    groups = [group | {"lr": float} for group in optimizer.state_dict()["param_groups"]]
    return {
        "model": model.state_dict(),
        "optimizer": {"state": moments, "param_groups": groups},
        "random": {"cpu": torch.get_rng_state(), "cuda": []},
        "interval": Meter(1).state(),
        "guard": Guard(0.0, torch.device("cpu")).state() | {"seen": int},
    }


def _fault(found: Any, example: Any, place: str) -> str:
    """Return where `found` is not as `example`, tensors by type and shape; empty if nowhere.

    Keys that the example lacks are a newer version's.
    """
    if not _is_alike(found, example):
        return f"{place} is {_form(found)}, not {_form(example)}"
    parts: Iterable[tuple[Any, Any, str]] = ()
    if isinstance(example, dict):
        # Not found.get: what only derives from dict may bring another one.
        parts = ((dict.get(found, key), example[key], f"{place}.{key}") for key in example)
    elif isinstance(example, list | tuple):
        parts = zip(found, example, repeat(f"{place}[...]"))
    return next((fault for part in parts if (fault := _fault(*part))), "")


def _is_alike(found: Any, example: Any) -> bool:
    if isinstance(example, Tensor):
        return isinstance(found, Tensor) and _is_alike_tensor(found, example)
    if isinstance(example, dict):
        return isinstance(found, dict) and not getattr(found, "__dict__", None)
    if isinstance(example, list | tuple):
        # Where the example is empty there may be any number.
        return type(found) is type(example) and len(found) == (len(example) or len(found))
    if isinstance(example, type):
        # Any number, if it fits a tensor.
        is_number = type(found) is example
        return is_number and abs(found) < 2**63
    return type(found) is type(example) and bool(found == example)


def _is_alike_tensor(found: Tensor, example: Tensor) -> bool:
    skipped = 1 if example.dim() and example.shape[0] == 0 else 0
    return (
        found.dtype == example.dtype
        and found.dim() == example.dim()
        and found.shape[skipped:] == example.shape[skipped:]
        # A stride of 0 makes a tensor of any size out of one number.
        and found.is_contiguous()
        and not found.requires_grad
    )


def _form(value: Any) -> str:
    if isinstance(value, Tensor):
        return f"{value.dtype} of shape {tuple(value.shape)}"
    if isinstance(value, list | tuple):
        return f"{type(value).__name__} of {len(value)}"
    if isinstance(value, bool | int | float | str | None):
        return repr(value)[:_REASON_LENGTH]
    return value.__name__ if isinstance(value, type) else type(value).__name__
