"""The texts that a trainer sampled, by the step they were sampled at. Counts, and no more."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from tokmon.rundir.records import Sample


@dataclass(frozen=True, slots=True)
class Round:
    """Samples of one step."""

    step: int | None
    samples: tuple[Sample, ...]
    """In the order they were written."""

    def count(self, key: str, value: object) -> tuple[int, int]:
        """Return how many samples have `value` for a key, and how many have the key at all."""
        known = [found for sample in self.samples if (found := field(sample, key)) is not None]
        return sum(found == value for found in known), len(known)


def rounds(samples: Sequence[Sample]) -> list[Round]:
    """Return the rounds, newest first."""
    grouped = groupby(samples, key=lambda sample: sample.step)
    return [Round(step, tuple(found)) for step, found in grouped][::-1]


def field(sample: Sample, key: str) -> Any:
    """Return a value by its key, also one that this version does not know; None without it."""
    return getattr(sample, key, None) if hasattr(sample, key) else sample.extra.get(key)
