"""Decides on the device, without the host waiting, which steps must not reach the weights."""

from typing import Any, NamedTuple

import torch
from torch import Tensor

WINDOW_STEPS = 128
"""How many steps the mean is over, as in OLMo-core's SkipStepOptimizer."""


class Verdict(NamedTuple):
    """What the guard says of a step; booleans on the device."""

    is_finite: Tensor
    """Loss and gradient norm are numbers."""

    is_spike: Tensor
    """One of them lies far above the last steps'."""


class Guard:
    """Watches loss and gradient norm.

    A step is a spike if one of them exceeds mean + sigma x standard deviation over the last 128
    finite steps; before there are as many, none is. Spikes join the window: a level that stays is
    accepted once it is the usual one.

    Args:
        sigma: how far; 0 calls nothing a spike.
        device: where losses are.
    """

    def __init__(self, sigma: float, device: torch.device) -> None:
        self._sigma = sigma
        self._window = torch.zeros(WINDOW_STEPS, 2, device=device)
        self._seen = torch.zeros((), dtype=torch.int64, device=device)

    def judge(self, loss: Tensor, grad_norm: Tensor) -> Verdict:
        """Return what is to be thought of a step, and remember it."""
        values = torch.stack((loss.detach().float(), grad_norm.detach().float()))
        is_finite = torch.isfinite(values).all()
        limits = self._window.mean(dim=0) + self._sigma * self._window.std(dim=0, correction=0)
        is_far = (values > limits).any() & (self._seen >= WINDOW_STEPS)
        self._remember(values, is_finite)
        return Verdict(is_finite, is_finite & is_far & (self._sigma > 0))

    def _remember(self, values: Tensor, is_finite: Tensor) -> None:
        place = (self._seen % WINDOW_STEPS).unsqueeze(0)
        # Not self._window[place]: an index of no dimension is read by the host.
        kept = torch.where(is_finite, values, self._window.index_select(0, place))
        self._window.index_copy_(0, place, kept)
        self._seen += is_finite

    def state(self) -> dict[str, Any]:
        """Return what going on exactly needs, for a checkpoint."""
        return {"window": self._window.cpu().clone(), "seen": int(self._seen)}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from what `state` returned."""
        self._window.copy_(state["window"])
        self._seen.fill_(state["seen"])
