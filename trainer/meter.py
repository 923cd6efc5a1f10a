"""Collects what steps measured between two log lines, without waiting for the device."""

from typing import NamedTuple

import torch
from torch import Tensor

from trainer.step import StepResult


class Interval(NamedTuple):
    """The steps since the line before; a value that is not finite stays so, never averaged away."""

    train_loss: float
    """Mean, nats per token."""

    train_loss_max: float
    """Largest single step: an average over 100 steps hides a spike."""

    grad_norm: float
    """Mean."""

    grad_norm_max: float
    """Largest single step."""

    skipped_steps: int
    """Steps that were not finite and did not reach the weights."""


class Meter:
    """Holds (loss, gradient norm, finite) of each step since the last `take`."""

    def __init__(self) -> None:
        self._steps: list[Tensor] = []

    def add(self, result: StepResult) -> None:
        """Keep one step's measurements, still on the device."""
        self._steps.append(torch.stack((result.loss, result.grad_norm, result.is_finite.float())))

    def take(self) -> Interval:
        """Return the interval and begin a new one. Waits for the device once."""
        loss, norm, finite = self.state().double().unbind(dim=1)
        self._steps.clear()
        return Interval(
            train_loss=loss.mean().item(),
            train_loss_max=loss.max().item(),
            grad_norm=norm.mean().item(),
            grad_norm_max=norm.max().item(),
            skipped_steps=int((finite == 0).sum().item()),
        )

    def state(self) -> Tensor:
        """Return the open interval, (steps, 3) on the CPU, for a checkpoint."""
        return torch.stack(self._steps).float().cpu() if self._steps else torch.empty(0, 3)

    def restore(self, state: Tensor) -> None:
        """Continue the interval that `state` returned."""
        self._steps = list(state.unbind(dim=0))
