"""Collects what steps measured between two log lines, without waiting for the device."""

from typing import NamedTuple

import torch
from torch import Tensor

from trainer.step import StepResult


class Interval(NamedTuple):
    """The steps since the line before; a value that is not finite stays so, never averaged away."""

    steps: int
    """How many."""

    train_loss: float
    """Mean, nats per token."""

    train_loss_max: float
    """Largest single step: an average over 100 steps hides a spike."""

    grad_norm: float
    """Mean."""

    grad_norm_max: float
    """Largest single step."""

    not_finite: tuple[int, ...]
    """Which steps of the interval, counted from 0, were not finite."""

    spikes: tuple[int, ...]
    """Which were spikes."""

    @property
    def skipped_steps(self) -> int:
        """Steps that did not reach the weights."""
        return len(self.not_finite) + len(self.spikes)


class Meter:
    """Holds (loss, gradient norm, finite, spike) of each step since the last `take`."""

    def __init__(self) -> None:
        self._steps: list[Tensor] = []
        self._last: Tensor | None = None

    @property
    def is_last_accepted(self) -> bool:
        """Whether the last step reached the weights. Waits for the device."""
        if self._last is None:
            return True
        _, _, finite, spike = self._last.tolist()
        return bool(finite and not spike)

    def add(self, result: StepResult) -> None:
        """Keep one step's measurements, still on the device."""
        flags = result.verdict.is_finite.float(), result.verdict.is_spike.float()
        self._last = torch.stack((result.loss, result.grad_norm, *flags))
        self._steps.append(self._last)

    def take(self) -> Interval:
        """Return the interval and begin a new one. Waits for the device once."""
        loss, norm, finite, spike = self.state().double().unbind(dim=1)
        self._steps.clear()
        return Interval(
            steps=len(loss),
            train_loss=loss.mean().item(),
            train_loss_max=loss.max().item(),
            grad_norm=norm.mean().item(),
            grad_norm_max=norm.max().item(),
            not_finite=tuple(torch.nonzero(finite == 0).flatten().tolist()),
            spikes=tuple(torch.nonzero(spike).flatten().tolist()),
        )

    def state(self) -> Tensor:
        """Return the open interval, (steps, 4) on the CPU, for a checkpoint."""
        return torch.stack(self._steps).float().cpu() if self._steps else torch.empty(0, 4)

    def restore(self, state: Tensor) -> None:
        """Continue the interval that `state` returned."""
        self._steps = list(state.unbind(dim=0))
        self._last = None
