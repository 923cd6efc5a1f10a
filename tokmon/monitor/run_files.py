"""The files of one run that a list needs, and what is kept of each. Must not judge (health does).

Thousands of runs are held at once: of run.json the bulk is dropped, of the log a brief is kept.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from tokmon.monitor import eta
from tokmon.monitor.best import lowest_logged
from tokmon.monitor.digest import Digest
from tokmon.monitor.log_ends import LogEnds, read_ends
from tokmon.monitor.series import Frame
from tokmon.monitor.watched_file import WatchedFile
from tokmon.rundir.layout import RunDir
from tokmon.rundir.records import (
    FINAL_PHASES,
    BadLineError,
    CheckpointInfo,
    Event,
    RunInfo,
    Summary,
    decode,
)

THINNED_POINTS = 16
"""Of the small curve."""
_RECENT_S = 86400.0
"""A log that is silent for longer is judged without its usual times, which cost half a millisecond
to work out."""
_EVENT_BYTES = 2**14
_BULKY = ("corpus", "tokenizer", "device", "gate", "git", "packages", "extra")


@dataclass(frozen=True, slots=True, eq=False)
class LogBrief:
    """What is kept of a log."""

    digest: Digest = field(default_factory=Digest)
    """Its last step, loss, time and rates, and the lowest validation loss that was read."""
    losses: tuple[float, ...] = ()
    """The train loss at equal distances in step, the highest of each; NaN where not finite."""
    is_whole: bool = True
    """Whether all of it was read."""
    bad_lines: int = 0
    """Among those that were read."""


class RunFiles:
    """What the files of a run said when they last could be read."""

    def __init__(self, run: RunDir) -> None:
        self.info = WatchedFile[RunInfo | None](run.run_info, _info, None)
        """run.json without its bulk."""
        self.summary = WatchedFile[Summary | None](run.summary, _summary, None)
        self.best = WatchedFile[CheckpointInfo | None](RunDir.sidecar(run.best), _sidecar, None)
        """The sidecar of the best checkpoint."""
        self.events = WatchedFile[tuple[Event, ...]](run.events, _last_events, ())
        """Those that tell of a crash, and of a start after it."""
        self.log = WatchedFile[LogBrief](run.log, self._log, LogBrief())
        self._every = (self.info, self.summary, self.best, self.events, self.log)
        self._lasting = (self.info, self.log)
        self._now = 0.0

    @property
    def written_at(self) -> float | None:
        """When run.json or the log were last written, by the last look, seconds since 1970."""
        times = [file.written_at for file in self._lasting]
        return max((time for time in times if time is not None), default=None)

    def peek(self) -> float:
        """Return when they were last written without reading them; 0 where there are none."""
        return max(file.peek() for file in self._lasting)

    @property
    def faults(self) -> tuple[str, ...]:
        """What could not be read, and why, safe to print."""
        faults = [file.fault for file in self._every if file.fault]
        if bad_lines := self.log.content.bad_lines:
            faults.append(f"{bad_lines} unreadable line{'s' if bad_lines > 1 else ''} in the log")
        return tuple(faults)

    @property
    def is_over(self) -> bool:
        """Whether the trainer itself says that the run has ended."""
        info, summary = self.info.content, self.summary.content
        if info is not None:
            return info.phase in FINAL_PHASES
        return summary is not None and summary.state in FINAL_PHASES

    def refresh(self, now: float, *, is_ended: bool = False) -> bool:
        """Read what has changed; return whether anything has.

        Args:
            now: seconds since 1970.
            is_ended: look at run.json and the log only: a run goes on by way of these.
        """
        self._now = now
        files = self._lasting if is_ended else self._every
        changes = [file.refresh() for file in files]
        return any(changes)

    def _log(self, path: Path) -> LogBrief:
        is_recent = self._now - (self.log.written_at or 0.0) < _RECENT_S
        return brief(read_ends(path), is_timed=is_recent and not self.is_over)


def brief(ends: LogEnds, *, is_timed: bool) -> LogBrief:
    """Return what is kept of a log.

    Args:
        ends: its lines, as far as they were read.
        is_timed: work out what steps and lines usually take.
    """
    frame = ends.frame
    if not len(frame):
        return LogBrief(is_whole=ends.is_whole, bad_lines=ends.bad_lines)
    loss = frame.points("train_loss").values.newest()
    digest = Digest(
        latest={} if loss is None else {"train_loss": loss},
        best=lowest_logged(frame),
        step=int(frame.steps[-1]),
        last_time=frame.points("time").values.newest(),
        seconds_per_step=eta.seconds_per_step(frame) if is_timed else None,
        line_interval_s=eta.line_interval_s(frame) if is_timed else None,
    )
    return LogBrief(digest, thinned(frame), ends.is_whole, ends.bad_lines)


def thinned(frame: Frame, points: int = THINNED_POINTS) -> tuple[float, ...]:
    """Return the train loss in equal parts of the steps: in each the highest that is known.

    A part without a line is on the straight line between its neighbours; one whose values are all
    not finite is NaN.
    """
    series = frame.series("train_loss")
    if not len(series):
        return ()
    first, last = int(series.steps[0]), int(series.steps[-1])
    points = min(points, len(series))
    part = (series.steps - first) * points // max(1, last - first + 1)
    highest = np.full(points, -np.inf)
    is_finite = np.isfinite(series.values)
    np.fmax.at(highest, part[is_finite], series.values[is_finite])
    is_known = np.isfinite(highest)
    if not is_known.any():
        return (float("nan"),) * points
    filled = np.interp(np.arange(points), np.flatnonzero(is_known), highest[is_known])
    broken = part[~is_finite]
    filled[broken[~is_known[broken]]] = np.nan
    return tuple(filled.tolist())


def _info(path: Path) -> RunInfo:
    """Return run.json; of its config only how many steps were asked for."""
    info = decode(path.read_bytes(), RunInfo)
    schedule = info.config.get("schedule")
    steps = schedule.get("steps") if isinstance(schedule, dict) else None
    lean: dict[str, Any] = {key: {} for key in _BULKY} | {"config": {"schedule": {"steps": steps}}}
    return msgspec.structs.replace(info, **lean)


def _summary(path: Path) -> Summary:
    return decode(path.read_bytes(), Summary)


def _sidecar(path: Path) -> CheckpointInfo:
    return decode(path.read_bytes(), CheckpointInfo)


def _last_events(path: Path) -> tuple[Event, ...]:
    """Return the last crash and what followed it, if a crash is told near the end of the file."""
    with path.open("rb", buffering=0) as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - _EVENT_BYTES))
        content = file.read(_EVENT_BYTES)
    if b'"crash"' not in content:
        return ()
    lines = content[content.rfind(b"\n", 0, content.rfind(b'"crash"')) + 1 :].split(b"\n")
    return tuple(event for line in lines if (event := _event(line)) is not None)


def _event(line: bytes) -> Event | None:
    """Return the event, or None: a bad line among them is told where the run itself is shown."""
    try:
        return decode(line, Event)
    except BadLineError:
        return None
