"""The optimizer. Knows parameters, not what they compute."""

from typing import Any

import torch
from torch import Tensor, nn

from trainer.config import OptimConfig

_CPU = torch.device("cpu")


def make_optimizer(
    model: nn.Module, config: OptimConfig, device: torch.device = _CPU
) -> torch.optim.AdamW:
    """Return fused AdamW that decays matrices and leaves vectors (norms) alone.

    Fused also because it alone takes `found_inf`, by which a step that is not finite is dropped
    on the device, without the host looking (see trainer.step). On CUDA its step count and learning
    rate are tensors there, so that it can be part of a captured graph.
    """
    matrices = [parameter for parameter in model.parameters() if parameter.dim() >= 2]
    vectors = [parameter for parameter in model.parameters() if parameter.dim() < 2]
    groups = [
        {"params": matrices, "weight_decay": config.weight_decay},
        {"params": vectors, "weight_decay": 0.0},
    ]
    on_cuda = device.type == "cuda"
    lr = torch.tensor(config.lr, device=device) if on_cuda else config.lr
    return torch.optim.AdamW(
        groups, lr=lr, betas=config.betas, eps=config.eps, fused=True, capturable=on_cuda
    )


def set_learning_rate(optimizer: torch.optim.Optimizer, lr: float | Tensor) -> None:
    """Make `lr` the rate of the next step; in place where the optimizer keeps it on the device."""
    for group in optimizer.param_groups:
        if isinstance(group["lr"], Tensor):
            group["lr"].copy_(lr) if isinstance(lr, Tensor) else group["lr"].fill_(lr)
        else:
            group["lr"] = lr


def optimizer_state(optimizer: torch.optim.Optimizer) -> dict[str, Any]:
    """Return its state_dict as it would be on a CPU, for a checkpoint."""
    state = optimizer.state_dict()
    groups = [
        group | {"lr": float(group["lr"]), "capturable": False} for group in state["param_groups"]
    ]
    return {"state": state["state"], "param_groups": groups}


def restore_optimizer(optimizer: torch.optim.Optimizer, state: dict[str, Any]) -> None:
    """Go on with the moments of `optimizer_state`; how they are kept here stays as it is."""
    here = optimizer.state_dict()["param_groups"]
    optimizer.load_state_dict({"state": state["state"], "param_groups": here})
