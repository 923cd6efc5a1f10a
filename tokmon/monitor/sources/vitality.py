"""Collects what speaks for and against the life of a run, with the times of our own looks.

A remote host's clock may be off: a heartbeat that changed before our eyes is fresh, whatever
time it names. Must not judge (health does).
"""

from tokmon.monitor.digest import Digest
from tokmon.rundir.records import Event, RunInfo, moment

_RESTARTS = frozenset({"start", "resume"})
_CLOCK_SLACK_S = 5.0


class _Watched:
    """A value, and since when by our own clock it has stood."""

    def __init__(self) -> None:
        self._value: object = None
        self._first_look: float | None = None
        self.changed_at: float | None = None
        """When it changed before our eyes; None if it has not."""

    def look(self, value: object, now: float) -> None:
        if self._first_look is None:
            self._first_look = now
        elif value != self._value:
            self.changed_at = now
        self._value = value

    def age_s(self, now: float, named_at: float | None) -> float | None:
        """Return the age by the time that the writer names, or by our own if that is younger."""
        known = [time for time in (named_at, self.changed_at) if time is not None]
        if not known:
            return None
        if named_at is not None and named_at > now + _CLOCK_SLACK_S:
            # The writer's clock is ahead of ours: only our own looks can tell.
            known = [self.changed_at or self._first_look or now]
        return max(0.0, now - max(known))


class Vitality:
    """Remembers when heartbeat, phase and log last changed."""

    def __init__(self) -> None:
        self._heartbeat = _Watched()
        self._phase = _Watched()
        self._line = _Watched()

    def look(self, info: RunInfo | None, digest: Digest, now: float) -> None:
        """Note what has changed since the last look."""
        self._heartbeat.look(info and info.heartbeat, now)
        self._phase.look(info and info.phase, now)
        self._line.look(digest.step, now)

    def heartbeat_age_s(self, info: RunInfo | None, now: float) -> float | None:
        """Return how long ago the trainer last gave a sign; None if it never did."""
        named_at = moment(info.heartbeat) if info else None
        return None if named_at is None else self._heartbeat.age_s(now, named_at)

    def step_age_s(self, info: RunInfo | None, now: float) -> float | None:
        """Return the time from the loop's last progress to the last heartbeat, on one clock.

        Before the first step a start or a resume counts as progress, and so does the end of a
        pause or an evaluation that we saw.
        """
        heartbeat = moment(info.heartbeat) if info else None
        if info is None or heartbeat is None:
            return None
        progress = [moment(text) for text in (info.step_time, info.resumed, info.started)]
        ages = [heartbeat - time for time in progress if time is not None]
        if ages and self._phase.changed_at is not None:
            ages.append(now - self._phase.changed_at)
        return min(ages, default=None)

    def line_age_s(self, digest: Digest, written_at: float | None, now: float) -> float | None:
        """Return how long ago the last log line was written; None without one."""
        if digest.step is None:
            return None
        named_at = written_at if digest.last_time is None else digest.last_time
        return self._line.age_s(now, named_at)


def step_s(info: RunInfo | None, seconds_per_step: float | None) -> float | None:
    """Return what a step takes: from the log, or before its first line from run.json."""
    if seconds_per_step is not None or info is None or not info.step:
        return seconds_per_step
    begun, ended = moment(info.started), moment(info.step_time)
    is_usable = begun is not None and ended is not None and info.resumed is None
    return (ended - begun) / info.step if is_usable and ended and begun else None


def crash_message(events: tuple[Event, ...]) -> str:
    """Return the message of the last crash that no later start followed."""
    for event in reversed(events):
        if event.event in _RESTARTS:
            return ""
        if event.event == "crash":
            return event.message or "it gave no message"
    return ""
