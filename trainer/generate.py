"""Token by token continuation of a prompt, with the KV cache. Knows no text and no files."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from tokmon.rundir.errors import TokmonError
from trainer.model import Cache, Model

_FIRST_LOOK = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How to choose among the likely tokens.

    Raises:
        TokmonError: a value lies outside its range.
    """

    max_new_tokens: int = 128
    """Length of the continuation at most, from 1."""
    temperature: float = 0.8
    """Divides the logits; 0 takes the likeliest token each time."""
    top_k: int = 0
    """Keep the k likeliest tokens; 0 keeps all."""
    top_p: float = 0.95
    """Keep the likeliest tokens that make up p; 1 keeps all (Holtzman et al., arXiv 1904.09751)."""
    seed: int = 0
    """Of the draws; what torch.Generator takes: -2^63 up to 2^64 - 1."""

    def __post_init__(self) -> None:
        _require(self.max_new_tokens >= 1, "max_new_tokens", self.max_new_tokens, "1 or more")
        is_temperature = math.isfinite(self.temperature) and self.temperature >= 0
        _require(is_temperature, "temperature", self.temperature, "0 or more, and finite")
        _require(self.top_k >= 0, "top_k", self.top_k, "0 or more; 0 keeps all tokens")
        _require(0 < self.top_p <= 1, "top_p", self.top_p, "above 0 and at most 1")
        _require(-(2**63) <= self.seed < 2**64, "seed", self.seed, "-2^63 up to 2^64 - 1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a trained model and its tokenizer allow."""

    seq_len: int
    """Positions the model was trained on, from 2."""
    vocab_size: int
    """Ids from here up are padding of the vocabulary and never drawn."""
    end_of_text: int
    """Id that ends a document, and starts one."""


@torch.inference_mode()
def generate(
    model: Model, prompt_ids: Sequence[int], settings: Settings, limits: Limits
) -> Iterator[int]:
    """Yield the ids that continue the prompt, without the end of text that may end them.

    The weights' own precision is used, not the training's bfloat16: one token at a time leaves
    matrix units idle anyway, and the nearer devices compute to each other, the more often the
    same seed gives the same text on both.

    Args:
        model: in evaluation, on any device.
        prompt_ids: an empty prompt starts a document; of a longer one than `limits.seq_len` the
            newest part is read.
        settings: how to draw, and how long.
        limits: of the model and the tokenizer.

    Raises:
        TokmonError: the prompt has an id that the model does not know, or the model's output is
            not finite.
    """
    context = _readable(prompt_ids, limits, model.config.vocab)
    capacity = min(limits.seq_len, len(context) + settings.max_new_tokens)
    cache = Cache(model.config, batch=1, capacity=capacity, like=model.head.weight)
    # On the CPU whatever computes: every device draws the same numbers.
    random = torch.Generator().manual_seed(settings.seed)
    unread = context
    for _ in range(settings.max_new_tokens):
        logits = _next_logits(model, unread, cache)[: limits.vocab_size]
        token = draw(logits, settings, random)
        if token == limits.end_of_text:
            return
        yield token
        context.append(token)
        unread = [token]
        if cache.length == limits.seq_len:
            # The model never saw positions beyond these, and cached keys cannot move: they are
            # rotated to their positions, and all above the first layer have seen the tokens to be
            # dropped. Reading again costs as much as the context is long; by keeping half, that
            # happens once in seq_len / 2 tokens instead of at every one.
            context = context[-(limits.seq_len // 2) :]
            unread, cache.length = context, 0


def draw(logits: Tensor, settings: Settings, random: torch.Generator) -> int:
    """Return a token id drawn from `logits`, shape (V,), on the CPU.

    Temperature first, then top-k, then top-p over what top-k has left. Each call but a greedy one
    takes exactly one number from `random`, so that rounding on another device which lets one more
    token through does not shift all draws after it.

    Raises:
        TokmonError: a logit is not finite.
    """
    if not bool(torch.isfinite(logits).all()):
        raise TokmonError("the model's output is not finite", "sample from an earlier checkpoint")
    if settings.temperature == 0:
        return int(logits.argmax())
    # In float64 no positive temperature is so small that 0 / temperature is not 0.
    scaled = (logits.double() - logits.max()) / settings.temperature
    probabilities = scaled.softmax(0)
    ids = _kept_ids(probabilities, settings)
    cumulative = probabilities[ids].cumsum(0)
    point = torch.rand((), generator=random, dtype=torch.float64) * cumulative[-1]
    position = int(torch.searchsorted(cumulative, point, right=True))
    return int(ids[min(position, len(ids) - 1)])


def _kept_ids(probabilities: Tensor, settings: Settings) -> Tensor:
    """Return the ids that may be drawn, rising.

    By id and not by probability, since another device may order two that are almost equal
    otherwise, and they must not trade their places under the draw.
    """
    if settings.top_k:
        ordered, ids = probabilities.topk(min(settings.top_k, len(probabilities)))
        ordered = ordered / ordered.sum()
    elif settings.top_p < 1:
        ordered, ids = _likeliest(probabilities, settings.top_p)
    else:
        return torch.arange(len(probabilities))
    if settings.top_p < 1:
        # The fewest that reach p: all before which less than p stands.
        ids = ids[: int((ordered.cumsum(0) < settings.top_p).sum()) + 1]
    return ids.sort().values


def _likeliest(probabilities: Tensor, mass: float) -> tuple[Tensor, Tensor]:
    """Return the likeliest probabilities, falling, and their ids: enough to sum to `mass`."""
    # Sorting 50,257 numbers takes 6 ms on a core, half of what v1 itself does; this takes 0.6 ms.
    ordered, ids = probabilities.topk(min(_FIRST_LOOK, len(probabilities)))
    if float(ordered.sum()) >= mass:
        return ordered, ids
    return probabilities.sort(descending=True)


def _next_logits(model: Model, tokens: list[int], cache: Cache) -> Tensor:
    """Read `tokens` after what `cache` holds; return the last position's logits, float32, CPU."""
    batch = torch.tensor([tokens], device=cache.keys.device)
    last = model.hidden(batch, cache)[0, -1]
    logits: Tensor = model.head(last).float().cpu()
    return logits


def _readable(prompt_ids: Sequence[int], limits: Limits, vocab: int) -> list[int]:
    """Return what of the prompt the model reads; checked here, as on CUDA a bad id is fatal."""
    context = list(prompt_ids[-limits.seq_len :]) or [limits.end_of_text]
    for token in context:
        if not 0 <= token < vocab:
            raise TokmonError(
                f"the prompt has token {token}, and the model knows {vocab} tokens",
                "the checkpoint was trained with another tokenizer",
            )
    return context


def _require(is_valid: bool, name: str, value: float, range_text: str) -> None:
    if not is_valid:
        raise TokmonError(f"{name} is {value}, but must be {range_text}")
