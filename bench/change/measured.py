"""Times some steps of v1 in this process."""

import statistics
import time
from pathlib import Path
from typing import NamedTuple

import torch

from bench.change.ways import Way
from bench.speed.memory import peak_bytes
from trainer.config_file import load_config
from trainer.marks import ClockMarks
from trainer.memory import keep_freed_memory
from trainer.model import Model
from trainer.optim import make_optimizer
from trainer.step import TrainStep

CONFIG = Path(__file__).parents[2] / "configs" / "v1_token_bigdata.toml"


class Measured(NamedTuple):
    """What steps took."""

    step_s: float
    """Median."""
    parts_s: dict[str, float]
    """Mean, by part."""
    peak_bytes: int
    """Most memory the process held."""


def measure(way: Way, batch_size: int, steps: int) -> Measured:
    """Take `steps` steps after a first one."""
    if way.keeps_memory:
        keep_freed_memory()
    config = load_config(CONFIG)
    model = Model(config.model)
    model.initialize(torch.Generator().manual_seed(0))
    optimizer, marks = make_optimizer(model, config.optim), ClockMarks()
    step = TrainStep(model, optimizer, config, torch.device("cpu"), way.plan, marks=marks)
    generator = torch.Generator().manual_seed(1)
    shape = (batch_size, config.data.seq_len + 1)
    tokens = torch.randint(config.model.vocab, shape, generator=generator)
    inputs, targets = tokens[:, :-1].contiguous(), tokens[:, 1:].contiguous()
    seconds = []
    for number in range(steps + 1):
        if number == 1:
            marks.take(1)
        begin = time.perf_counter()
        marks.begin()
        step(inputs, targets, lr=1e-4)
        seconds.append(time.perf_counter() - begin)
    parts = {str(part): s / steps for part, s in marks.take(steps).items()}
    return Measured(statistics.median(seconds[1:]), parts, peak_bytes("cpu"))
