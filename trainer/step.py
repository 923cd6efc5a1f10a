"""One training step: forward, backward, clip, update. Never waits for the device."""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from trainer.config import Config
from trainer.device import autocast, choose_dtype
from trainer.distributed import ALONE, Group
from trainer.guard import Guard, Verdict
from trainer.model import Model
from trainer.optim import set_learning_rate


class StepResult(NamedTuple):
    """What a step measured, as numbers on the device, so that nothing waits for them."""

    loss: Tensor
    """Nats per token before the update."""

    grad_norm: Tensor
    """L2 norm of the whole gradient before clipping."""

    verdict: Verdict
    """Whether the step reached the weights, and why not."""


def token_losses(model: nn.Module, inputs: Tensor, targets: Tensor) -> Tensor:
    """Return cross-entropy in nats, (B, T), computed in float32."""
    logits = model(inputs)
    losses = functional.cross_entropy(
        logits.flatten(0, 1).float(), targets.flatten(), reduction="none"
    )
    return losses.view_as(targets)


class TrainStep:
    """Trains `model` in place, one batch a call; over several ranks, each on its share of it."""

    def __init__(
        self,
        model: Model,
        optimizer: torch.optim.AdamW,
        config: Config,
        device: torch.device,
        group: Group = ALONE,
    ) -> None:
        self._parameters = list(model.parameters())
        self._optimizer = optimizer
        self._clip = config.optim.clip or float("inf")
        self._device = device
        self._dtype = choose_dtype(config.device.dtype, device)
        self._group = group
        self._model = _averaging_gradients(model, device) if group.size > 1 else model
        self.guard = Guard(config.optim.skip_sigma, device)
        self._losses = _compiled(config.device.compile, device)

    def __call__(self, inputs: Tensor, targets: Tensor, lr: float) -> StepResult:
        """Take one optimizer step on tokens (B, T) and the tokens that follow them (B, T)."""
        with autocast(self._device, self._dtype):
            loss = self._losses(self._model, inputs, targets).mean()
        loss.backward()
        grad_norm = nn.utils.clip_grad_norm_(self._parameters, self._clip)
        # Of the whole batch, as the gradient is: the guard must say the same on every rank.
        mean_loss = self._group.mean(loss.detach())
        verdict = self.guard.judge(mean_loss, grad_norm)
        self._update(lr, verdict.is_finite & ~verdict.is_spike)
        return StepResult(mean_loss, grad_norm.detach(), verdict)

    def _update(self, lr: float, is_accepted: Tensor) -> None:
        set_learning_rate(self._optimizer, lr)
        # The fused kernel leaves weights, moments and its step count alone where found_inf is 1.
        self._optimizer.found_inf = torch.logical_not(is_accepted).float()  # type: ignore[attr-defined]
        self._optimizer.step()
        self._optimizer.zero_grad(set_to_none=True)


def _compiled(choice: str, device: torch.device) -> Callable[[nn.Module, Tensor, Tensor], Tensor]:
    if choice == "on" or (choice == "auto" and device.type == "cuda"):
        return torch.compile(token_losses, dynamic=False)
    return token_losses


def _averaging_gradients(model: Model, device: torch.device) -> nn.Module:
    """Wrap `model` so that gradients are averaged over the ranks while backward still runs."""
    devices = [device] if device.type == "cuda" else None
    return nn.parallel.DistributedDataParallel(
        model, device_ids=devices, broadcast_buffers=False, gradient_as_bucket_view=True
    )
