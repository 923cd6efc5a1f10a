"""The optimizer. Knows parameters, not what they compute."""

import torch
from torch import nn

from trainer.config import OptimConfig


def make_optimizer(model: nn.Module, config: OptimConfig) -> torch.optim.AdamW:
    """Return fused AdamW that decays matrices and leaves vectors (norms) alone.

    Fused also because it alone takes `found_inf`, by which a step that is not finite is dropped
    on the device, without the host looking (see trainer.step).
    """
    matrices = [parameter for parameter in model.parameters() if parameter.dim() >= 2]
    vectors = [parameter for parameter in model.parameters() if parameter.dim() < 2]
    groups = [
        {"params": matrices, "weight_decay": config.weight_decay},
        {"params": vectors, "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=config.lr, betas=config.betas, eps=config.eps, fused=True)


def set_learning_rate(optimizer: torch.optim.Optimizer, lr: float) -> None:
    """Make `lr` the rate of the next step."""
    for group in optimizer.param_groups:
        group["lr"] = lr
