"""Fit a schedule into a wanted time by timing real steps on this machine."""

import time

import msgspec
import torch

from trainer.config import Config
from trainer.corpus.store import Corpus
from trainer.device import synchronize
from trainer.session import Session
from trainer.tokenizer import Tokenizer

_MEASURE_S = 4.0
_LEAST_STEPS = 3
# Evaluation, saving and a busy machine take their part of the wanted time.
_TRAINING_SHARE = 0.8


def fit_to_time(
    config: Config,
    corpus: Corpus,
    tokenizer: Tokenizer,
    device: torch.device,
    minutes: float,
) -> Config:
    """Return `config` with its schedule stretched so that training takes about `minutes`."""
    step_s = _time_step(Session(config, corpus, tokenizer, device))
    wanted_steps = minutes * 60 * _TRAINING_SHARE / step_s
    return stretch(config, wanted_steps / config.schedule.steps)


def stretch(config: Config, factor: float) -> Config:
    """Return `config` with all intervals and the schedule scaled alike.

    The log interval is rounded to whole steps and all else follows it, so that a multiple of it
    stays one and as many lines, evaluations and checkpoints come as before.
    """
    log_every = max(1, round(config.log.every * factor))

    def scaled(steps: int) -> int:
        return round(steps / config.log.every * log_every)

    steps, warmup = max(1, scaled(config.schedule.steps)), scaled(config.schedule.warmup)
    replace = msgspec.structs.replace
    return replace(
        config,
        schedule=replace(config.schedule, steps=steps, warmup=min(warmup, steps - 1)),
        log=replace(config.log, every=log_every),
        eval=replace(config.eval, every=scaled(config.eval.every)),
        checkpoint=replace(config.checkpoint, every=max(1, scaled(config.checkpoint.every))),
        sample=replace(config.sample, every=scaled(config.sample.every)),
    )


def _time_step(session: Session) -> float:
    """Return seconds a step, the first left out: it compiles and fills caches."""
    session.take_step()
    session.meter.take()
    begin, steps = time.perf_counter(), 0
    while steps < _LEAST_STEPS or time.perf_counter() - begin < _MEASURE_S:
        session.take_step()
        session.meter.take()
        synchronize(session.device)
        steps += 1
    return (time.perf_counter() - begin) / steps
