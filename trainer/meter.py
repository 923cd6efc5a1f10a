"""Collects what steps measured between two log lines, without waiting for the device."""

from typing import NamedTuple

import torch
from torch import Tensor

from trainer.step import StepResult

_CPU = torch.device("cpu")


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
    """Holds (loss, gradient norm, finite, spike) of each step since the last `take`, on the device.

    Rows and the place of the next are tensors that stay where they are, so that recording can be
    part of a captured CUDA graph. The host counts for itself.

    Args:
        capacity: steps between two looks, at most.
        device: where steps are taken.
    """

    def __init__(self, capacity: int, device: torch.device = _CPU) -> None:
        self._capacity = capacity
        self._rows = torch.zeros(capacity, 4, device=device)
        self._place = torch.zeros(1, dtype=torch.int64, device=device)
        self._count = self._last_place = 0
        self._is_last_known = False

    @property
    def is_last_accepted(self) -> bool:
        """Whether the last step reached the weights. Waits for the device."""
        if not self._is_last_known:
            return True
        _, _, finite, spike = self._rows[self._last_place].tolist()
        return bool(finite and not spike)

    def add(self, result: StepResult) -> None:
        """Keep one step's measurements."""
        self.record(result)
        self.advance()

    def record(self, result: StepResult) -> None:
        """Write a step's measurements: the part of `add` that the device does."""
        flags = result.verdict.is_finite.float(), result.verdict.is_spike.float()
        row = torch.stack((result.loss.float(), result.grad_norm.float(), *flags))
        self._rows.index_copy_(0, self._place, row.unsqueeze(0))
        self._place += 1

    def advance(self) -> None:
        """Count a step: the part of `add` that the host does."""
        if self._count == len(self._rows):
            raise AssertionError(f"{self._count} steps and nobody looked")
        self._last_place = self._count
        self._count += 1
        self._is_last_known = True

    def take(self) -> Interval:
        """Return the interval and begin a new one. Waits for the device once."""
        loss, norm, finite, spike = self.state().double().unbind(dim=1)
        self._count = 0
        self._place.zero_()
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
        return self._rows[: self._count].cpu().clone()

    def restore(self, state: Tensor) -> None:
        """Continue the interval that `state` returned; its steps may be more than is usual here."""
        self._count, self._is_last_known = len(state), False
        self._rows = self._rows.new_zeros(self._count + self._capacity, 4)
        self._rows[: self._count] = state
        self._place.fill_(self._count)
