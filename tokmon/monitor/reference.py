"""What the reference experiment measured and aimed at, and a run held against it. Pure.

The numbers are those of docs and design: one RTX 5090, 100 MB of Python, 50,000 steps.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

TARGET_PPL = 1.01
"""Its target for the validation perplexity; section `expected` of a report says what is wrong."""
TARGET_COLLAPSE = 0.1
"""Fewer samples than this share are to collapse."""
TARGET_KEYWORDS = 0.9
"""More samples than this share are to hold a Python keyword."""
EARLIER_LOSS, EARLIER_PPL = 0.0356, 1.036
"""Validation of its earlier run: 3.94M tokens, 5,000 steps."""
EARLIER_COLLAPSE, EARLIER_KEYWORDS = 1.0, 0.0
EARLIER_TEXT = ":):):)"
BYTES_PER_TOKEN = 100 / 45.79
"""Of its corpus: 100 MB in 45.79M tokens."""


@dataclass(frozen=True, slots=True)
class ReferenceLine:
    """One line of its early log."""

    step: int
    train_loss: float
    """Nats per token."""
    train_ppl: float
    steps_per_sec: float


LINES = (
    ReferenceLine(100, 9.839, 18752, 19.4),
    ReferenceLine(200, 8.420, 4537, 24.2),
    ReferenceLine(300, 7.173, 1304, 26.3),
    ReferenceLine(400, 5.739, 311, 27.5),
    ReferenceLine(500, 4.351, 77.6, 28.3),
)

SETTINGS: Mapping[str, float] = {
    "model.layers": 4,
    "model.width": 256,
    "model.heads": 4,
    "model.mlp": 512,
    "model.vocab": 50_257,
    "data.seq_len": 512,
    "data.batch_size": 32,
    "optim.lr": 3e-4,
    "optim.min_lr": 1e-5,
    "schedule.steps": 50_000,
    "schedule.warmup": 2_000,
}
"""What a loss at a step depends on. Sequence length and batch are not given by the reference; they
are those of configs/v1_token_bigdata.toml."""


def bits_per_byte(ppl: float, bytes_per_token: float) -> float:
    """Return the bits per byte of a perplexity: log2(PPL) / bytes per token."""
    return math.log2(ppl) / bytes_per_token


def differing_settings(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings of the reference that `config` has otherwise, by dotted key.

    A setting that the config does not have is left out: nothing is known of it.
    """
    found = {}
    for key, expected in SETTINGS.items():
        section, name = key.split(".")
        content = config.get(section)
        value = content.get(name) if isinstance(content, Mapping) else None
        if value is not None and value != expected:
            found[key] = value
    return found
