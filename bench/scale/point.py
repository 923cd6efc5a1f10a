"""What is measured at one point of a sweep, and what came of it. Needs no torch."""

import json
from dataclasses import asdict, dataclass, field
from typing import Any

BASE, WIDTH, LAYERS, BATCH, SEQUENCE = "base", "width", "layers", "batch", "sequence"
RANKS, RANKS_SAME_SHARE = "ranks", "ranks_same_share"
DIMENSIONS = (WIDTH, LAYERS, BATCH, SEQUENCE, RANKS, RANKS_SAME_SHARE)


@dataclass(frozen=True)
class Point:
    """One config, and how many processes train it."""

    dimension: str
    """What differs from the base."""
    value: int
    """How much of it; 0 for the base."""
    overrides: tuple[str, ...] = ()
    """`section.key=value` upon those of the base."""
    ranks: int = 1

    def __str__(self) -> str:
        batches = {RANKS: "same batch", RANKS_SAME_SHARE: "same batch each"}
        if self.dimension in batches:
            return f"{self.value} ranks, {batches[self.dimension]}"
        return self.dimension if self.dimension == BASE else f"{self.dimension} {self.value}"


@dataclass(frozen=True)
class Task:
    """What a process is asked."""

    config: str
    """A TOML file."""
    overrides: tuple[str, ...]
    """`section.key=value`, the later ones win."""
    warmup: int
    """Steps before the clock starts, at least 1."""
    steps: int
    """Steps on the clock."""
    block: int
    """Steps between two readings of the clock."""
    plan: dict[str, Any] | None = None
    """How to compute, a trainer.plan.Plan as JSON; None lets the trainer choose."""

    def encode(self) -> str:
        """Return the task as a word of a command line."""
        return json.dumps(asdict(self))

    @classmethod
    def decode(cls, text: str) -> "Task":
        """Return what `encode` was given."""
        fields = json.loads(text)
        return cls(**fields | {"overrides": tuple(fields["overrides"])})


@dataclass
class Outcome:
    """What a process measured, or why it did not."""

    failed: str = ""
    """Why; the rest is empty then."""
    step_s: list[float] = field(default_factory=list)
    """Seconds a step, one number a block."""
    peak_bytes: int = 0
    """Highest memory of a rank, the most of all: resident on a CPU, allocated by torch on a GPU."""
    dtype: str = ""
    """Of matrix products."""
    plan: dict[str, Any] = field(default_factory=dict)
    """How it computed."""
    how: str = ""
    """The same in words."""
    versions: dict[str, str] = field(default_factory=dict)
    """Of what computed."""
    gpu: str = ""
    """Its name; empty for a CPU."""
    gpu_bytes: int = 0
    """Its memory."""
