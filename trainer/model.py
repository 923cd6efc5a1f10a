"""Architecture v1: a Llama-shaped decoder. Knows nothing of training, files or text.

Shapes: B sequences, T positions, C width, H heads, D head size, V vocabulary.
The parameter layout and the arithmetic are those of the Llama family, so that weights export
without change: RMSNorm in float32, half-split RoPE, SwiGLU, no biases, untied head.
"""

import math
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from trainer.config import ModelConfig

_INIT_STD = 0.02


class Cache:
    """Keys and values of the positions seen so far, for generation one token at a time."""

    def __init__(
        self, config: ModelConfig, batch: int, capacity: int, like: Tensor | None = None
    ) -> None:
        shape = (config.layers, batch, config.heads, capacity, config.width // config.heads)
        device, dtype = (like.device, like.dtype) if like is not None else (None, None)
        self.keys = torch.empty(shape, device=device, dtype=dtype)
        self.values = torch.empty_like(self.keys)
        self.length = 0

    @property
    def capacity(self) -> int:
        """Positions that fit."""
        return self.keys.shape[3]

    def extend(self, layer: int, keys: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
        """Store (B, H, T, D) after the positions seen; return all of this layer's."""
        end = self.length + keys.shape[2]
        self.keys[layer, :, :, self.length : end] = keys
        self.values[layer, :, :, self.length : end] = values
        return self.keys[layer, :, :, :end], self.values[layer, :, :, :end]


class Rotation(NamedTuple):
    """cos and sin of the rotary angles, each (T, D)."""

    cos: Tensor
    sin: Tensor

    @classmethod
    def of_positions(
        cls, start: int, length: int, size: int, theta: float, device: torch.device
    ) -> "Rotation":
        """Return the rotation of positions [start, start + length) for heads of `size`."""
        half = torch.arange(0, size, 2, device=device, dtype=torch.float32)
        frequencies = theta ** (-half / size)
        positions = torch.arange(start, start + length, device=device, dtype=torch.float32)
        angles = torch.outer(positions, frequencies).repeat(1, 2)
        return cls(angles.cos(), angles.sin())

    def turn(self, x: Tensor) -> Tensor:
        """Rotate (B, H, T, D): x cos + rotate_half(x) sin (Su et al. 2021, arXiv 2104.09864)."""
        left, right = x.chunk(2, dim=-1)
        return (x * self.cos + torch.cat((-right, left), dim=-1) * self.sin).to(x.dtype)


class Attention(nn.Module):
    """Causal self-attention over H heads."""

    def __init__(self, config: ModelConfig, layer: int) -> None:
        super().__init__()
        self.layer = layer
        self.heads = config.heads
        self.query = nn.Linear(config.width, config.width, bias=False)
        self.key = nn.Linear(config.width, config.width, bias=False)
        self.value = nn.Linear(config.width, config.width, bias=False)
        self.out = nn.Linear(config.width, config.width, bias=False)

    def forward(self, x: Tensor, rotation: Rotation, cache: Cache | None) -> Tensor:
        query = rotation.turn(self._heads(self.query(x)))
        key = rotation.turn(self._heads(self.key(x)))
        value = self._heads(self.value(x))
        if cache is not None:
            key, value = cache.extend(self.layer, key, value)
        seen = key.shape[2] - query.shape[2]
        # A mask is spelled out only for a chunk that follows others; is_causal assumes none before.
        mask = _mask_after(seen, query) if seen and query.shape[2] > 1 else None
        mixed = functional.scaled_dot_product_attention(
            query, key, value, attn_mask=mask, is_causal=not seen
        )
        return self.out(mixed.transpose(1, 2).flatten(2))

    def _heads(self, x: Tensor) -> Tensor:
        return x.unflatten(2, (self.heads, -1)).transpose(1, 2)


def _mask_after(seen: int, query: Tensor) -> Tensor:
    length = query.shape[2]
    everything = torch.ones(length, seen + length, dtype=torch.bool, device=query.device)
    return everything.tril(diagonal=seen)


class SwiGLU(nn.Module):
    """down(silu(gate x) * up x) (Shazeer 2020, arXiv 2002.05202)."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.gate = nn.Linear(config.width, config.mlp, bias=False)
        self.up = nn.Linear(config.width, config.mlp, bias=False)
        self.down = nn.Linear(config.mlp, config.width, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return self.down(functional.silu(self.gate(x)) * self.up(x))


class RMSNorm(nn.Module):
    """x / rms(x) in float32, cast back, times a weight: Llama's order, which export relies on."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(config.width))
        self.eps = config.norm_eps

    def forward(self, x: Tensor) -> Tensor:
        wide = x.float()
        scale = torch.rsqrt(wide.square().mean(-1, keepdim=True) + self.eps)
        return (wide * scale).to(x.dtype) * self.weight.to(x.dtype)


class Block(nn.Module):
    """Attention and SwiGLU, each after a norm and added to the stream."""

    def __init__(self, config: ModelConfig, layer: int) -> None:
        super().__init__()
        self.attention_norm = RMSNorm(config)
        self.attention = Attention(config, layer)
        self.mlp_norm = RMSNorm(config)
        self.mlp = SwiGLU(config)

    def forward(self, x: Tensor, rotation: Rotation, cache: Cache | None) -> Tensor:
        x = x + self.attention(self.attention_norm(x), rotation, cache)
        return x + self.mlp(self.mlp_norm(x))


class Model(nn.Module):
    """Tokens (B, T) to logits (B, T, V)."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        self.embedding = nn.Embedding(config.vocab, config.width)
        self.blocks = nn.ModuleList(Block(config, layer) for layer in range(config.layers))
        self.norm = RMSNorm(config)
        self.head = nn.Linear(config.width, config.vocab, bias=False)

    def initialize(self, generator: torch.Generator) -> None:
        """Draw all matrices from N(0, 0.02), those that add to the stream scaled by 1/sqrt(2 L).

        As GPT-2 does (Radford et al. 2019, section 2.3). On the CPU, so that a seed gives the
        same weights whatever device trains them.
        """
        residual_std = _INIT_STD / math.sqrt(2 * self.config.layers)
        for name, parameter in self.named_parameters():
            if parameter.dim() >= 2:
                std = residual_std if name.endswith(("out.weight", "down.weight")) else _INIT_STD
                nn.init.normal_(parameter, std=std, generator=generator)

    def forward(self, tokens: Tensor, cache: Cache | None = None) -> Tensor:
        """Return logits (B, T, V); with a cache, `tokens` follow the positions it holds."""
        return self.head(self.hidden(tokens, cache))

    def hidden(self, tokens: Tensor, cache: Cache | None = None) -> Tensor:
        """Return what the head reads, (B, T, C)."""
        start = cache.length if cache is not None else 0
        size, theta = self.config.width // self.config.heads, self.config.rope_theta
        rotation = Rotation.of_positions(start, tokens.shape[1], size, theta, tokens.device)
        x = self.embedding(tokens)
        for block in self.blocks:
            x = block(x, rotation, cache)
        if cache is not None:
            cache.length += tokens.shape[1]
        return self.norm(x)


def count_parameters(model: nn.Module) -> int:
    """Return how many numbers training changes."""
    return sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad)
