"""How fast the steps since the last log line were, and where their time went."""

import math
from typing import NamedTuple

from trainer.flops import Rates, floor, step_traffic, training_flops
from trainer.session import Session
from trainer.stopwatch import Stopwatch

_DIGITS = 4


class Speed(NamedTuple):
    """Of the steps between two log lines."""

    steps_per_sec: float
    """While training; evaluation and saving left out."""
    shares: dict[str, float]
    """Keys of a step record: the share of each part, utilisation, and what the floor is of it."""


class Speedometer:
    """Reads the marks and the clock of a run at its log lines.

    Args:
        session: whose steps.
        stopwatch: of the run.
        rates: what this process's device does at best; None leaves out what needs them.
    """

    def __init__(self, session: Session, stopwatch: Stopwatch, rates: Rates | None) -> None:
        self._session = session
        self._stopwatch = stopwatch
        self._rates = rates
        self._step = session.step

    def restart(self) -> None:
        """Begin an interval at the step where the session stands."""
        self.read()

    def read(self) -> Speed:
        """Return the speed since the last reading, and begin another interval."""
        session, lap = self._session, self._stopwatch.lap()
        # Not log.every: after a resume the first interval began in an earlier attempt.
        steps, self._step = session.step - self._step, session.step
        parts = {str(part): s for part, s in session.marks.take(steps).items()}
        shares = {}
        if parts and steps > 0:
            known_s = math.fsum(parts.values())
            gap_s = max(0.0, lap.training_s - known_s)
            spent: dict[str, float] = {
                **parts,
                "eval": lap.eval_s,
                "save": lap.save_s,
                "gap": gap_s,
            }
            total_s = math.fsum(spent.values())
            shares = {f"{part}_share": round(s / total_s, _DIGITS) for part, s in spent.items()}
        return Speed(steps / lap.training_s, shares | self._worth(steps, lap.training_s))

    def _worth(self, steps: int, training_s: float) -> dict[str, float]:
        """Return utilisation and share of the floor, as far as the device's rates are known."""
        if self._rates is None or steps <= 0:
            return {}
        config, plan = self._session.config, self._session.plan
        tokens = config.tokens_per_step // self._session.group.size
        flops = training_flops(config.model, config.data.seq_len).times(tokens)
        floor_s = floor(
            flops, step_traffic(config.model, tokens, plan.torch_dtype.itemsize), self._rates
        ).total_s
        flops_per_sec = steps * flops.total / training_s
        return {
            "mfu": round(flops_per_sec / self._rates.flops_per_sec, _DIGITS),
            "floor_share": round(steps * floor_s / training_s, _DIGITS),
        }
