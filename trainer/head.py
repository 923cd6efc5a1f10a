"""From hidden states to nats: the output matrix and cross-entropy, 83 % of v1's arithmetic.

The plain way makes all logits at once, (N, V) in float32: 3.3 GB for v1's batch, and as much again
for their gradient. The others make a few rows at a time, and their gradient in the same place.

A GPU multiplies into rows that begin at a multiple of some bytes, which 50,257 numbers do not fill.
So logits may get more columns than the model has tokens, with no probability in them: weights,
gradients and checkpoints never see them, and nothing has to be sliced off for other programs.
"""

import math
from collections.abc import Callable
from functools import partial
from typing import Any, Literal

import torch
from torch import Tensor
from torch.autograd.function import FunctionCtx
from torch.nn import functional

from trainer.head_libraries import cut_loss, library_loss

HeadKind = Literal["whole", "chunked", "linear_cross_entropy", "cut_cross_entropy"]
"""All logits at once, ours in chunks, PyTorch's in chunks, Apple's that makes no logits at all."""
LossFunction = Callable[[Tensor, Tensor, Tensor], Tensor]
"""Of hidden (N, C), weight (V, C) and targets (N,), to the mean in nats per token, float32."""

# The smallest that float32 and bfloat16 hold normally: 87 nats are the most a token may cost.
_LEAST_PROBABILITY = 1.2e-38


def loss_function(kind: HeadKind, rows: int, columns: int) -> LossFunction:
    """Return the loss that computes in this way.

    Args:
        kind: which.
        rows: how many tokens' logits are held at a time, where they are made in chunks.
        columns: logits a token is given, V or more; 0 is V. The libraries have no such thing.
    """
    if kind == "linear_cross_entropy":
        return partial(library_loss, rows=rows)
    if kind == "cut_cross_entropy":
        return cut_loss
    return partial(mean_loss, rows=rows if kind == "chunked" else 0, columns=columns)


def mean_loss(
    hidden: Tensor, weight: Tensor, targets: Tensor, rows: int, columns: int = 0
) -> Tensor:
    """Return the mean cross-entropy of a batch in nats per token, float32.

    Args:
        hidden: what the head reads, (N, C).
        weight: of the head, (V, C), float32.
        targets: (N,), int64.
        rows: how many tokens' logits are held at a time, in the dtype of autocast; 0 holds all.
        columns: as `loss_function` has it.
    """
    columns = max(columns, len(weight))
    if not rows:
        return _whole_loss(hidden, weight, targets, columns)
    device = hidden.device.type
    is_cast = torch.is_autocast_enabled(device)
    dtype = torch.get_autocast_dtype(device) if is_cast else hidden.dtype
    return _ChunkedLoss.apply(hidden, weight, targets, rows, columns, dtype)


def _whole_loss(hidden: Tensor, weight: Tensor, targets: Tensor, columns: int) -> Tensor:
    vocab = len(weight)
    if columns > vocab:
        weight = functional.pad(weight, (0, 0, 0, columns - vocab))
    logits = functional.linear(hidden, weight)[:, :vocab]
    return functional.cross_entropy(
        logits.to(torch.promote_types(logits.dtype, torch.float32)), targets
    )


class _ChunkedLoss(torch.autograd.Function):
    """Cross-entropy whose gradient is worked out chunk by chunk in the forward pass.

    With p = softmax(logits), d loss / d logits = (p - onehot) / N, so the softmax overwrites the
    logits, the gradient the softmax, and both products that need it follow while it is in cache
    (the idea of Liger's fused linear cross-entropy, Hsu et al. 2024, arXiv 2410.10989).
    """

    @staticmethod
    def forward(
        ctx: Any,
        hidden: Tensor,
        weight: Tensor,
        targets: Tensor,
        rows: int,
        columns: int,
        dtype: torch.dtype,
    ) -> Tensor:
        inputs, matrix = hidden.to(dtype), _with_rows(weight, columns, dtype)
        total = torch.zeros((), device=hidden.device, dtype=weight.dtype)
        d_inputs, d_matrix = torch.empty_like(inputs), torch.zeros_like(matrix, dtype=weight.dtype)
        buffer = inputs.new_empty(min(rows, len(inputs)), columns)
        places = torch.arange(len(buffer), device=hidden.device)
        for start in range(0, len(inputs), rows):
            chunk, wanted = inputs[start : start + rows], targets[start : start + rows]
            logits, rank = buffer[: len(chunk)], places[: len(chunk)]
            torch.mm(chunk, matrix.t(), out=logits)
            logits[:, len(weight) :] = -math.inf
            torch.softmax(logits, dim=1, out=logits)
            found = logits[rank, wanted]
            total -= found.to(weight.dtype).clamp_min(_LEAST_PROBABILITY).log().sum()
            # Not scatter_: on a CPU that takes as long as the softmax.
            logits[rank, wanted] = found - 1
            torch.mm(logits, matrix, out=d_inputs[start : start + rows])
            _add_product(d_matrix, logits.t(), chunk)
        ctx.save_for_backward(d_inputs, d_matrix[: len(weight)])
        ctx.hidden_dtype, ctx.count = hidden.dtype, len(inputs)
        return total / len(inputs)

    @staticmethod
    def backward(ctx: FunctionCtx, grad: Tensor) -> tuple[Tensor | None, ...]:
        d_inputs, d_weight = ctx.saved_tensors  # type: ignore[attr-defined]
        scale = grad / ctx.count  # type: ignore[attr-defined]
        d_hidden = d_inputs.to(ctx.hidden_dtype) * scale  # type: ignore[attr-defined]
        return d_hidden, d_weight.mul_(scale), None, None, None, None


def _with_rows(weight: Tensor, rows: int, dtype: torch.dtype) -> Tensor:
    """Return the weight in `dtype`, with rows of zeros to make up `rows`."""
    if rows == len(weight):
        return weight.to(dtype)
    taller = weight.new_zeros(rows, weight.shape[1], dtype=dtype)
    taller[: len(weight)] = weight
    return taller


def _add_product(total: Tensor, left: Tensor, right: Tensor) -> None:
    if left.dtype == total.dtype:
        total.addmm_(left, right)
    else:
        total += left @ right


def token_losses(hidden: Tensor, weight: Tensor, targets: Tensor, rows: int) -> Tensor:
    """Return cross-entropy in nats of every token, (N,), computed in float32; for scoring.

    Args:
        hidden: (N, C).
        weight: of the head, (V, C).
        targets: (N,), int64.
        rows: how many tokens' logits are held at a time; 0 holds all.
    """
    parts = zip(hidden.split(rows or len(hidden)), targets.split(rows or len(targets)), strict=True)
    return torch.cat(
        [
            functional.cross_entropy(
                functional.linear(chunk, weight).float(), wanted, reduction="none"
            )
            for chunk, wanted in parts
        ]
    )
