"""How text is drawn from a model, and what the model allows. No torch: commands read it too."""

import math
from dataclasses import dataclass

from tokmon.rundir.errors import TokmonError


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How to choose among the likely tokens: temperature, top-k, min-p and top-p, in this order.

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
    min_p: float = 0.0
    """Keep what is at least so likely, times the likeliest (Nguyen et al., arXiv 2407.01082)."""
    repetition_penalty: float = 1.0
    """Makes tokens of the context less likely (Keskar et al., arXiv 1909.05858); 1 does nothing."""

    def __post_init__(self) -> None:
        _require(self.max_new_tokens >= 1, "max_new_tokens", self.max_new_tokens, "1 or more")
        is_temperature = math.isfinite(self.temperature) and self.temperature >= 0
        _require(is_temperature, "temperature", self.temperature, "0 or more, and finite")
        _require(self.top_k >= 0, "top_k", self.top_k, "0 or more; 0 keeps all tokens")
        _require(0 < self.top_p <= 1, "top_p", self.top_p, "above 0 and at most 1")
        _require(0 <= self.min_p <= 1, "min_p", self.min_p, "from 0 to 1")
        penalty = self.repetition_penalty
        is_penalty = math.isfinite(penalty) and penalty > 0
        _require(is_penalty, "repetition_penalty", penalty, "above 0, and finite")


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a trained model and its tokenizer allow."""

    seq_len: int
    """Positions the model was trained on, from 2."""
    vocab_size: int
    """Ids from here up are padding of the vocabulary and never drawn."""
    end_of_text: int
    """Id that ends a document, and starts one."""


SEEDS = range(-(2**63), 2**64)
"""What torch.Generator takes as a seed."""


def checked_seed(seed: int) -> int:
    """Return the seed; raises TokmonError where no generator takes it."""
    _require(seed in SEEDS, "seed", seed, "-2^63 up to 2^64 - 1")
    return seed


def _require(is_valid: bool, name: str, value: float, range_text: str) -> None:
    if not is_valid:
        raise TokmonError(f"{name} is {value}, but must be {range_text}")


JUDGED = Settings()
"""How samples are drawn that mode collapse is judged by: the defaults, so that a person who samples
sees what was judged."""
