"""What predictions stand on: a GPU that was measured, or counts at assumed rates. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from bench.scale.measured import Row, counted
from bench.scale.point import BASE, BATCH, Outcome
from bench.scale.prediction import Base, Cluster, Step, phases
from bench.scale.sharded import Pace
from trainer.config import Config
from trainer.flops import Rates

_MEMORIES = {"32 GB": 32e9, "80 GB": 80e9, "141 GB": 141e9}
"""Of an RTX 5090, an H100 and an H200."""
_DTYPE = "bfloat16"


@dataclass(frozen=True)
class Assumptions:
    """What a prediction takes for granted; all of it is said on the page."""

    gpus: tuple[int, ...]
    links: dict[str, float]
    """GB/s each way, by name."""
    bucket_mb: float
    """DistributedDataParallel's bucket_cap_mb, in MiB as there."""
    tflops: float
    """Of a GPU, where none was measured."""
    copy_gb_per_sec: float
    """The same."""

    @property
    def cap_bytes(self) -> float:
        """Of a bucket."""
        return self.bucket_mb * 2**20

    @property
    def rates(self) -> Rates:
        """Of a GPU, where none was measured."""
        return Rates(1e12 * self.tflops, 1e9 * self.copy_gb_per_sec)

    @property
    def clusters(self) -> list[Cluster]:
        """Every number of GPUs on every link; one GPU alone has none."""
        alone = [Cluster(1, "-", 1.0)] if 1 in self.gpus else []
        several = [gpus for gpus in sorted(set(self.gpus)) if gpus > 1]
        return alone + [
            Cluster(gpus, name, 1e9 * rate) for gpus in several for name, rate in self.links.items()
        ]


@dataclass(frozen=True)
class Ground:
    """One GPU: how long its step takes, and what else is known of it."""

    base: Base
    pace: Pace
    """For larger models."""
    words: str
    """Where the step comes from."""
    missed: str
    """How larger models are taken to miss their floor, in words."""
    memories: dict[str, float]
    """Bytes of GPUs, by name."""


def counted_ground(reference: Config, assumed: Assumptions) -> Ground:
    """Return the ground where no GPU was measured: the floor of a step at the assumed rates."""
    rates, data = assumed.rates, reference.data
    _, least = counted(reference, 1, rates, _DTYPE, is_gpu=True)
    step = phases(least.total_s, least)
    at = f"{assumed.tflops:g} TFLOP/s and {assumed.copy_gb_per_sec:g} GB/s"
    return Ground(
        base=Base(step, data.batch_size, data.seq_len, {}),
        pace=Pace(rates, 1.0),
        words=(
            f"the floor of one GPU's step counted at {at}, {1e3 * step.total_s:.2f} ms for "
            f"{data.batch_size} x {data.seq_len} tokens (no GPU was measured, and no step is as "
            "fast as its floor)"
        ),
        missed=f" at {at}",
        memories=_MEMORIES,
    )


def measured_ground(rows: Sequence[Row], outcome: Outcome, peaks: dict[str, Rates]) -> Ground:
    """Return the ground that a sweep on a GPU gives; `outcome`: of its base, which has rates."""
    row = next(row for row in rows if row.point.dimension == BASE)
    assert row.config is not None
    assert row.numbers is not None
    data, share = row.config.data, row.numbers.floor_share or 1.0
    smaller = {
        other.point.value: _step(other, peaks[other.numbers.dtype])
        for other in rows
        if other.point.dimension == BATCH
        and other.numbers is not None
        and other.numbers.dtype in peaks
    }
    rates = peaks[outcome.dtype]
    return Ground(
        base=Base(_step(row, rates), data.batch_size, data.seq_len, smaller),
        pace=Pace(rates, share),
        words=(
            f"one GPU's step as measured above, {1e3 * row.numbers.step_s:.2f} ms for "
            f"{data.batch_size} x {data.seq_len} tokens on {outcome.gpu}"
        ),
        missed=f" at the rates measured here, over {share:.2f}, the base's own share of its floor",
        memories={f"{outcome.gpu} here": float(outcome.gpu_bytes), **_MEMORIES},
    )


def _step(row: Row, rates: Rates) -> Step:
    assert row.config is not None
    assert row.numbers is not None
    _, least = counted(row.config, 1, rates, row.numbers.dtype, is_gpu=True)
    return phases(row.numbers.step_s, least)
