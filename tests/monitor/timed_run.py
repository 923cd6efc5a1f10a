"""A run whose log tells where its time went; all else is as RunBuilder writes it."""

from typing import Any

from tests.runs.builder import RunBuilder
from tokmon.rundir.records import Step

SHARES = {
    "head_share": 0.7146,
    "trunk_share": 0.2064,
    "optimizer_share": 0.0418,
    "input_share": 0.0112,
    "eval_share": 0.0,
    "save_share": 0.0009,
    "gap_share": 0.0251,
}
"""Of an interval without an evaluation."""
EVAL_SHARES = {key: share * 0.75 for key, share in SHARES.items()} | {"eval_share": 0.25}
"""Of one with an evaluation of a second and a bit."""


class TimedRun(RunBuilder):
    """Draws no random number of its own: its other lines are those of a RunBuilder."""

    def line(self, **fields: Any) -> Step:
        is_evaluated = (self.step + self.interval) % self.eval_every == 0
        shares = EVAL_SHARES if is_evaluated else SHARES
        return super().line(**(shares | {"mfu": 0.6312, "floor_share": 0.7093} | fields))
