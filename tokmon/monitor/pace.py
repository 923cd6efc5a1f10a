"""How long steps and pauses take: what an end is foretold from. Pure.

A run goes at a step's own time, and stands still at each evaluation and each checkpoint. The log
says which intervals held an evaluation (a validation loss), the events which held a checkpoint.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from tokmon.monitor.pace_spread import PaceSpread, pace_spread
from tokmon.monitor.series import NO_POINTS, Floats, Frame, Ints, Mask, Points
from tokmon.rundir.records import END_OF_TIME_S, Event, moment

RECENT_LINES = 20
"""Their median follows a change of speed and ignores single pauses."""
KNOWN_LINES = 400
"""What is usual is judged by these."""
_AROUND_LINES = 10
_RECENT_PAUSES = 10


@dataclass(frozen=True, slots=True)
class Pause:
    """Something that recurs and stops the training for a while."""

    last_step: int
    """Where it was last."""
    every_steps: float
    """Usual distance."""
    duration_s: float
    """Usual length, lately."""

    def count(self, step: int, until: int) -> int:
        """Return how often it is to be expected after `step`, up to `until`."""
        missed = max(0.0, (step - self.last_step) // self.every_steps)
        due = (until - self.last_step) // self.every_steps - missed
        return int(max(0.0, min(due, END_OF_TIME_S)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """What the log says of the time to come."""

    step_s: float
    """Of a step lately, known pauses left out; what nothing explains is shared out over all."""
    usual_step_s: float
    """The same over the last 400 lines."""
    spread: PaceSpread = field(default_factory=PaceSpread)
    """How far that is to be trusted."""
    pauses: tuple[Pause, ...] = ()
    """Evaluations and checkpoints."""

    @property
    def whole_step_s(self) -> float:
        """Of a step lately, with its share of the pauses."""
        return self.step_s + sum(pause.duration_s / pause.every_steps for pause in self.pauses)


class KnownPace:
    """Works the pace out once for the same lines and events: a clock that ticks asks again."""

    def __init__(self) -> None:
        self._frame: Frame | None = None
        self._events: Sequence[Event] = ()
        self._pace: Pace | None = None

    def of(self, frame: Frame, events: Sequence[Event]) -> Pace | None:
        """Return what `pace` says."""
        if frame is not self._frame or events != self._events:
            self._frame, self._events, self._pace = frame, events, pace(frame, events)
        return self._pace


def pace(frame: Frame, events: Sequence[Event] = ()) -> Pace | None:
    """Return how fast the run goes; None while no interval between lines is known."""
    steps, seconds, is_evaluated = _lines(frame)
    durations, counts = np.diff(seconds), np.diff(steps).astype(np.float64)
    is_usable = np.isfinite(durations) & (durations > 0)
    if not is_usable.any():
        return None
    ends, durations, counts = steps[1:][is_usable], durations[is_usable], counts[is_usable]
    is_evaluated, is_saved = is_evaluated[1:][is_usable], _saved(frame, steps, events)[is_usable]
    is_plain = _plain(is_evaluated, is_saved)
    excess = durations - float(np.median((durations / counts)[is_plain])) * counts
    pauses, paused_s = _pauses(ends, excess, is_evaluated, is_saved)
    working_s = np.maximum(_without_longest(durations - paused_s), 1e-9)
    rates = working_s / counts
    unexplained = _recurring(working_s - _around(rates) * counts, counts)
    return Pace(
        step_s=float(np.median(rates[is_plain][-RECENT_LINES:])) + unexplained,
        usual_step_s=float(working_s.sum() / counts.sum()),
        spread=pace_spread(_timed(frame)),
        pauses=pauses,
    )


def clock(frame: Frame, count: int) -> tuple[Ints, Floats]:
    """Return steps and the clock of the last `count` lines: training seconds, or else wall time."""
    timed = _timed(frame).last(count)
    seconds = timed.values
    # What is no time would make all that is worked out from it none either.
    is_time = np.abs(seconds) < END_OF_TIME_S
    return timed.steps, np.where(is_time, seconds, np.nan)


def _timed(frame: Frame) -> Points:
    found = [frame.points(key) for key in ("elapsed_s", "time")]
    return next((points for points in found if len(points) > 1), NO_POINTS)


def _lines(frame: Frame) -> tuple[Ints, Floats, Mask]:
    """Return the known lines: steps, clock, and whether an evaluation ran before each."""
    steps, seconds = clock(frame, KNOWN_LINES + 1)
    evaluated = frame.points("val_loss").steps
    return steps, seconds, np.isin(steps, evaluated[-len(steps) :])


def _saved(frame: Frame, steps: Ints, events: Sequence[Event]) -> Mask:
    """Say for each interval between lines whether a checkpoint was written in it.

    By time where the log has it: a checkpoint of a step is written after the line of that step.
    """
    saved = [event for event in events if event.event == "checkpoint"]
    times = frame.columns.get("time")
    if times is not None:
        lines: Floats = times.values[np.searchsorted(frame.steps, steps)]
        marks = [time for event in saved if (time := moment(event.time)) is not None]
    else:
        lines = steps.astype(np.float64)
        marks = [float(event.step) + 0.5 for event in saved if event.step is not None]
    counts = np.searchsorted(np.sort(np.array(marks)), lines, "right")
    return np.asarray(np.diff(counts) > 0)


def _plain(is_evaluated: Mask, is_saved: Mask) -> Mask:
    """Say which intervals show a step's own time: those without a pause, if there are enough."""
    is_plain = ~is_evaluated & ~is_saved
    for candidate in (is_plain, ~is_evaluated):
        if 4 * candidate.sum() >= len(candidate):
            return candidate
    return np.ones(len(is_plain), np.bool_)


