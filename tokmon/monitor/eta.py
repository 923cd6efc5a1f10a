"""When will it be done? A robust recent rate in which evaluations and saves are counted."""

from dataclasses import dataclass

import numpy as np

from tokmon.monitor.durations import duration
from tokmon.monitor.series import Floats, Frame, Ints
from tokmon.rundir.records import END_OF_TIME_S

_RATE_LINES = 20
_PAUSE_LINES = 150


@dataclass(frozen=True, slots=True)
class Eta:
    """The foretold end."""

    remaining_s: float
    """Seconds from the moment of the state on."""
    ends_at: float
    """Clock time, seconds since 1970."""

    def in_words(self) -> str:
        """Return the remaining time: 18 min 30 s."""
        return duration(self.remaining_s)


def predict(*, step: int, max_steps: int, seconds_per_step: float | None, now: float) -> Eta | None:
    """Return the end at the recent rate; None where there is no rate yet, or no end in sight.

    Args:
        step: steps taken.
        max_steps: steps asked for.
        seconds_per_step: of `seconds_per_step`, pauses included.
        now: seconds since 1970.
    """
    if seconds_per_step is None or step > max_steps:
        return None
    # As floats: a run.json may name more steps than a float can count.
    remaining_s = min(float(max_steps - step), END_OF_TIME_S) * seconds_per_step
    is_in_sight = now + remaining_s < END_OF_TIME_S
    return Eta(remaining_s, now + remaining_s) if is_in_sight else None


def seconds_per_step(frame: Frame) -> float | None:
    """Return the time a step takes lately, its share of the pauses included.

    The median of the last 20 lines follows a change of speed and ignores pauses. What the last 150
    lines took above their own median are the pauses; the longest is cut to the second longest, so
    that an evaluation that recurs counts in full and one suspended laptop does not.
    """
    steps, seconds = _clock(frame)
    per_line, line_steps = _line_durations(steps[-_PAUSE_LINES:], seconds[-_PAUSE_LINES:])
    if not len(per_line):
        return None
    rates = per_line / line_steps
    usual = float(np.median(rates))
    excess = np.clip(per_line - usual * line_steps, 0, None)
    if len(excess) > 1:
        excess = np.minimum(excess, np.sort(excess)[-2])
    return float(np.median(rates[-_RATE_LINES:]) + excess.sum() / line_steps.sum())


def line_interval_s(frame: Frame) -> float | None:
    """Return the median time between the latest log lines, seconds."""
    steps, seconds = _clock(frame)
    per_line, _ = _line_durations(steps[-_RATE_LINES:], seconds[-_RATE_LINES:])
    return float(np.median(per_line)) if len(per_line) else None


def _clock(frame: Frame) -> tuple[Ints, Floats]:
    """Return steps and the clock to time them by: training seconds, or else wall time."""
    for key in ("elapsed_s", "time"):
        series = frame.series(key)
        if len(series) > 1:
            recent = slice(-2 * _PAUSE_LINES, None)
            seconds = series.values[recent]
            # What is no time would make all that is worked out from it none either.
            is_time = np.abs(seconds) < END_OF_TIME_S
            return series.steps[recent], np.where(is_time, seconds, np.nan)
    return frame.steps[:0], np.empty(0)


def _line_durations(steps: Ints, seconds: Floats) -> tuple[Floats, Floats]:
    durations, line_steps = np.diff(seconds), np.diff(steps).astype(np.float64)
    is_usable = np.isfinite(durations) & (durations > 0)
    return durations[is_usable], line_steps[is_usable]
