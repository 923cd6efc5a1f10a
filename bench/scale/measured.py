"""A point's outcome beside what its step has to compute and move. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import median

from bench.scale.point import Outcome, Point
from trainer.config import Config
from trainer.flops import Floor, Parts, Rates, floor, parameters, step_traffic, training_flops

ACTIVATION_BYTES = {"bfloat16": 2, "float32": 4}


@dataclass(frozen=True)
class Numbers:
    """Of a point that was measured."""

    step_s: float
    """Median over the blocks."""
    fastest_s: float
    slowest_s: float
    tokens_per_sec: float
    """Of all ranks together."""
    peak_bytes: int
    """Of the rank that took most."""
    mfu: float | None
    """Counted FLOP over those of the machine's best product in the same time; None if not known."""
    floor_share: float | None
    """The floor over the time of a step."""
    dtype: str
    """Of matrix products."""
    how: str
    """It computed, in words."""


@dataclass(frozen=True)
class Row:
    """One point."""

    point: Point
    config: Config | None
    """None where there is none like that."""
    parameters: int
    failed: str
    """Why there are no numbers."""
    numbers: Numbers | None = None

    @property
    def tokens_per_step(self) -> int:
        """Of all ranks together."""
        return self.config.tokens_per_step if self.config is not None else 0


def row_of(
    point: Point, config: Config | None, outcome: Outcome, peaks: Mapping[str, Rates]
) -> Row:
    """Put a point's numbers together; `peaks` by dtype."""
    count = parameters(config.model) if config is not None else 0
    if config is None or outcome.failed:
        return Row(point, config, count, outcome.failed)
    step_s = median(outcome.step_s)
    mfu = floor_share = None
    if outcome.dtype in peaks:
        flops, least = counted(
            config, point.ranks, peaks[outcome.dtype], outcome.dtype, is_gpu=bool(outcome.gpu)
        )
        mfu = flops.total / step_s / peaks[outcome.dtype].flops_per_sec
        floor_share = least.total_s / step_s
    numbers = Numbers(
        step_s=step_s,
        fastest_s=min(outcome.step_s),
        slowest_s=max(outcome.step_s),
        tokens_per_sec=config.tokens_per_step / step_s,
        peak_bytes=outcome.peak_bytes,
        mfu=mfu,
        floor_share=floor_share,
        dtype=outcome.dtype,
        how=outcome.how,
    )
    return Row(point, config, count, "", numbers)


def counted(
    config: Config, ranks: int, rates: Rates, dtype: str, *, is_gpu: bool
) -> tuple[Parts, Floor]:
    """Return FLOP and floor of a step on one device.

    Each rank has a GPU of its own. On a CPU all of them share one, which then has to compute
    everything, and to update the weights of each.
    """
    own_tokens = config.tokens_per_step // ranks if is_gpu else config.tokens_per_step
    flops = training_flops(config.model, config.data.seq_len).times(own_tokens)
    traffic = step_traffic(config.model, own_tokens, ACTIVATION_BYTES[dtype])
    if not is_gpu:
        traffic = traffic._replace(optimizer=ranks * traffic.optimizer)
    return flops, floor(flops, traffic, rates)