def _pauses(
    ends: Ints, excess: Floats, is_evaluated: Mask, is_saved: Mask
) -> tuple[tuple[Pause, ...], Floats]:
    """Return what recurs, and how much of each interval it took."""
    paused_s = np.zeros(len(ends))
    found = []
    for is_paused in (is_evaluated, is_saved):
        at = np.flatnonzero(is_paused)
        # Where all of one kind come with the other kind, they are told apart by what is left.
        alone = at if is_paused is is_saved else at[~is_saved[at]]
        taken = (excess - paused_s)[(alone if len(alone) else at)[-_RECENT_PAUSES:]]
        if len(taken) == 0 or (duration_s := float(np.median(taken))) <= 0:
            continue
        paused_s[at] += np.minimum(duration_s, np.maximum(0.0, (excess - paused_s)[at]))
        gaps = np.diff(ends[at])
        every = float(np.median(gaps)) if len(gaps) else float(ends[at[0]])
        found.append(Pause(int(ends[at[-1]]), max(1.0, every), duration_s))
    return tuple(found), paused_s


def _recurring(excess_s: Floats, counts: Floats) -> float:
    """Return what pauses that nothing explains add to a step: what both halves of the log show."""
    halves = (slice(None, len(counts) // 2), slice(len(counts) // 2, None))
    shares = [excess_s[half].sum() / counts[half].sum() for half in halves if counts[half].any()]
    return max(0.0, float(min(shares)))


def _around(rates: Floats) -> Floats:
    """Return the median of the ten intervals to either side of each: a slow hour is no pause."""
    padded = np.pad(rates, _AROUND_LINES, mode="reflect" if len(rates) > _AROUND_LINES else "edge")
    return np.median(sliding_window_view(padded, 2 * _AROUND_LINES + 1), axis=1)


def _without_longest(durations: Floats) -> Floats:
    """Cut the longest to the second longest: a suspended laptop does not recur."""
    if len(durations) == 1:
        return durations
    cut: Floats = np.minimum(durations, np.sort(durations)[-2])
    return cut
