"""Starts what measures a point, one after the other, and reads its answer. Imports no torch."""

import json
import sys
from collections.abc import Iterable
from dataclasses import dataclass, replace

from bench.scale.point import Outcome, Point, Task
from bench.speed.process import Ended
from bench.speed.rounds import Pit
from trainer.flops import Rates

_PEAKS_LIMIT_S = 120.0


@dataclass(frozen=True)
class Runner:
    """With what all points are measured."""

    template: Task
    """Of the base."""
    device: str
    """cpu or cuda."""
    pit: Pit
    limit_s: float
    """For one point, from its start to its end."""

    def measure(self, point: Point, plan: dict[str, object] | None) -> Outcome:
        """Run one point to its end or to the limit; a fault is an outcome too."""
        overrides = (*self.template.overrides, *point.overrides)
        task = replace(self.template, overrides=overrides, plan=plan)
        # Ranks share the cores of this machine.
        pit = replace(self.pit, threads=max(1, self.pit.threads // point.ranks))
        words = ["-m", "bench.scale.child", task.encode()]
        if point.ranks > 1:
            torchrun = ["-m", "torch.distributed.run", "--standalone"]
            words = [*torchrun, f"--nproc-per-node={point.ranks}", *words]
        ended = pit.start([sys.executable, *words], self.device, self.limit_s)
        return outcome_of(ended, self.limit_s)

    def peaks(self, dtypes: Iterable[str]) -> dict[str, Rates]:
        """Measure what the machine does at best, by dtype; nothing where that fails."""
        words = ["-m", "bench.scale.peaks", self.template.encode(), *sorted(set(dtypes))]
        ended = self.pit.start([sys.executable, *words], self.device, _PEAKS_LIMIT_S)
        if ended.fault:
            sys.stderr.write(f"this machine's best rates: {ended.fault}\n")
            return {}
        return {dtype: Rates(**rates) for dtype, rates in json.loads(ended.stdout).items()}


def outcome_of(ended: Ended, limit_s: float) -> Outcome:
    """Return what was measured, or why not: the first that a rank said, else how it ended."""
    if ended.exit_code is None:
        return Outcome(failed=f"ran over its {limit_s:.0f} s")
    said = [line for line in ended.stdout.splitlines() if line.startswith("{")]
    outcomes = [Outcome(**json.loads(line)) for line in said]
    if outcomes:
        return next((one for one in outcomes if one.failed), outcomes[0])
    return Outcome(failed=ended.fault or "it said nothing")


def or_better(rates: dict[str, Rates], more: dict[str, Rates]) -> dict[str, Rates]:
    """Return the best of two measurements: what disturbs one makes it slower, never faster."""
    both = {dtype: [one[dtype] for one in (rates, more) if dtype in one] for dtype in rates | more}
    return {dtype: Rates(*map(max, zip(*found, strict=True))) for dtype, found in both.items()}
