"""One training step: forward, backward, clip, update. Never waits for the device."""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor, nn

from trainer.config import Config
from trainer.device import autocast
from trainer.distributed import ALONE, Group
from trainer.guard import Guard, Verdict
from trainer.head import mean_loss
from trainer.model import Model
from trainer.optim import set_learning_rate
from trainer.plan import Plan


class StepResult(NamedTuple):
    """What a step measured, as numbers on the device, so that nothing waits for them."""

    loss: Tensor
    """Nats per token before the update."""

    grad_norm: Tensor
    """L2 norm of the whole gradient before clipping."""

    verdict: Verdict
    """Whether the step reached the weights, and why not."""


class Objective(nn.Module):
    """A model with its loss as one module: what is compiled, and shared over ranks."""

    def __init__(self, model: Model, rows: int) -> None:
        super().__init__()
        self.model = model
        self._rows = rows

    def forward(self, inputs: Tensor, targets: Tensor) -> Tensor:
        """Return the mean loss in nats per token of tokens (B, T) and those that follow (B, T)."""
        hidden = self.model.hidden(inputs).flatten(0, 1)
        return mean_loss(hidden, self.model.head.weight, targets.flatten(), self._rows)


class TrainStep:
    """Trains `model` in place, one batch a call; over several ranks, each on its share of it."""

    def __init__(
        self,
        model: Model,
        optimizer: torch.optim.AdamW,
        config: Config,
        device: torch.device,
        plan: Plan,
        group: Group = ALONE,
    ) -> None:
        self._parameters = list(model.parameters())
        self._optimizer = optimizer
        self._clip = config.optim.clip or float("inf")
        self._device = device
        self._dtype = plan.torch_dtype
        self._group = group
        self.guard = Guard(config.optim.skip_sigma, device)
        self._objective = _prepared(Objective(model, plan.rows), plan, device, group)

    def __call__(self, inputs: Tensor, targets: Tensor, lr: float) -> StepResult:
        """Take one optimizer step on tokens (B, T) and the tokens that follow them (B, T)."""
        with autocast(self._device, self._dtype):
            loss = self._objective(inputs, targets)
        loss.backward()
        grad_norm = nn.utils.clip_grad_norm_(self._parameters, self._clip)
        # Of the whole batch, as the gradient is: the guard must say the same on every rank.
        batch_loss = self._group.mean(loss.detach())
        verdict = self.guard.judge(batch_loss, grad_norm)
        self._update(lr, verdict.is_finite & ~verdict.is_spike)
        return StepResult(batch_loss, grad_norm.detach(), verdict)

    def _update(self, lr: float, is_accepted: Tensor) -> None:
        set_learning_rate(self._optimizer, lr)
        # The fused kernel leaves weights, moments and its step count alone where found_inf is 1.
        self._optimizer.found_inf = torch.logical_not(is_accepted).float()  # type: ignore[attr-defined]
        self._optimizer.step()
        self._optimizer.zero_grad(set_to_none=True)


def _prepared(
    objective: Objective, plan: Plan, device: torch.device, group: Group
) -> Callable[[Tensor, Tensor], Tensor]:
    """Compile, and average gradients over the ranks while backward still runs, as is wanted."""
    module: nn.Module = objective
    if group.size > 1:
        devices = [device] if device.type == "cuda" else None
        module = nn.parallel.DistributedDataParallel(
            objective, device_ids=devices, gradient_as_bucket_view=True
        )
    return torch.compile(module, dynamic=False) if plan.is_compiled else module
