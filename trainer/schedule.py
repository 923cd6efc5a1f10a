"""The learning rate of a step. Pure."""

import math

from trainer.config import OptimConfig, ScheduleConfig


def learning_rate(step: int, schedule: ScheduleConfig, optim: OptimConfig) -> float:
    """Return the learning rate of `step`, counted from 1.

    Linear from 0 over the warm-up, lr * step / warmup; then from lr to min_lr at the last step:
    cosine is min_lr + (lr - min_lr) (1 + cos(pi x)) / 2 (Loshchilov & Hutter 2016,
    arXiv 1608.03983), x being the share of the decay that is past.
    """
    if step <= schedule.warmup:
        return optim.lr * step / schedule.warmup
    past = (step - schedule.warmup) / (schedule.steps - schedule.warmup)
    return optim.min_lr + (optim.lr - optim.min_lr) * _remaining(schedule.decay, min(past, 1.0))


def _remaining(decay: str, past: float) -> float:
    if decay == "cosine":
        return (1 + math.cos(math.pi * past)) / 2
    return 1 - past if decay == "linear" else 1.0
