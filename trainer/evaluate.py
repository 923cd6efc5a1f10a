"""Loss on held-out text. Changes nothing of the model."""

import math
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from trainer.batches import Windows, evenly_spread
from trainer.config import Config
from trainer.device import autocast
from trainer.distributed import ALONE, Group
from trainer.head import token_losses
from trainer.model import Model
from trainer.scoring.likelihood import bits_per_byte, perplexity

__all__ = ["IMPLAUSIBLE_BPB", "Evaluation", "evaluate", "losses", "perplexity"]

_LOGITS_BYTES = {"cpu": 2**28, "cuda": 2**31}
"""How many bytes of logits are held at a time: 1,336 of v1's rows on a CPU, where products of 333
took a quarter longer; enough to fill a GPU."""
IMPLAUSIBLE_BPB = 0.3
"""xz needs 1.35 bits a byte for Python code, a model of 2.7B parameters more than twice this."""


class Evaluation(NamedTuple):
    """What the held-out tokens say."""

    val_loss: float
    """Mean over all scored tokens, nats per token."""

    val_bpb: float
    """Bits per UTF-8 byte: sum of nats / ln 2 / bytes, over tokens that stand for bytes."""

    tokens: int
    """Tokens scored."""

    @property
    def is_implausible(self) -> bool:
        """Whether this is better than a small model can do on text that it has never seen."""
        return self.val_bpb < IMPLAUSIBLE_BPB

    @property
    def val_ppl(self) -> float:
        """The exponential of the mean nats per token."""
        return perplexity(self.val_loss)


@torch.inference_mode()
def evaluate(
    model: Model,
    windows: Windows,
    token_bytes: NDArray[np.int64],
    config: Config,
    device: torch.device,
    dtype: torch.dtype,
    group: Group = ALONE,
    on_progress: Callable[[int, int], None] | None = None,
) -> Evaluation:
    """Score `config.eval.windows` windows, the same ones every time.

    Args:
        model: in any mode; it has no dropout.
        windows: of the held-out split.
        token_bytes: UTF-8 length of each token of the tokenizer, 0 for special ones, whose nats
            count for the loss but not for bits per byte.
        config: batch size and number of windows.
        device: where the model is.
        dtype: of activations; losses are float32.
        group: each of its processes scores a share; all get the same result.
        on_progress: called with windows done and in all.
    """
    scored = evenly_spread(windows.count, config.eval.windows)
    chosen = scored[group.rank :: group.size]
    lengths = _padded(token_bytes, config.model.vocab, device)
    parts = [torch.zeros(3, device=device)]
    for nats, wanted in losses(model, windows, chosen, config, device, dtype, on_progress):
        sizes = lengths[wanted]
        parts.append(torch.stack((nats.sum(), (nats * (sizes > 0)).sum(), sizes.sum())))
    # One look at the device for all of them.
    totals = torch.stack(parts).cpu().double().sum(dim=0)
    nats_sum, byte_nats, byte_count = group.sum(totals).tolist()
    tokens = len(scored) * config.data.seq_len
    bpb = bits_per_byte(byte_nats, int(byte_count))
    return Evaluation(nats_sum / tokens, math.nan if bpb is None else bpb, tokens)


@torch.inference_mode()
def losses(
    model: Model,
    windows: Windows,
    chosen: NDArray[np.int64],
    config: Config,
    device: torch.device,
    dtype: torch.dtype,
    on_progress: Callable[[int, int], None] | None = None,
) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """Yield nats and targets of each batch of windows, both (B x T,), on the device.

    Args:
        model: as `evaluate` has it, and all others but the next.
        windows: of the held-out split.
        chosen: numbers of those that are scored.
        config: batch size and sequence length.
        device: where the model is.
        dtype: of activations; losses are float32.
        on_progress: called with windows done and in all.
    """
    rows = max(1, _LOGITS_BYTES.get(device.type, 2**26) // (4 * config.model.vocab))
    for start in range(0, len(chosen), config.data.batch_size):
        inputs, targets = windows.read(chosen[start : start + config.data.batch_size])
        with autocast(device, dtype):
            hidden, wanted = model.hidden(inputs).flatten(0, 1), targets.flatten()
            nats = token_losses(hidden, model.head.weight, wanted, rows)
        yield nats, wanted
        if on_progress is not None:
            on_progress(min(start + config.data.batch_size, len(chosen)), len(chosen))


def _padded(token_bytes: NDArray[np.int64], vocab: int, device: torch.device) -> torch.Tensor:
    lengths = torch.zeros(max(vocab, len(token_bytes)))
    lengths[: len(token_bytes)] = torch.from_numpy(token_bytes.astype(np.float32))
    return lengths.to(device)
