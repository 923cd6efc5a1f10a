"""When will it be done? A recent pace, evaluations and checkpoints counted, told as a range."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tokmon.monitor.durations import duration
from tokmon.monitor.pace import RECENT_LINES, Pace, clock, pace
from tokmon.monitor.series import Frame
from tokmon.rundir.records import END_OF_TIME_S, Event

_CERTAINTY = 1.64
"""Standard deviations to either side: nine in ten, if the past is like the future."""


@dataclass(frozen=True, slots=True)
class Eta:
    """The foretold end, seconds from the moment of the state on."""

    remaining_s: float
    """Most likely."""
    ends_at: float
    """Clock time of that, seconds since 1970."""
    earliest_s: float = math.nan
    """Hardly before; the same as `remaining_s` where no range is known."""
    latest_s: float = math.nan
    """Hardly after."""

    def __post_init__(self) -> None:
        for name in ("earliest_s", "latest_s"):
            if math.isnan(getattr(self, name)):
                object.__setattr__(self, name, self.remaining_s)

    def in_words(self) -> str:
        """Return the remaining time: 18 min 30 s."""
        return duration(self.remaining_s)

    def range_in_words(self) -> str:
        """Return the range: 17 min 10 s to 22 min 40 s; one time where both ends read alike."""
        earliest, latest = duration(self.earliest_s), duration(self.latest_s)
        return earliest if earliest == latest else f"{earliest} to {latest}"


def foretell(of: Pace | None, *, step: int, until: int, now: float) -> Eta | None:
    """Return when step `until` is taken; None without a pace, or with no end in sight.

    Most likely the steps left take what a step takes lately, and each evaluation and checkpoint
    that falls due what it usually takes. The range holds both going on as lately and going back to
    the run's usual pace; to either side lies what predictions of this run's own past were off by.

    Args:
        of: how fast the run goes.
        step: steps taken.
        until: steps to take.
        now: seconds since 1970.
    """
    if of is None or step > until:
        return None
    # As floats: a run.json may name more steps than a float can count.
    left = min(float(until - step), END_OF_TIME_S)
    paused_s = sum(pause.count(step, until) * pause.duration_s for pause in of.pauses)
    remaining_s = left * of.step_s + paused_s
    if not now + remaining_s < END_OF_TIME_S:
        return None
    factor = math.exp(_CERTAINTY * of.spread.sigma(left)) if left else 1.0
    earliest_s = (left * min(of.step_s, of.usual_step_s) + paused_s) / factor
    latest_s = min((left * max(of.step_s, of.usual_step_s) + paused_s) * factor, END_OF_TIME_S)
    return Eta(remaining_s, now + remaining_s, earliest_s, latest_s)


def predict(*, step: int, max_steps: int, seconds_per_step: float | None, now: float) -> Eta | None:
    """Return the end at one pace, without a range; None where there is no rate, or no end."""
    if seconds_per_step is None:
        return None
    steady = Pace(step_s=seconds_per_step, usual_step_s=seconds_per_step)
    eta = foretell(steady, step=step, until=max_steps, now=now)
    return None if eta is None else Eta(eta.remaining_s, eta.ends_at)


def seconds_per_step(frame: Frame, events: Sequence[Event] = ()) -> float | None:
    """Return the time a step takes lately, its share of the pauses included."""
    found = pace(frame, events)
    return None if found is None else found.whole_step_s


def line_interval_s(frame: Frame) -> float | None:
    """Return the median time between the latest log lines, seconds."""
    _, seconds = clock(frame, RECENT_LINES + 1)
    durations = np.diff(seconds)
    durations = durations[np.isfinite(durations) & (durations > 0)]
    return float(np.median(durations)) if len(durations) else None
