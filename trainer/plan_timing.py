"""Times head and trunk of a model the way a plan has it, forward and backward. Trains nothing."""

import time
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from trainer.compiled import compiled
from trainer.config import Config
from trainer.device import autocast, synchronize
from trainer.head import loss_function
from trainer.model import Model
from trainer.plan import Plan

_MEASUREMENTS = {"cpu": 2, "cuda": 8}


class Trial(NamedTuple):
    """What is timed."""

    config: Config
    model: Model
    """On the device; it is as it was afterwards."""
    device: torch.device
    tokens: int
    """In a pass."""


def time_head(plan: Plan, trial: Trial) -> float | str:
    """Return the seconds of head and loss: the fastest of a few; or why it does not work here."""
    hidden = _random_hidden(trial)
    targets = _random_tokens(trial, (trial.tokens,))
    weight = trial.model.head.weight.detach().clone().requires_grad_()
    loss = loss_function(plan.head, plan.rows, plan.columns)
    if plan.is_head_compiled:
        loss = compiled(loss)

    def once() -> None:
        with autocast(trial.device, plan.torch_dtype):
            value = loss(hidden, weight, targets)
        value.backward()
        hidden.grad = weight.grad = None

    return _fastest_of(once, trial.device)


def time_trunk(plan: Plan, trial: Trial) -> float | str:
    """Return the same for the rest of the model."""
    seq_len = trial.config.data.seq_len
    tokens = _random_tokens(trial, (max(1, trial.tokens // seq_len), seq_len))
    trunk = compiled(trial.model.hidden) if plan.is_compiled else trial.model.hidden

    def once() -> None:
        with autocast(trial.device, plan.torch_dtype):
            hidden = trunk(tokens)
        hidden.backward(torch.ones_like(hidden))
        trial.model.zero_grad(set_to_none=True)

    return _fastest_of(once, trial.device)


def _random_hidden(trial: Trial) -> Tensor:
    shape = (trial.tokens, trial.config.model.width)
    return torch.randn(shape, generator=_generator()).to(trial.device).requires_grad_()


def _random_tokens(trial: Trial, shape: tuple[int, ...]) -> Tensor:
    vocab = trial.config.model.vocab
    return torch.randint(vocab, shape, generator=_generator()).to(trial.device)


def _generator() -> torch.Generator:
    return torch.Generator().manual_seed(0)


def _fastest_of(work: Callable[[], None], device: torch.device) -> float | str:
    seconds = []
    try:
        for _ in range(1 + _MEASUREMENTS[device.type]):
            synchronize(device)
            begin = time.perf_counter()
            work()
            synchronize(device)
            seconds.append(time.perf_counter() - begin)
    except (RuntimeError, ImportError) as error:
        # Out of memory, no compiler, a kernel that this device lacks: another way will do.
        return (str(error).splitlines() or [type(error).__name__])[0]
    return min(seconds[1:])
