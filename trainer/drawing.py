"""Which token comes next: the likely ones kept, one of them drawn, for all rows of a batch at once.

Temperature first, then top-k, then min-p and top-p over what top-k has left. Knows no model. Each
row takes exactly one number from its source of randomness, whatever is kept: rounding on another
device that lets one token more through does not shift all draws after it.
"""

import torch
from torch import Tensor

from tokmon.rundir.errors import TokmonError
from trainer.sampling_settings import Settings

_FIRST_LOOKS = (64, 1024, 8192)
"""Likeliest tokens that are looked at before all: of 50,257 numbers a core finds the first 64 in
0.13 ms, 1,024 in 0.6 ms and 8,192 in 1 ms; to sort them takes 4 ms, half of what v1 itself does."""
_LEAST_TEMPERATURE = 1e-30
"""Smaller ones are as greedy, and float32 cannot divide by them."""


def draw(logits: Tensor, settings: Settings, uniforms: Tensor) -> Tensor:
    """Return a token id for each row, (B,), on the CPU.

    Args:
        logits: (B, V) float32, on any device.
        settings: the same for all rows.
        uniforms: one number in [0, 1) a row, (B,) float64 on the CPU; a greedy choice needs none.

    Raises:
        TokmonError: a logit is not finite.
    """
    # The sum is not finite where a number is not: one pass, and no second one over its answer.
    if not bool(torch.isfinite(logits.sum(dtype=torch.float64))):
        raise TokmonError("the model's output is not finite", "sample from an earlier checkpoint")
    if settings.temperature == 0:
        return logits.argmax(dim=1).cpu()
    drawn = torch.empty(len(logits), dtype=torch.int64)
    rows = torch.arange(len(logits))
    for look in _looks(logits.shape[1], settings):
        probabilities, ids = _likeliest(logits, settings, look)
        is_enough = _is_enough(probabilities, settings)
        done = rows[is_enough]
        kept = _kept(probabilities[is_enough], settings)
        drawn[done] = _pick_by_id(kept, ids[is_enough], uniforms[done])
        rows, logits = rows[~is_enough], logits[~is_enough.to(logits.device)]
        if not len(rows):
            return drawn
    drawn[rows] = _draw_from_all(logits, settings, uniforms[rows])
    return drawn


def penalised(logits: Tensor, seen: Tensor, penalty: float) -> Tensor:
    """Return logits in which tokens that stand in the context are less likely.

    A positive logit is divided by `penalty`, a negative one multiplied (Keskar et al. 2019, CTRL,
    arXiv 1909.05858, section 4.1).

    Args:
        logits: (B, V).
        seen: ids of each row's context, (B, S); the same one any number of times.
        penalty: 1 changes nothing.
    """
    if penalty == 1:
        return logits
    found = logits.gather(1, seen)
    return logits.scatter(1, seen, torch.where(found > 0, found / penalty, found * penalty))


def _looks(vocab: int, settings: Settings) -> tuple[int, ...]:
    """Return how many of the likeliest tokens to look at, until they are enough, before all."""
    if settings.top_k:
        return (min(settings.top_k, vocab),)
    is_cut = settings.top_p < 1 or settings.min_p > 0
    return tuple(look for look in _FIRST_LOOKS if look < vocab and is_cut)


def _likeliest(logits: Tensor, settings: Settings, look: int) -> tuple[Tensor, Tensor]:
    """Return probabilities, falling, (B, look) float64, and their ids; both on the CPU.

    Of the whole mass, or of what top-k has left.
    """
    values, ids = logits.topk(look, dim=1)
    highest = values[:, :1]
    weights = _weights(values.double(), highest, settings)
    # Of numbers in float32, as the whole is but the measure of what is left out.
    every = weights if settings.top_k else _weights(logits, highest, settings)
    return (weights / every.sum(dim=1, keepdim=True)).cpu(), ids.cpu()


def _weights(logits: Tensor, highest: Tensor, settings: Settings) -> Tensor:
    """Return what is proportional to the probabilities; of the likeliest token it is 1."""
    return (logits - highest).div_(max(settings.temperature, _LEAST_TEMPERATURE)).exp_()


def _is_enough(probabilities: Tensor, settings: Settings) -> Tensor:
    """Say of each row whether nothing past these could be kept, (B,) bool."""
    if settings.top_k:
        return torch.ones(len(probabilities), dtype=torch.bool)
    has_mass = (probabilities.sum(dim=1) >= settings.top_p) & (settings.top_p < 1)
    return has_mass | (probabilities[:, -1] < settings.min_p * probabilities[:, 0])


def _kept(probabilities: Tensor, settings: Settings) -> Tensor:
    """Return the same with no probability where min-p and top-p leave none."""
    kept = probabilities >= settings.min_p * probabilities[:, :1]
    if settings.top_p < 1:
        # The fewest that reach p: all before which less than p stands.
        kept &= (probabilities.cumsum(dim=1) - probabilities) < settings.top_p
    return probabilities * kept


def _draw_from_all(logits: Tensor, settings: Settings, uniforms: Tensor) -> Tensor:
    """Return one id of each row, where no few tokens are enough."""
    weights = _weights(logits.double(), logits.amax(dim=1, keepdim=True), settings).cpu()
    if settings.top_p < 1 or settings.min_p:
        falling = weights.sort(dim=1, descending=True).values
        kept = _kept(falling / falling.sum(dim=1, keepdim=True), settings) > 0
        weights *= weights >= falling.gather(1, kept.sum(dim=1, keepdim=True) - 1)
    return _pick(weights, uniforms)


def _pick_by_id(probabilities: Tensor, ids: Tensor, uniforms: Tensor) -> Tensor:
    """Return one id of each row, drawn.

    By id and not by probability, since another device may order two that are almost equal
    otherwise, and they must not trade their places under the draw.
    """
    ids, order = ids.sort(dim=1)
    return ids.gather(1, _pick(probabilities.gather(1, order), uniforms)[:, None])[:, 0]


def _pick(weights: Tensor, uniforms: Tensor) -> Tensor:
    """Return the place of one weight of each row, drawn in proportion."""
    cumulative = weights.cumsum(dim=1)
    whole = cumulative[:, -1:].contiguous()
    # Below the whole though rounding may make it that: what is last may have no weight.
    points = torch.minimum(uniforms[:, None] * whole, whole.nextafter(torch.zeros_like(whole)))
    return torch.searchsorted(cumulative, points, right=True)[:, 0]
