"""What scoring finds, as records: every metric a value with its 95 % interval. No computing."""

import math
from typing import Any

import msgspec

from trainer.scoring.intervals import Estimate

NOT_MEASURED = Estimate()


class Predictions(msgspec.Struct, frozen=True, kw_only=True):
    """What comes of reading text with the model; all that was not measured is empty."""

    val_loss: Estimate = NOT_MEASURED
    """Nats per token of held-out text."""
    val_ppl: Estimate = NOT_MEASURED
    """exp(val_loss)."""
    val_bpb: Estimate = NOT_MEASURED
    """Bits per UTF-8 byte of held-out text."""
    accuracy: dict[str, Estimate] = {}
    """Top-1 accuracy on held-out documents by class of the true token, and of `all`."""
    entropy: Estimate = NOT_MEASURED
    """Mean next-token entropy in nats on the model's own samples."""
    human_entropy: Estimate = NOT_MEASURED
    """The same on the human pieces."""


class Measures(msgspec.Struct, frozen=True, kw_only=True):
    """The metrics of a set of texts."""

    samples: int
    """Texts in the set."""
    mode_collapse: Estimate
    """Share of texts that are collapsed (docs/RUN_DIRECTORY.md, Degenerate text)."""
    keyword_presence: Estimate
    """Share with a Python keyword as a word of the continuation."""
    validity: Estimate
    """Share that parses when cut behind its last complete statement; nothing left does not."""
    complete: Estimate
    """Share of which something was left to parse: the most that validity can be."""
    tokenisable: Estimate
    """Share whose complete lines Python's `tokenize` reads."""
    seq_rep_1: Estimate
    """Mean of 1 - unique / all tokens, a run of whitespace being one."""
    seq_rep_2: Estimate
    """Of 2-grams."""
    seq_rep_3: Estimate
    """Of 3-grams."""
    seq_rep_4: Estimate
    """Of 4-grams."""
    rep_line: Estimate
    """Mean of 1 - unique / all non-blank lines."""
    distinct_1: Estimate
    """Unique / all tokens of the whole set, a run of whitespace being one."""
    distinct_2: Estimate
    """Of 2-grams."""
    distinct_3: Estimate
    """Of 3-grams."""
    distinct_4: Estimate
    """Of 4-grams."""
    unique_outputs: Estimate
    """Different continuations / continuations."""
    zlib_ratio: Estimate
    """Mean of bytes / bytes after zlib."""
    longest_copy: Estimate = NOT_MEASURED
    """Mean tokens of the longest run that stands in the training corpus."""
    longest_copy_max: int | None = None
    """The longest of all."""
    entropy: Estimate = NOT_MEASURED
    """Mean next-token entropy of the model on these texts, nats."""


class Scores(Measures, frozen=True, kw_only=True):
    """The metrics of a model: of its samples and predictions, beside those of human code."""

    val_loss: Estimate = NOT_MEASURED
    """As in Predictions."""
    val_ppl: Estimate = NOT_MEASURED
    """As in Predictions."""
    val_bpb: Estimate = NOT_MEASURED
    """As in Predictions."""
    keyword_accuracy: Estimate = NOT_MEASURED
    """Top-1 accuracy where the true word is a Python keyword."""
    accuracy: dict[str, Estimate] = {}
    """As in Predictions."""
    human: Measures
    """Of held-out human code, cut as the samples are."""


def flat(scores: Measures) -> dict[str, Any]:
    """Return JSON for scripts: a number for each key, and apart from them the intervals.

    `{"val_loss": 1.4, ..., "human": {"validity": 0.9, ...}, "intervals": {"val_loss": [low, high],
    ..., "human": {...}}}`. What was not measured, is not finite, or has no interval is null.
    """
    numbers: dict[str, Any] = {}
    intervals: dict[str, Any] = {}
    for name in scores.__struct_fields__:
        value = getattr(scores, name)
        if isinstance(value, Estimate):
            numbers[name], intervals[name] = _finite(value.value), _ends(value)
        elif isinstance(value, dict):
            numbers[name] = {key: _finite(part.value) for key, part in value.items()}
            intervals[name] = {key: _ends(part) for key, part in value.items()}
        elif isinstance(value, Measures):
            numbers[name] = flat(value)
            intervals[name] = numbers[name].pop("intervals")
        else:
            numbers[name] = value
    return {**numbers, "intervals": intervals}


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def _ends(estimate: Estimate) -> list[float | None] | None:
    return None if estimate.low is None else [_finite(estimate.low), _finite(estimate.high)]
