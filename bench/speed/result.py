"""Outcomes of several rounds as the numbers that are compared. Pure."""

from dataclasses import dataclass
from statistics import median

from bench.speed.job import Outcome, Shape

FLOP_PER_WEIGHT = 6
"""A multiplication and an addition each for the output, the input's gradient and the weight's."""


@dataclass(frozen=True)
class Result:
    """One contestant over all rounds."""

    contestant: str
    """Name and settings."""
    tokens_per_sec: float
    """Median over all blocks of all rounds."""
    rounds: list[float]
    """The median of each round."""
    step_s: float
    """The median seconds a step."""
    flop_per_sec: float
    """FLOP of the linear layers over step_s; what else is computed only takes time."""
    peak_bytes: int
    """The most in any round."""
    least_peak_bytes: int
    """The least in any round."""
    parameters: int
    """Of the model."""
    linear_weights: int
    """Of those the ones that multiply every token."""
    dtype: str
    """Of activations."""
    versions: dict[str, str]
    """Of what computed."""
    threads: int
    """That torch used."""
    device: str
    """The GPU's name; empty for a CPU."""
    notes: list[str]
    """What ran otherwise than one would think."""


def result(contestant: str, outcomes: list[Outcome], shape: Shape) -> Result:
    """Put all rounds of a contestant together."""
    first = outcomes[0]
    tokens = shape.tokens_per_step
    step_s = median(seconds for outcome in outcomes for seconds in outcome.step_s)
    return Result(
        contestant=contestant,
        tokens_per_sec=tokens / step_s,
        rounds=[tokens / median(outcome.step_s) for outcome in outcomes],
        step_s=step_s,
        flop_per_sec=FLOP_PER_WEIGHT * first.linear_weights * tokens / step_s,
        peak_bytes=max(outcome.peak_bytes for outcome in outcomes),
        least_peak_bytes=min(outcome.peak_bytes for outcome in outcomes),
        parameters=first.parameters,
        linear_weights=first.linear_weights,
        dtype=first.dtype,
        versions=first.versions,
        threads=first.threads,
        device=first.device,
        notes=list(dict.fromkeys(note for outcome in outcomes for note in outcome.notes)),
    )


@dataclass(frozen=True)
class Comparison:
    """Everybody's results."""

    results: list[Result]
    """Of those that trained, in the order asked for."""
    gemms: dict[str, Result]
    """The machine's own matrix products, by dtype."""
    absent: dict[str, str]
    """Who could not be measured, and why."""

    def speed_ratio(self, one: Result) -> float | None:
        """Return tokens/s as a multiple of nanoGPT's."""
        nanogpt = self._nanogpt()
        return one.tokens_per_sec / nanogpt.tokens_per_sec if nanogpt else None

    def memory_ratio(self, one: Result) -> float | None:
        """Return peak memory as a multiple of nanoGPT's."""
        nanogpt = self._nanogpt()
        return one.peak_bytes / nanogpt.peak_bytes if nanogpt else None

    def gemm_share(self, one: Result) -> float | None:
        """Return FLOP/s of the step as a share of the products' alone, in the same dtype."""
        gemm = self.gemms.get(one.dtype)
        return one.flop_per_sec / gemm.flop_per_sec if gemm else None

    def _nanogpt(self) -> Result | None:
        return next((one for one in self.results if one.contestant == "nanogpt"), None)


def compare(outcomes: dict[str, list[Outcome]], shape: Shape) -> Comparison:
    """Sort out who trained, what the machine can do, and who is absent."""
    absent = {
        name: missing
        for name, rounds in outcomes.items()
        for missing in [outcome.missing for outcome in rounds if outcome.missing]
    }
    results = [
        result(name, rounds, shape) for name, rounds in outcomes.items() if name not in absent
    ]
    gemms = {one.dtype: one for one in results if one.contestant.startswith("gemm")}
    others = [one for one in results if not one.contestant.startswith("gemm")]
    return Comparison(others, gemms, absent)
