"""Counts what a training step has to compute and to move. Pure arithmetic, no torch, no clock.

Letters: C width, M hidden size of the SwiGLU, L layers, V vocabulary, T sequence length, N tokens a
step. A product of (m, k) and (k, n) is 2 m k n FLOP: a multiplication and an addition each.

What is left out: norms, activations, softmax and the optimizer's arithmetic (no matrix products,
under 1 % of the FLOP), the embedding's look-up, the clip's second look at the gradient. The counts
are those of a step that recomputes nothing, which is how training speed is compared (Chowdhery et
al. 2022, PaLM, arXiv 2204.02311, appendix B).
"""

from typing import NamedTuple

from trainer.config import ModelConfig

FORWARD_BACKWARD = 3
"""A product Y = X W costs as much again for dX = dY W^T, and again for dW = X^T dY: with the 2
FLOP a weight of the forward pass this is the rule of 6 FLOP per weight and token (Kaplan et al.
2020, arXiv 2001.08361, section 2.1)."""
ADAMW_BYTES = 28
"""Moved for each parameter, all float32: weight, gradient and both moments are read, all but the
gradient are written."""
CAST_BYTES = 6
"""Moved for each parameter to make its bfloat16 copy: 4 read, 2 written."""
LOSS_PASSES = 2
"""Over the logits by a cross-entropy that puts the gradient in their place: read, written. What
the products of the head move besides hides behind their arithmetic."""


class Parts(NamedTuple):
    """FLOP of the matrix products of a model, by where they are."""

    head: float
    """Last hidden state to logits: (N, C) by (C, V)."""
    trunk: float
    """Linear layers of the blocks: query, key, value, out, gate, up, down."""
    attention: float
    """Scores and the mixing of values, which grow with T; the causal half of them."""

    @property
    def total(self) -> float:
        """All of them."""
        return self.head + self.trunk + self.attention

    def times(self, factor: float) -> "Parts":
        """Return all of them multiplied."""
        return Parts(*(factor * part for part in self))


def trunk_weights(model: ModelConfig) -> int:
    """Return the weights of the blocks' linear layers: 4 C^2 + 3 C M a layer."""
    return model.layers * (4 * model.width**2 + 3 * model.width * model.mlp)


def parameters(model: ModelConfig) -> int:
    """Return how many numbers training changes: the matrices, and norms of C each."""
    norms = (2 * model.layers + 1) * model.width
    return 2 * model.vocab * model.width + trunk_weights(model) + norms


def forward_flops(model: ModelConfig, seq_len: int) -> Parts:
    """Return FLOP per token of the forward pass.

    Attention: the scores and the mixing are 2 T C each a layer for a token that sees all T; in the
    mean a causal one sees half of them.
    """
    return Parts(
        head=2 * model.vocab * model.width,
        trunk=2 * trunk_weights(model),
        attention=model.layers * 2 * (2 * seq_len * model.width) / 2,
    )


def training_flops(model: ModelConfig, seq_len: int) -> Parts:
    """Return FLOP per token of forward and backward pass."""
    return forward_flops(model, seq_len).times(FORWARD_BACKWARD)


class Traffic(NamedTuple):
    """Bytes that a step has to move to and from memory beside its matrix products."""

    loss: float
    """`LOSS_PASSES` over the logits."""
    trunk_least: float
    """Activations in the blocks where everything that is done to single numbers is done by the
    product before or after it."""
    trunk_most: float
    """The same with a pass of its own for each norm, rotation, activation and residual."""
    optimizer: float
    """AdamW, and the weights' copies in the dtype of the products."""

    @property
    def least(self) -> float:
        """With `trunk_least`."""
        return self.loss + self.trunk_least + self.optimizer

    @property
    def most(self) -> float:
        """With `trunk_most`."""
        return self.loss + self.trunk_most + self.optimizer


def step_traffic(model: ModelConfig, tokens: int, activation_bytes: int) -> Traffic:
    """Return the bytes of one step on `tokens` tokens.

    Args:
        model: the architecture.
        tokens: N.
        activation_bytes: of a number in the products' dtype: 2 for bfloat16, 4 for float32.
    """
    casts = CAST_BYTES if activation_bytes < 4 else 0
    # A backward pass reads and writes for dX and for dW what the forward pass did for Y.
    numbers = FORWARD_BACKWARD * model.layers * tokens * activation_bytes
    return Traffic(
        loss=LOSS_PASSES * tokens * model.vocab * activation_bytes,
        trunk_least=numbers * _fused_numbers(model),
        trunk_most=numbers * (_fused_numbers(model) + _unfused_numbers(model)),
        optimizer=parameters(model) * (ADAMW_BYTES + casts),
    )


def _fused_numbers(model: ModelConfig) -> int:
    """Return numbers read and written a token and layer by the forward products themselves."""
    query_key_value = model.width + 3 * model.width
    attention = 3 * model.width + model.width
    out = 2 * model.width + model.width  # reads the residual stream too
    gate_up = model.width + 2 * model.mlp
    down = 2 * model.mlp + 2 * model.width
    return query_key_value + attention + out + gate_up + down


def _unfused_numbers(model: ModelConfig) -> int:
    """Return what passes of their own add: two norms, the rotation, two residuals, SwiGLU."""
    norms = rotation = residuals = 4 * model.width
    return norms + rotation + residuals + 2 * model.mlp


class Rates(NamedTuple):
    """What a machine does at best."""

    flops_per_sec: float
    """Of matrix products."""
    bytes_per_sec: float
    """Of a large copy, reading and writing counted."""


class Floor(NamedTuple):
    """The shortest a step can take, in seconds: its products, then what cannot hide behind them."""

    head_s: float
    trunk_s: float
    attention_s: float
    loss_s: float
    activations_s: float
    optimizer_s: float

    @property
    def total_s(self) -> float:
        """All of it."""
        return sum(self)


def floor(flops: Parts, traffic: Traffic, rates: Rates, *, is_fused: bool = True) -> Floor:
    """Return the floor of a step.

    Args:
        flops: of the whole step.
        traffic: of the same step.
        rates: the machine's.
        is_fused: whether the blocks' activations take the least traffic or the most.
    """
    trunk_bytes = traffic.trunk_least if is_fused else traffic.trunk_most
    moved = (traffic.loss, trunk_bytes, traffic.optimizer)
    return Floor(
        *(part / rates.flops_per_sec for part in flops),
        *(part / rates.bytes_per_sec for part in moved),
    )
