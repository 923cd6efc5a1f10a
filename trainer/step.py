"""One training step: forward, backward, clip, update. Never waits for the device."""

from typing import NamedTuple

import msgspec
import torch
from torch import Tensor, nn

from trainer.compiled import compiled
from trainer.config import Config
from trainer.device import autocast
from trainer.distributed import ALONE, Group, whole
from trainer.guard import Guard, Verdict
from trainer.head import loss_function
from trainer.marks import Marks, NoMarks
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
    """A model with its loss as one module: what is shared over ranks.

    Trunk and head are compiled each for itself, so that a mark can stand between them; what is not
    fused over that border is one norm.
    """

    def __init__(self, model: Model, plan: Plan, marks: Marks) -> None:
        super().__init__()
        self.model = model
        self._marks = marks
        self._trunk, self._loss = model.hidden, loss_function(plan.head, plan.rows, plan.columns)
        if plan.is_compiled:
            self._trunk = compiled(self._trunk)
        if plan.is_head_compiled:
            self._loss = compiled(self._loss)

    def forward(self, inputs: Tensor, targets: Tensor) -> Tensor:
        """Return the mean loss in nats per token of tokens (B, T) and those that follow (B, T)."""
        hidden = self._trunk(inputs).flatten(0, 1)
        self._marks.at("trunk")
        if hidden.requires_grad:
            hidden.register_hook(self._head_is_done)
        loss = self._loss(hidden, self.model.head.weight, targets.flatten())
        self._marks.at("head")
        return loss

    def _head_is_done(self, _grad: Tensor) -> None:
        self._marks.at("head")


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
        marks: Marks | None = None,
        objective: nn.Module | None = None,
    ) -> None:
        self._parameters = list(model.parameters())
        self._optimizer = optimizer
        self._clip = config.optim.clip or float("inf")
        self._device = device
        self._dtype = plan.torch_dtype
        self._group = group
        self._marks = marks or NoMarks()
        self.guard = Guard(config.optim.skip_sigma, device)
        self._is_sharded = objective is not None
        self._objective = objective or _shared(Objective(model, plan, self._marks), device, group)

    def __call__(self, inputs: Tensor, targets: Tensor, lr: float | Tensor) -> StepResult:
        """Take one optimizer step on tokens (B, T) and the tokens that follow them (B, T)."""
        with autocast(self._device, self._dtype):
            loss = self._objective(inputs, targets)
        loss.backward()
        self._marks.at("trunk")
        grad_norm = nn.utils.clip_grad_norm_(self._parameters, self._clip)
        if self._is_sharded:
            grad_norm = whole(grad_norm)
        # Of the whole batch, as the gradient is: the guard must say the same on every rank.
        batch_loss = self._group.mean(loss.detach())
        verdict = self.guard.judge(batch_loss, grad_norm)
        self._update(lr, verdict.is_finite & ~verdict.is_spike)
        self._marks.at("optimizer")
        return StepResult(batch_loss, grad_norm.detach(), verdict)

    def _update(self, lr: float | Tensor, is_accepted: Tensor) -> None:
        set_learning_rate(self._optimizer, lr)
        # The fused kernel leaves weights, moments and its step count alone where found_inf is 1.
        self._optimizer.found_inf = torch.logical_not(is_accepted).float()  # type: ignore[attr-defined]
        self._optimizer.step()
        self.drop_gradients()

    def drop_gradients(self) -> None:
        """Let go of the gradients' memory."""
        self._optimizer.zero_grad(set_to_none=True)


def sharded_objective(
    model: Model, plan: Plan, marks: Marks, device: torch.device, group: Group
) -> Objective:
    """Return the objective of a model whose state it shares out over the ranks (FSDP2)."""
    # Deferred: DTensor takes a second to import.
    from trainer.sharding import shard

    objective = Objective(model, msgspec.structs.replace(plan, is_compiled=False), marks)
    shard(objective, plan, device, group)
    return objective


def _shared(objective: Objective, device: torch.device, group: Group) -> nn.Module:
    """Average gradients over the ranks while backward still runs, where there are several."""
    if group.size == 1:
        return objective
    devices = [device] if device.type == "cuda" else None
    # Buckets below the head's 51 MB, or its gradient would wait for the blocks' and be sent after
    # the backward pass and not beside it; smaller ones gain nothing (docs/MANY_PROCESSES.md).
    return nn.parallel.DistributedDataParallel(
        objective, device_ids=devices, gradient_as_bucket_view=True, bucket_cap_mb=25
    )
