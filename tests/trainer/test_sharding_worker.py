"""What one rank does for test_sharding.py, started by torchrun; a lone process is a rank as well.

Takes steps as trainer.step does, on random tokens, and writes what rank 0 saw. Holds no tests.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import torch
from torch import Tensor, nn

from trainer import checkpoint, randomness
from trainer.batches import rank_share
from trainer.config import Config
from trainer.config_file import load_config
from trainer.distributed import Group, joined, whole
from trainer.guard import Guard
from trainer.head import mean_loss
from trainer.model import Model
from trainer.optim import (
    make_optimizer,
    optimizer_state,
    restore_optimizer,
    set_learning_rate,
)
from trainer.plan import Plan
from trainer.schedule import learning_rate
from trainer.sharding import full_state, load_full_state, shard, whole_model
from trainer.sharding_rule import is_sharding_wanted

CONFIG = Path(__file__).parents[2] / "configs" / "v1_1b.toml"
SMALL = (
    *("model.layers=3", "model.width=16", "model.heads=2", "model.mlp=24", "data.seq_len=8"),
    *("data.batch_size=4", "schedule.warmup=1", "device.device=cpu", "device.threads=1"),
)
CPU = torch.device("cpu")
BAD_STEP = 2
"""The step that is dropped on the device, as one that is not finite is."""


class Objective(nn.Module):
    """A model with its loss, which reads the head's weight outside of the head's own forward."""

    def __init__(self, model: Model) -> None:
        super().__init__()
        self.model = model

    def forward(self, inputs: Tensor, targets: Tensor) -> Tensor:
        """Return the mean loss in nats per token."""
        hidden = self.model.hidden(inputs).flatten(0, 1)
        return mean_loss(hidden, self.model.head.weight, targets.flatten(), rows=8)


class Rank:
    """One process of a run."""

    def __init__(self, config: Config, group: Group) -> None:
        self.config = config
        self.group = group
        self.step = 0
        self.model = Model(config.model)
        self.model.initialize(torch.Generator().manual_seed(config.seed))
        self.objective = Objective(self.model)
        self.is_sharded = is_sharding_wanted("fsdp", 0, CPU, group)
        if self.is_sharded:
            shard(self.objective, Plan(device="cpu", dtype="float32"), CPU, group)
        self.optimizer = make_optimizer(self.model, config.optim)

    def batch(self) -> tuple[Tensor, Tensor]:
        """Return this rank's share of a step's inputs and targets."""
        generator = torch.Generator().manual_seed(self.step)
        shape = self.config.data.batch_size, self.config.data.seq_len + 1
        tokens = torch.randint(self.config.model.vocab, shape, generator=generator)
        share = tokens[rank_share(np.arange(len(tokens)), self.group.rank, self.group.size)]
        return share[:, :-1].contiguous(), share[:, 1:].contiguous()

    def take_step(self) -> dict[str, float]:
        """Train on the next batch; return loss and gradient norm."""
        self.step += 1
        loss = self.objective(*self.batch())
        loss.backward()
        norm = whole(nn.utils.clip_grad_norm_(list(self.model.parameters()), 1.0))
        lr = learning_rate(self.step, self.config.schedule, self.config.optim)
        set_learning_rate(self.optimizer, lr)
        self.optimizer.found_inf = torch.tensor(float(self.step == BAD_STEP))
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        return {"loss": self.group.mean(loss.detach()).item(), "norm": norm.item()}

    def evaluate(self) -> float:
        """Return the loss on the next batch, calling the model as evaluation does."""
        model = whole_model(self.model)
        with torch.inference_mode():
            inputs, targets = self.batch()
            losses = nn.functional.cross_entropy(model(inputs).flatten(0, 1), targets.flatten())
            return self.group.mean(losses).item()

    def save(self, path: Path) -> None:
        """Write the checkpoint that a session would."""
        content = {
            "step": self.step,
            "config": msgspec.to_builtins(self.config),
            "model": self.model.state_dict(),
            "optimizer": optimizer_state(self.optimizer),
            "random": randomness.states(),
            "interval": torch.empty(0, 4),
            "guard": Guard(0.0, CPU).state(),
        }
        gathered = full_state(content, self.group)
        if self.group.is_main:
            checkpoint.save(path, gathered, "2026-01-01T00:00:00+00:00")

    def load(self, path: Path) -> None:
        """Go on from a checkpoint that rank 0 alone reads."""
        content = checkpoint.load(path).content if self.group.is_main else None
        self.step = self.group.share(content["step"] if content else 0)
        if self.is_sharded:
            load_full_state(self.model, self.optimizer, content, self.group)
        elif content is not None:
            self.model.load_state_dict(content["model"])
            restore_optimizer(self.optimizer, content["optimizer"])


def run(group: Group, folder: Path, begin: Path | None = None) -> dict[str, Any]:
    """Take steps up to 4, saving each; return what they measured.

    Args:
        group: who trains.
        folder: where checkpoints go, step1.pt and so on.
        begin: the checkpoint to go on from.
    """
    rank = Rank(load_config(CONFIG, SMALL), group)
    if begin is not None:
        rank.load(begin)
    steps = {}
    while rank.step < 4:
        measured = rank.take_step()
        steps[str(rank.step)] = measured
        rank.save(folder / f"step{rank.step}.pt")
    return {"steps": steps, "evaluation": rank.evaluate()}


def main() -> None:
    """Run as the rank that torchrun's variables say."""
    folder, *begin = map(Path, sys.argv[1:])
    torch.set_num_threads(1)
    with joined() as group:
        found = run(group, folder, *begin)
        if group.is_main:
            (folder / "found.json").write_text(json.dumps(found), encoding="utf-8")
    # As trainer.__main__ does: gloo's threads may abort a process that ends in the usual way.
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
