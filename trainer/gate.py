"""The causality gate: proof, before step 1, that no position sees what it has to predict.

A model that sees its targets trains to a loss near zero, on held-out text too, and writes nonsense.
The gate changes neither the model nor any generator.
"""

import math
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor

from tokmon.rundir.errors import TokmonError
from trainer.device import autocast
from trainer.head import token_losses
from trainer.kv_cache import Cache
from trainer.model import Model

_SEED = 20_260_101
_SEQUENCES = 2
_LENGTH = 32
_CHANGED_FROM = (1, 2, 4, 8, 16, 31)
RANDOM_LOSS_SLACK = 0.05
"""Nats by which the loss on uniform random tokens may lie under ln V, by chance."""
CACHE_TOLERANCE = 1e-3
"""Largest difference of cached from parallel logits in float32; they add up in another order."""


@dataclass(frozen=True, slots=True)
class GateReport:
    """What the gate found."""

    leaking_positions: int
    """Positions whose logits changed, in any bit, when only later tokens were others."""
    positions: int
    """Positions in the sequences looked at."""
    random_loss: float
    """Loss on uniform random tokens, nats per token."""
    random_loss_floor: float
    """ln V - 0.05: below it the model knows tokens that nothing before them tells."""
    cache_difference: float
    """Largest difference of one-token-at-a-time logits from the parallel ones."""

    @property
    def faults(self) -> list[str]:
        """What is wrong, for people; empty if the gate is passed."""
        found = []
        if self.leaking_positions:
            found.append(
                f"{self.leaking_positions} of {self.positions} positions change with later tokens: "
                "the causal mask is broken"
            )
        if not self.random_loss >= self.random_loss_floor:
            found.append(
                f"loss on random tokens is {self.random_loss:.3f}, under "
                f"{self.random_loss_floor:.3f}: targets leak into the inputs"
            )
        if not self.cache_difference <= CACHE_TOLERANCE:
            found.append(
                f"cached logits differ from parallel ones by {self.cache_difference:.2g}: "
                "generation does not see what training saw"
            )
        return found

    def as_dict(self) -> dict[str, Any]:
        """Return the report for run.json."""
        return {"passed": not self.faults, **asdict(self), "faults": self.faults}


@torch.inference_mode()
def examine(model: Model, seq_len: int, device: torch.device, dtype: torch.dtype) -> GateReport:
    """Return what the gate finds in `model`, computing in the precision of training.

    Args:
        model: untrained or trained.
        seq_len: of training; sequences of 32 tokens at most are looked at.
        device: where the model is.
        dtype: of activations.
    """
    length = min(seq_len, _LENGTH)
    generator = torch.Generator().manual_seed(_SEED)
    vocab = model.config.vocab
    tokens = torch.randint(0, vocab, (_SEQUENCES, length + 1), generator=generator).to(device)
    with autocast(device, dtype):
        leaking = _leaking_positions(model, tokens[:, :-1])
        hidden, targets = model.hidden(tokens[:, :-1]).flatten(0, 1), tokens[:, 1:].flatten()
        random_loss = token_losses(hidden, model.head.weight, targets, rows=0).mean().item()
    return GateReport(
        leaking_positions=leaking,
        positions=length,
        random_loss=random_loss,
        random_loss_floor=math.log(vocab) - RANDOM_LOSS_SLACK,
        cache_difference=_cache_difference(model, tokens[:, :-1]),
    )


def refuse_leaks(report: GateReport) -> None:
    """Refuse to train or to trust a model that the gate does not let pass.

    Raises:
        TokmonError: naming what is wrong.
    """
    if report.faults:
        raise TokmonError(
            f"the causality gate is closed: {'; '.join(report.faults)}",
            "nothing that this model reports could be true",
        )


def _leaking_positions(model: Model, tokens: Tensor) -> int:
    """Return how many positions have logits that are not bit-equal when later tokens are others."""
    logits = model(tokens)
    is_leaking = torch.zeros(tokens.shape[1], dtype=torch.bool, device=tokens.device)
    for first in _CHANGED_FROM:
        changed = tokens.clone()
        changed[:, first:] = (changed[:, first:] + 1) % model.config.vocab
        differs = (model(changed) != logits).any(dim=-1).any(dim=0)
        is_leaking[:first] |= differs[:first]
    return int(is_leaking.sum())


def _cache_difference(model: Model, tokens: Tensor) -> float:
    cache = Cache(model.config, tokens.shape[0], tokens.shape[1], like=model.head.weight)
    cached = [model(tokens[:, i : i + 1], cache) for i in range(tokens.shape[1])]
    return (torch.cat(cached, dim=1) - model(tokens)).abs().max().item()
