"""Models larger than v1: whether one GPU holds them, and what sharding moves. Pure arithmetic.

Sharded (FSDP; ZeRO stage 3, Rajbhandari et al. 2019, arXiv 1910.02054), each of N GPUs keeps a
N-th of weights, gradients and moments. Weights, P in number, are gathered in bfloat16 for the
forward and again for the backward pass, gradients reduced in float32 to where they are kept: each
GPU receives 2 (N-1)/N 2 P and (N-1)/N 4 P bytes, together as many as an all-reduce of float32
gradients would bring it.
"""

from dataclasses import dataclass
from typing import NamedTuple

from bench.scale.exchange import GRADIENT_BYTES
from bench.scale.prediction import Cluster
from trainer.config import ModelConfig
from trainer.flops import Rates, floor, parameters, step_traffic, training_flops

STATE_BYTES = 16
"""A parameter's weight, gradient and AdamW's two moments, float32."""
_GATHERED_BYTES, _GATHERS = 2, 2
_ACTIVATION_BYTES = 2

LARGER = (
    ModelConfig(layers=12, width=768, heads=12, mlp=2048),
    ModelConfig(layers=24, width=1024, heads=16, mlp=2816),
    ModelConfig(layers=18, width=2048, heads=16, mlp=5632),
    ModelConfig(layers=32, width=4096, heads=32, mlp=11008),
)
"""Of v1's architecture and vocabulary, in the proportions of GPT-2 small and medium, TinyLlama 1.1B
and Llama 7B."""


def state_bytes(model: ModelConfig) -> int:
    """Return what training keeps between steps."""
    return STATE_BYTES * parameters(model)


class Pace(NamedTuple):
    """How fast one GPU is."""

    rates: Rates
    """At best."""
    floor_share: float
    """How near a step comes to its floor, 0 to 1."""


def compute_s(model: ModelConfig, batch_size: int, seq_len: int, pace: Pace) -> float:
    """Return one GPU's step: its floor, missed as far as `pace` says."""
    tokens = batch_size * seq_len
    flops = training_flops(model, seq_len).times(tokens)
    least = floor(flops, step_traffic(model, tokens, _ACTIVATION_BYTES), pace.rates)
    return least.total_s / pace.floor_share


@dataclass(frozen=True)
class Sharded:
    """A larger model on N GPUs, a batch on each."""

    gpus: int
    link: str
    state_bytes_per_gpu: float
    moved_bytes: float
    """Into each GPU, a step."""
    compute_s: float
    link_s: float

    @property
    def least_s(self) -> float:
        """If all of one hides behind the other."""
        return max(self.compute_s, self.link_s)

    @property
    def most_s(self) -> float:
        """If nothing does."""
        return self.compute_s + self.link_s


def sharded(model: ModelConfig, cluster: Cluster, step_s: float) -> Sharded:
    """Count what N GPUs move, beside one's step on its own batch."""
    count, gpus = parameters(model), cluster.gpus
    moved = moved_bytes(count, gpus)
    return Sharded(
        gpus=gpus,
        link=cluster.link,
        state_bytes_per_gpu=state_bytes(model) / gpus,
        moved_bytes=moved,
        compute_s=step_s,
        link_s=moved / cluster.link_bytes_per_sec,
    )


def moved_bytes(count: int, gpus: int) -> float:
    """Return the bytes that come into each GPU: weights twice, gradients once."""
    return (gpus - 1) / gpus * count * (_GATHERS * _GATHERED_BYTES + GRADIENT_BYTES)
