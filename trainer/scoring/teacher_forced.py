"""What a model predicts at each place of given texts. Changes nothing of it, draws nothing.

Teacher-forced: every token is predicted from the true ones before it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from trainer.device import autocast
from trainer.model import Model
from trainer.scoring.intervals import Estimate, bootstrap_ratio
from trainer.scoring.token_classes import CLASSES

_LOGITS_BYTES = {"cpu": 2**26, "cuda": 2**31}


@dataclass(frozen=True, slots=True, eq=False)
class Passage:
    """A text to be read, and what comes before it."""

    context: Sequence[int]
    """Tokens that are read and not scored; one at least. End-of-text starts a document."""
    targets: Sequence[int]
    """Tokens that are scored."""


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """What the model made of a passage: one value for each target read, (targets,)."""

    nats: NDArray[np.float64]
    """-ln p of the target."""
    is_hit: NDArray[np.bool_]
    """Whether the target was the likeliest token."""
    entropy: NDArray[np.float64]
    """Of the whole distribution, in nats, at temperature 1."""


@torch.inference_mode()
def read(
    model: Model,
    passages: Sequence[Passage],
    seq_len: int,
    batch_size: int,
    device: torch.device,
    dtype: torch.dtype,
) -> list[Reading]:
    """Return the readings, in the order of the passages.

    Args:
        model: in any mode; it has no dropout.
        passages: of a longer one than `seq_len` + 1 tokens, those after it are not read. Where a
            context fills `seq_len` alone, its newest part is read, so that a target is.
        seq_len: positions that the model was trained on.
        batch_size: passages at a time; those of like length go together.
        device: where the model is.
        dtype: of activations; probabilities are float32.
    """
    rows = [_row(passage, seq_len) for passage in passages]
    readings: list[Reading | None] = [None] * len(rows)
    order = sorted(range(len(rows)), key=lambda index: len(rows[index][0]))
    for start in range(0, len(order), batch_size):
        chosen = order[start : start + batch_size]
        found = _read_batch(model, [rows[index] for index in chosen], device, dtype)
        for index, reading in zip(chosen, found, strict=True):
            readings[index] = reading
    return [reading for reading in readings if reading is not None]


def accuracy_by_class(
    readings: Sequence[Reading], classes: Sequence[NDArray[np.int8]], seed: int
) -> dict[str, Estimate]:
    """Return top-1 accuracy for each of `CLASSES`, and for `all`.

    That of `keyword` is keyword accuracy: where the true word is a Python keyword.

    Args:
        readings: of documents.
        classes: of each document's tokens, as `token_classes` returns them; what was not read of
            a document is passed over.
        seed: of the intervals, which take documents as units.
    """
    pairs = [
        (reading.is_hit, kinds[: len(reading.is_hit)])
        for reading, kinds in zip(readings, classes, strict=True)
    ]
    found = {"all": _ratio([(hit, np.ones(len(hit), dtype=bool)) for hit, _ in pairs], seed)}
    for index, name in enumerate(CLASSES):
        found[name] = _ratio([(hit, kinds == index) for hit, kinds in pairs], seed)
    return found


def mean_entropy(readings: Sequence[Reading], seed: int) -> Estimate:
    """Return the mean next-token entropy in nats, with the interval over passages.

    Of a model on its own samples beside human text: it falls where the samples loop (Holtzman et
    al. 2020, arXiv 1904.09751) and rises where they drift (Braverman et al. 2020, 1906.05664).
    """
    return _mean([reading.entropy for reading in readings], seed)


def held_out_loss(readings: Sequence[Reading], seed: int) -> Estimate:
    """Return the mean nats per token over passages, with the interval over them."""
    return _mean([reading.nats for reading in readings], seed)


def _mean(values: Sequence[NDArray[np.float64]], seed: int) -> Estimate:
    sums = np.array([part.sum() for part in values], dtype=np.float64)
    counts = np.array([len(part) for part in values], dtype=np.float64)
    return bootstrap_ratio(sums, counts, seed)


def _ratio(parts: Sequence[tuple[NDArray[np.bool_], NDArray[np.bool_]]], seed: int) -> Estimate:
    hits = np.array([(hit & counted).sum() for hit, counted in parts], dtype=np.float64)
    counts = np.array([counted.sum() for _, counted in parts], dtype=np.float64)
    return bootstrap_ratio(hits, counts, seed)


def _row(passage: Passage, seq_len: int) -> tuple[list[int], int]:
    """Return the tokens to read, at most `seq_len` + 1, and how many of them are context."""
    context = list(passage.context[-seq_len:])
    return [*context, *passage.targets][: seq_len + 1], len(context)


def _read_batch(
    model: Model, rows: list[tuple[list[int], int]], device: torch.device, dtype: torch.dtype
) -> list[Reading]:
    longest = max(len(tokens) for tokens, _ in rows)
    padded = [tokens + [0] * (longest - len(tokens)) for tokens, _ in rows]
    batch = torch.tensor(padded, dtype=torch.int64)
    # What stands behind a passage cannot be seen from it: the model is causal.
    spans = [(max(0, count - 1), len(tokens) - 1) for tokens, count in rows]
    is_target = torch.zeros(len(rows), longest - 1, dtype=torch.bool)
    for row, (start, end) in enumerate(spans):
        is_target[row, start:end] = True
    if not bool(is_target.any()):
        return [_reading(np.zeros((0, 3))) for _ in rows]
    batch, is_target = batch.to(device), is_target.to(device)
    with autocast(device, dtype):
        hidden = model.hidden(batch[:, :-1])[is_target]
        values = _score(model, hidden, batch[:, 1:][is_target])
    lengths = [end - start for start, end in spans]
    return [_reading(part) for part in np.split(values, np.cumsum(lengths)[:-1])]


def _score(model: Model, hidden: Tensor, targets: Tensor) -> NDArray[np.float64]:
    """Return nats, hit and entropy of each position, (N, 3)."""
    weight = model.head.weight
    rows = max(1, _LOGITS_BYTES.get(hidden.device.type, 2**26) // (4 * len(weight)))
    parts = []
    for chunk, wanted in zip(hidden.split(rows), targets.split(rows), strict=True):
        logits = functional.linear(chunk, weight).float()
        best, likeliest = logits.max(dim=1)
        logits -= best[:, None]
        weights = logits.exp()
        total = weights.sum(dim=1)
        log_total = total.log()
        nats = log_total - logits.gather(1, wanted[:, None])[:, 0]
        # -sum p ln p with p = exp(logit) / total; rounding may leave a sure model below 0.
        # Not as a dot product, which autocast would do in bfloat16.
        entropy = (log_total - logits.mul_(weights).sum(dim=1) / total).clamp_min(0)
        parts.append(torch.stack((nats, (likeliest == wanted).float(), entropy), dim=1))
    return torch.cat(parts).cpu().double().numpy()


def _reading(values: NDArray[np.float64]) -> Reading:
    return Reading(nats=values[:, 0], is_hit=values[:, 1] > 0, entropy=values[:, 2])
