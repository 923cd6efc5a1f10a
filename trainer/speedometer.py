"""How fast the steps since the last log line were, and where their time went."""

import math
from typing import NamedTuple

from trainer.best_rates import measured_again
from trainer.flops import Parts, Rates, floor, step_traffic, training_flops
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
        self._is_measured_again = False
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
        step_s, session = training_s / steps, self._session
        if self._floor_s(self._rates) > step_s and not self._is_measured_again:
            # The rates were measured while the machine was busy with something else.
            with self._stopwatch.interruption("other"):
                self._rates = measured_again(session, self._rates)
            self._is_measured_again = True
        floor_share = self._floor_s(self._rates) / step_s
        mfu = self._flops().total / step_s / self._rates.flops_per_sec
        # What is left above 1 is what the rates are still too low by.
        return {
            "mfu": round(mfu / max(1.0, floor_share), _DIGITS),
            "floor_share": round(min(1.0, floor_share), _DIGITS),
        }

    def _floor_s(self, rates: Rates) -> float:
        session = self._session
        activation_bytes = session.plan.torch_dtype.itemsize
        traffic = step_traffic(session.config.model, self._tokens(), activation_bytes)
        return floor(self._flops(), traffic, rates).total_s

    def _flops(self) -> Parts:
        config = self._session.config
        return training_flops(config.model, config.data.seq_len).times(self._tokens())

    def _tokens(self) -> int:
        return self._session.config.tokens_per_step // self._session.group.size
