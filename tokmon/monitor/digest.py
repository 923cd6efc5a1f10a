"""What is wanted of the metrics at every look, worked out once per change of the log. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from tokmon.monitor import eta
from tokmon.monitor.best import lowest_logged
from tokmon.monitor.series import Frame
from tokmon.monitor.state import Best
from tokmon.monitor.time_spent import TimeSpent, time_spent

WATCHED_KEYS = ("train_loss", "val_loss", "grad_norm")
"""Metrics that should be finite wherever they stand."""


@dataclass(frozen=True, slots=True)
class NotFinite:
    """A metric that was null where other lines had a value."""

    key: str
    count: int
    """How often."""
    last_step: int
    """Where last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """A frame in brief."""

    latest: Mapping[str, float] = field(default_factory=dict)
    """The newest value of each metric, with `step`."""
    lowest: Mapping[str, float] = field(default_factory=dict)
    """The lowest value of each validation metric."""
    best: Best | None = None
    """The lowest validation loss in the log, without its file."""
    not_finite: tuple[NotFinite, ...] = ()
    step: int | None = None
    """Of the last line."""
    last_time: float | None = None
    """Of the last line that names one, seconds since 1970."""
    first_time: float | None = None
    """Of the first."""
    seconds_per_step: float | None = None
    """Lately, pauses included."""
    line_interval_s: float | None = None
    """Usual time between lines."""
    time_spent: TimeSpent = field(default_factory=TimeSpent)
    """Where the time goes, where the log tells it."""


def digest(frame: Frame) -> Digest:
    """Return the frame in brief."""
    times = frame.points("time").values
    latest = _latest(frame)
    return Digest(
        latest=latest,
        lowest=_lowest(frame),
        best=lowest_logged(frame),
        not_finite=tuple(found for key in WATCHED_KEYS if (found := _not_finite(frame, key))),
        step=int(frame.steps[-1]) if len(frame) else None,
        last_time=times.newest(),
        first_time=times.oldest(),
        seconds_per_step=eta.seconds_per_step(frame),
        line_interval_s=eta.line_interval_s(frame),
        time_spent=time_spent(frame),
    )


def _latest(frame: Frame) -> dict[str, float]:
    latest = {"step": float(frame.steps[-1])} if len(frame) else {}
    for key, column in frame.columns.items():
        if (value := column.known.newest()) is not None:
            latest[key] = value
    return latest


def _lowest(frame: Frame) -> dict[str, float]:
    found = {key: frame.points(key).values for key in ("val_loss", "val_bpb")}
    places = {key: values.lowest() for key, values in found.items()}
    return {key: found[key][place] for key, place in places.items() if place is not None}


def _not_finite(frame: Frame, key: str) -> NotFinite | None:
    """Return the nulls of a metric; one that never has a value is not measured, not broken."""
    points = frame.points(key)
    unknown = points.values.unknown
    never_measured = points.values.is_empty and key != "train_loss"
    if not unknown.count or never_measured:
        return None
    return NotFinite(key, unknown.count, int(points.steps[unknown.last]))
