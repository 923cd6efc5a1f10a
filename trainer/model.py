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
from trainer.kv_cache import Cache

_INIT_STD = 0.02


class Rotation(NamedTuple):
    """cos and sin of the rotary angles, each (T, D), or (B, 1, T, D)."""

    cos: Tensor
    sin: Tensor

    @classmethod
    def of_positions(cls, positions: Tensor, size: int, theta: float) -> "Rotation":
        """Return the rotation of `positions`, (T,) or (B, T), for heads of `size`."""
        half = torch.arange(0, size, 2, device=positions.device, dtype=torch.float32)
        frequencies = theta ** (-half / size)
        angles = positions.float()[..., None] * frequencies
        angles = torch.cat((angles, angles), dim=-1)
        if positions.dim() == 2:
            angles = angles[:, None]  # the same for all heads
        return cls(angles.cos(), angles.sin())

    def turn(self, x: Tensor) -> Tensor:
        """Rotate (B, H, T, D): x cos + rotate_half(x) sin (Su et al. 2021, arXiv 2104.09864)."""
        left, right = x.chunk(2, dim=-1)
        return (x * self.cos + torch.cat((-right, left), dim=-1) * self.sin).to(x.dtype)


class Context(NamedTuple):
    """What the positions of a forward pass are, and what they see."""

    rotation: Rotation
    mask: Tensor | None = None
    """As `Cache.mask` has it."""
    cache: Cache | None = None
    """What came before."""


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

    def forward(self, x: Tensor, context: Context) -> Tensor:
        query = context.rotation.turn(self._heads(self.query(x)))
        key = context.rotation.turn(self._heads(self.key(x)))
        value = self._heads(self.value(x))
        if context.cache is not None:
            key, value = context.cache.extend(self.layer, key, value)
        is_first = key.shape[2] == query.shape[2]
        mixed = functional.scaled_dot_product_attention(
            query,
            key,
            value,
            attn_mask=context.mask,
            is_causal=context.mask is None and is_first,
        )
        return self.out(mixed.transpose(1, 2).flatten(2))

    def _heads(self, x: Tensor) -> Tensor:
        return x.unflatten(2, (self.heads, -1)).transpose(1, 2)


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

    def forward(self, x: Tensor, context: Context) -> Tensor:
        x = x + self.attention(self.attention_norm(x), context)
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
        context = self._context(tokens, cache)
        x = self.embedding(tokens)
        for block in self.blocks:
            x = block(x, context)
        if cache is not None:
            cache.length += tokens.shape[1]
        return self.norm(x)

    def _context(self, tokens: Tensor, cache: Cache | None) -> Context:
        count = tokens.shape[1]
        size, theta = self.config.width // self.config.heads, self.config.rope_theta
        if cache is None:
            positions = torch.arange(count, device=tokens.device)
            return Context(Rotation.of_positions(positions, size, theta))
        rotation = Rotation.of_positions(cache.positions(count), size, theta)
        return Context(rotation, cache.mask(count), cache)


def count_parameters(model: nn.Module) -> int:
    """Return how many numbers training changes."""
    return sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad)
