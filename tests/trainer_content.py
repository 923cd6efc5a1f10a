"""What a trainer saves, of a model small enough to make by the hundred."""

from typing import Any

import msgspec
import torch

from tests.sampling.tiny import random_model, tiny_config
from trainer import checkpoint, randomness
from trainer.guard import Guard
from trainer.meter import Meter
from trainer.optim import make_optimizer

CONFIG = tiny_config(vocab=64)


def content() -> dict[str, Any]:
    """What a trainer saves at step 4 of a tiny run."""
    model = random_model(CONFIG)
    optimizer = make_optimizer(model, CONFIG.optim)
    model(torch.zeros(1, 4, dtype=torch.int64)).sum().backward()
    optimizer.step()
    return {
        "format": checkpoint.FORMAT,
        "step": 4,
        "config": msgspec.to_builtins(CONFIG),
        "model": model.state_dict(),
        "optimizer": optimizer.state_dict(),
        "random": randomness.states(),
        "interval": Meter(10).state(),
        "guard": Guard(6.0, torch.device("cpu")).state(),
        "materials": {"corpus": "abc", "tokenizer": "def"},
        "best_val_loss": 5.0,
        "best_step": 2,
        "tokens": 256,
        "train_loss": 5.0,
        "val_loss": None,
        "elapsed_s": 1.5,
        "skipped_in_a_row": 0,
    }
