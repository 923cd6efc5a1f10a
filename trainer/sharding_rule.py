"""Whether a model's state is shared out over the ranks, or whole on each. Shares nothing out."""

from typing import Literal

import torch

from tokmon.rundir.errors import TokmonError
from trainer.distributed import Group

Parallel = Literal["auto", "ddp", "fsdp"]
STATE_BYTES = 16
"""Of one parameter: weight, gradient and two moments, float32 each."""
_FILLED = 0.8
"""Share of a GPU's memory that the state may take; activations and logits need the rest."""


def is_too_large(parameters: int, memory_bytes: int) -> bool:
    """Say whether the state of so many parameters leaves a GPU of that memory too little."""
    return parameters * STATE_BYTES > _FILLED * memory_bytes


def is_sharding_wanted(
    parallel: Parallel, parameters: int, device: torch.device, group: Group
) -> bool:
    """Say whether the ranks share the state out; all say the same. Collective.

    Args:
        parallel: ddp keeps it whole on each, fsdp shares it out, auto only where it is too large
            for one of the GPUs. A process alone keeps it.
        parameters: of the model.
        device: of this rank.
        group: who trains.

    Raises:
        TokmonError: fsdp is asked of a device that cannot.
    """
    if group.size == 1:
        return False
    if parallel == "fsdp" and device.type not in ("cpu", "cuda"):
        raise TokmonError(
            f"device {device} cannot hold a share of a model", 'set device.parallel to "ddp"'
        )
    is_forced = parallel == "fsdp" or (
        parallel == "auto" and device.type == "cuda" and is_too_large(parameters, _memory(device))
    )
    return bool(group.agree([int(is_forced)])[0])


def _memory(device: torch.device) -> int:
    return int(torch.cuda.get_device_properties(device).total_memory)
