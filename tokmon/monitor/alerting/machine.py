"""Rules over the samples of GPUs and host: idle, nearly full. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from tokmon.monitor.alerting.span import AlertSpan, Points
from tokmon.monitor.alerting.tracker import Tracker
from tokmon.monitor.series import Floats
from tokmon.monitor.state import Severity
from tokmon.rundir.records import Gpu, System, moment

GIB = 2**30
DISK_ERROR_BYTES = GIB
DISK_WARNING_BYTES = 5 * GIB
FULL_SHARE = 0.95
"""Of the memory of a GPU or of the host."""
ROOMY_SHARE = 0.93
FULL_SAMPLES = 3
_ROOMY_FACTOR = 1.1


@dataclass(frozen=True, slots=True)
class Level:
    """A figure of a sample with two thresholds; which is above the other says what is bad."""

    rule: str
    severity: Severity
    read: Callable[[System], float]
    bad: float
    good: float
    say: Callable[[float, float], str]
    begin_after: int = FULL_SAMPLES

    @property
    def is_bad_above(self) -> bool:
        """Whether more is worse."""
        return self.bad > self.good


class MachineLevel:
    """Follows one level; begins and ends at different thresholds."""

    def __init__(self, level: Level) -> None:
        self._level = level
        worst = np.max if level.is_bad_above else np.min
        self._tracker = Tracker(
            level.rule,
            level.severity,
            level.say,
            begin_after=level.begin_after,
            worst=worst,
            is_stepped=False,
        )

    def read(self, systems: Sequence[System], times: Floats) -> None:
        """Take in new samples, and when they were taken (shape (N,))."""
        level = self._level
        values = np.array([level.read(system) for system in systems], np.float64)
        known = np.isfinite(values)
        values, times = values[known], times[known]
        sign = 1.0 if level.is_bad_above else -1.0
        points = Points(np.zeros(len(values), np.int64), times, values, np.full(len(values), 0.0))
        is_bad, is_good = sign * (values - level.bad) > 0, sign * (values - level.good) < 0
        self._tracker.extend(points, is_bad, is_good)

    def spans(self) -> list[AlertSpan]:
        """Return what was found."""
        return self._tracker.spans()


def levels() -> tuple[MachineLevel, ...]:
    """Return the followers of all levels, new."""
    return tuple(MachineLevel(level) for level in _LEVELS)


def times_of(systems: Sequence[System]) -> Floats:
    """Return when samples were taken, seconds since 1970, NaN where they do not say."""
    return np.array([np.nan if (at := moment(one.time)) is None else at for one in systems])


def busiest_pct(system: System) -> float:
    """Return the utilisation of the busiest GPU, 0 to 100, or NaN."""
    return _highest([gpu.utilization_pct for gpu in system.gpus])


def _gpu_memory_share(system: System) -> float:
    return _highest([_memory_share(gpu) for gpu in system.gpus])


def _memory_share(of: Gpu | System) -> float | None:
    used, total = of.memory_used_bytes, of.memory_total_bytes
    return None if used is None or not total else used / total


def _host_memory_share(system: System) -> float:
    return _highest([_memory_share(system)])


def _disk_free_bytes(system: System) -> float:
    return _highest([system.disk_free_bytes])


def _highest(values: Sequence[float | None]) -> float:
    known = [float(value) for value in values if value is not None]
    return max(known, default=np.nan)


def _say_disk(free: float, _: float) -> str:
    return f"disk nearly full: {free / GIB:.1f} GiB free"


_LEVELS = (
    Level(
        "gpu_memory",
        Severity.WARNING,
        _gpu_memory_share,
        FULL_SHARE,
        ROOMY_SHARE,
        lambda worst, _: f"GPU memory {100 * worst:.0f} % full",
    ),
    Level(
        "host_memory",
        Severity.WARNING,
        _host_memory_share,
        FULL_SHARE,
        ROOMY_SHARE,
        lambda worst, _: f"host memory {100 * worst:.0f} % full",
    ),
    Level(
        "disk",
        Severity.WARNING,
        _disk_free_bytes,
        DISK_WARNING_BYTES,
        DISK_WARNING_BYTES * _ROOMY_FACTOR,
        _say_disk,
        begin_after=1,
    ),
    Level(
        "disk",
        Severity.ERROR,
        _disk_free_bytes,
        DISK_ERROR_BYTES,
        DISK_ERROR_BYTES * _ROOMY_FACTOR,
        _say_disk,
        begin_after=1,
    ),
)
