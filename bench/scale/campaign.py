"""Measures point after point, and keeps what there is when it is stopped."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from bench.scale.measured import Row, row_of
from bench.scale.point import BASE, Outcome, Point
from bench.scale.runner import Runner, or_better
from bench.speed.stop import Stopped
from tokmon.rundir.errors import TokmonError
from trainer.config import Config
from trainer.config_file import load_config
from trainer.flops import Rates


@dataclass
class Campaign:
    """All points, and what came of them so far."""

    runner: Runner
    points: list[Point]
    is_one_plan: bool
    """Whether every point computes as the base does; else each as the trainer chooses there."""
    outcomes: list[tuple[Point, Outcome]] = field(default_factory=list)
    rates: dict[str, Rates] = field(default_factory=dict)
    """What this machine does at best, by dtype."""
    stopped: Stopped | None = None

    def run(self) -> None:
        """Measure all.

        Raises:
            Stopped: before the base was measured; later, what there is stays, and says so.
        """
        try:
            for number, point in enumerate(self.points, 1):
                outcome = self._measured(point)
                self.outcomes.append((point, outcome))
                self._tell(number, point, outcome)
                if point.dimension == BASE:
                    self._measure_rates()
            self._measure_rates()
        except Stopped as stop:
            if not self.outcomes:
                raise
            self.stopped = stop

    @property
    def base(self) -> Outcome:
        """Of the point that all others differ from."""
        return self.outcomes[0][1]

    @property
    def cut_short(self) -> str:
        """How it was stopped; empty where it was not."""
        if self.stopped is None:
            return ""
        return f"{self.stopped.name} came after {len(self.outcomes)} of {len(self.points)} points"

    def rows(self) -> list[Row]:
        """Return everything measured so far beside what was counted."""
        return [
            row_of(point, self._config(point), outcome, self.rates)
            for point, outcome in self.outcomes
        ]

    def _measured(self, point: Point) -> Outcome:
        plan = self.base.plan if self.is_one_plan and self.outcomes else None
        try:
            self.config(point)
            outcome = self.runner.measure(point, plan or None)
        except TokmonError as error:
            outcome = Outcome(failed=str(error))
        path = self.runner.template.config  # where it lies is nobody's business
        return replace(outcome, failed=outcome.failed.replace(path, Path(path).name))

    def config(self, point: Point) -> Config:
        """Return what a point trains.

        Raises:
            TokmonError: there is no such model.
        """
        template = self.runner.template
        return load_config(Path(template.config), (*template.overrides, *point.overrides))

    def _config(self, point: Point) -> Config | None:
        try:
            return self.config(point)
        except TokmonError:
            return None  # its outcome says why

    def _measure_rates(self) -> None:
        if dtypes := set(self._dtypes()):
            self.rates = or_better(self.rates, self.runner.peaks(dtypes))

    def _dtypes(self) -> Iterator[str]:
        return (outcome.dtype for _, outcome in self.outcomes if outcome.dtype)

    def _tell(self, number: int, point: Point, outcome: Outcome) -> None:
        said = outcome.failed or f"{1e3 * min(outcome.step_s):.4g} ms a step at best"
        sys.stderr.write(f"{number}/{len(self.points)}  {point}: {said}\n")
        sys.stderr.flush()
