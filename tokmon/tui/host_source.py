"""Which sample of the host is shown: the run's own, or one that was taken here. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from tokmon.monitor.state import RunState
from tokmon.rundir.records import System, moment
from tokmon.tui.host_reader import HostReading

_USUAL_S = 5.0
"""Between two samples of our trainer; what is assumed of a log with one."""
_INTERVALS = 3
_LEAST_S = 15.0
_LOOKED_AT = 9


@dataclass(frozen=True, slots=True)
class ShownSample:
    """A sample, and where it is from."""

    system: System
    age_s: float | None
    """None where it does not say when it was taken."""
    own_pids: frozenset[int]
    """Processes on the GPUs that belong to the run."""
    is_read_here: bool = False
    is_old: bool = False
    """Whether a newer one is overdue."""


def allowed_age_s(systems: Sequence[System]) -> float:
    """Return how old the newest sample may be, judged against the log's own interval."""
    times = [when for one in systems[-_LOOKED_AT:] if (when := moment(one.time)) is not None]
    gaps = [after - before for before, after in pairwise(times) if after > before]
    return max(_LEAST_S, _INTERVALS * (median(gaps) if gaps else _USUAL_S))


def is_reading_wanted(state: RunState, host: str) -> bool:
    """Say whether the monitor has to look itself.

    Args:
        state: of the run.
        host: the name of this one, as run.json would have it.
    """
    is_here = state.info is not None and state.info.host == host
    if not is_here or not state.health.phase.is_live or state.is_loading:
        return False
    return not state.systems or _tells_no_gpu(state.systems[-1]) or _is_old(state)


def shown_sample(state: RunState, reading: HostReading | None, host: str) -> ShownSample | None:
    """Return what to show; None while nothing is known."""
    if reading is not None and is_reading_wanted(state, host):
        own = reading.own_pids
        age_s = _age_s(reading.system, state.now)
        return ShownSample(reading.system, age_s, own, is_read_here=True)
    if not state.systems:
        return None
    system, pid = state.systems[-1], state.info.pid if state.info else None
    is_old = state.health.phase.is_live and _is_old(state)
    own = frozenset() if pid is None else frozenset({pid})
    return ShownSample(system, _age_s(system, state.now), own, is_old=is_old)


def _tells_no_gpu(system: System) -> bool:
    """Say whether a sample names neither a GPU nor why there is none: another program's."""
    return not system.gpus and system.gpu_unavailable is None


def _is_old(state: RunState) -> bool:
    age_s = _age_s(state.systems[-1], state.now)
    return age_s is None or age_s > allowed_age_s(state.systems)


def _age_s(system: System, now: float) -> float | None:
    taken = moment(system.time)
    return None if taken is None else now - taken
