"""What happened along a run, as signs on the x axis. Knows no colours."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from tokmon.monitor.places import Places, XAxis
from tokmon.rundir.records import Event, moment


class Mark(IntEnum):
    """A kind of mark; where two fall on one place, the higher is shown."""

    CHECKPOINT = 0
    WARMUP_END = 1
    RESUME = 2
    ALERT = 3

    @property
    def is_alert(self) -> bool:
        """Whether something went wrong there."""
        return self is Mark.ALERT


NAMES = {
    Mark.CHECKPOINT: "checkpoint",
    Mark.WARMUP_END: "warm-up end",
    Mark.RESUME: "resume",
    Mark.ALERT: "alert",
}
_UNICODE = {
    Mark.CHECKPOINT: "▪",
    Mark.WARMUP_END: "◣",
    Mark.RESUME: "↻",
    Mark.ALERT: "!",
}
_ASCII = {
    Mark.CHECKPOINT: "c",
    Mark.WARMUP_END: "w",
    Mark.RESUME: "r",
    Mark.ALERT: "!",
}
_KINDS = {
    "checkpoint": Mark.CHECKPOINT,
    "warmup_end": Mark.WARMUP_END,
    "resume": Mark.RESUME,
    **dict.fromkeys(
        ("not_finite", "spike", "rollback", "collapse", "implausible", "disk_full", "crash"),
        Mark.ALERT,
    ),
}


@dataclass(frozen=True, slots=True)
class Marked:
    """A mark at its place on the x axis."""

    x: float
    mark: Mark


def sign(mark: Mark, *, is_ascii: bool) -> str:
    """Return the character that stands for a kind."""
    return (_ASCII if is_ascii else _UNICODE)[mark]


def marks(events: Iterable[Event], places: Places, axis: XAxis) -> list[Marked]:
    """Return what is to be marked; on the clock by its own time, else by its step."""
    told = [(event, _KINDS[event.event]) for event in events if event.event in _KINDS]
    steps = np.array([_step(event) for event, _ in told], np.int64)
    x = places.of_steps(steps)
    if axis is XAxis.WALL:
        times = [moment(event.time) for event, _ in told]
        x = np.array([a if b is None else b for a, b in zip(x.tolist(), times, strict=True)])
    placed = zip(x.tolist(), told, strict=True)
    return [
        Marked(place, mark)
        for place, (event, mark) in placed
        if np.isfinite(place) and (event.step is not None or axis is XAxis.WALL)
    ]


def resumes(events: Iterable[Event], places: Places) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Return the first row after each resume."""
    steps = [_step(event) for event in events if event.event == "resume" and event.step is not None]
    rows = places.steps.searchsorted(np.array(steps, np.int64), side="right")
    return rows.astype(np.int64)


def _step(event: Event) -> int:
    return event.step if event.step is not None else 0
