"""What the user should hear about now. Pure; one function a rule.

Rules over all that happened since the run began are in `tokmon.monitor.alerting`.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from tokmon.monitor.alerting.evaluations import TOO_GOOD_BPB, TOO_GOOD_LOSS
from tokmon.monitor.alerting.machine import DISK_ERROR_BYTES, DISK_WARNING_BYTES
from tokmon.monitor.alerting.span import AlertSpan
from tokmon.monitor.digest import Digest
from tokmon.monitor.durations import age
from tokmon.monitor.state import Alert, Health, Phase, Severity
from tokmon.rundir.records import SCHEMA_VERSION, Event, RunInfo, System

STALE_SYSTEM_S = 120.0
CLOCK_AHEAD_S = 60.0
"""Hosts that keep their time by NTP differ by less than a second."""

_ORDER = (Severity.ERROR, Severity.WARNING, Severity.INFO)
_TOLD_OTHERWISE = frozenset({"not_finite", "too_good", "disk", "disk_full", "crash"})
"""Rules that have a function here: it needs no whole log, or says what to do."""
_ONLY_WHILE_LIVE = frozenset({"throughput", "gpu_idle", "gpu_memory", "host_memory"})
_SUSPECTS = (
    "check the causal mask (gate in run.json), the held-out split (tokmon data show), the samples"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What the rules look at."""

    health: Health
    digest: Digest
    info: RunInfo | None
    events: tuple[Event, ...]
    system: System | None
    """The newest host sample."""
    system_age_s: float | None
    bad_line_count: int
    refused_keys: int
    """Metrics that were not kept."""
    read_fault: str = ""
    """Why the files could not be read just now."""
    spans: tuple[AlertSpan, ...] = ()
    """Of the alert history."""
    is_log_gone: bool = False
    """Whether the log that was read is not there any more."""
    log_restarts: int = 0
    """How often the log was cut or replaced while we watched."""
    clock_ahead_s: float = 0.0
    """By how much the writer's clock is ahead of ours."""


def find(evidence: Evidence) -> tuple[Alert, ...]:
    """Return what is wrong, the worst first."""
    alerts = [alert for rule in _RULES for alert in rule(evidence)]
    return tuple(sorted(alerts, key=lambda alert: _ORDER.index(alert.severity)))


def _ended_badly(evidence: Evidence) -> Iterator[Alert]:
    if evidence.health.phase in {Phase.STALLED, Phase.CRASHED, Phase.KILLED}:
        yield Alert(Severity.ERROR, evidence.health.reason)


def _not_finite(evidence: Evidence) -> Iterator[Alert]:
    for found in evidence.digest.not_finite:
        times = "" if found.count == 1 else f", {found.count:,} times in all"
        where = f"at step {found.last_step:,}"
        yield Alert(Severity.ERROR, f"{found.key} is not finite {where}{times}")
    events = [event for event in evidence.events if event.event == "not_finite"]
    if events:
        step = events[-1].step
        where = "" if step is None else f", last at step {step:,}"
        steps = "1 step was" if len(events) == 1 else f"{len(events):,} steps were"
        yield Alert(Severity.ERROR, f"{steps} not finite{where}")


def _too_good(evidence: Evidence) -> Iterator[Alert]:
    lowest = evidence.digest.lowest
    for key, limit in (("val_bpb", TOO_GOOD_BPB), ("val_loss", TOO_GOOD_LOSS)):
        if key in lowest:
            if lowest[key] < limit:
                value = f"{key} {lowest[key]:.3f} is too good to be true"
                yield Alert(Severity.ERROR, f"{value}: {_SUSPECTS}")
            return


def _open_spans(evidence: Evidence) -> Iterator[Alert]:
    """What began some time ago and is not over."""
    left_out = _TOLD_OTHERWISE
    if not evidence.health.phase.is_live:
        left_out |= _ONLY_WHILE_LIVE
    for span in evidence.spans:
        if span.is_open and span.rule not in left_out:
            yield Alert(span.severity, span.message)


def _bad_lines(evidence: Evidence) -> Iterator[Alert]:
    if count := evidence.bad_line_count:
        yield Alert(Severity.WARNING, f"{count:,} unreadable line{'s' if count > 1 else ''}")


def _disk(evidence: Evidence) -> Iterator[Alert]:
    free = evidence.system.disk_free_bytes if evidence.system else None
    if free is not None and free < DISK_WARNING_BYTES:
        severity = Severity.ERROR if free < DISK_ERROR_BYTES else Severity.WARNING
        yield Alert(severity, f"disk nearly full: {free / 2**30:.1f} GiB free")


def _full_disk(evidence: Evidence) -> Iterator[Alert]:
    told = [event for event in evidence.events if event.event in ("disk_full", "disk_room")]
    if told and told[-1].event == "disk_full":
        yield Alert(Severity.ERROR, f"disk full: {told[-1].message}")


def _stale_system(evidence: Evidence) -> Iterator[Alert]:
    age_s = evidence.system_age_s
    is_expected = evidence.health.phase.is_live and evidence.health.phase is not Phase.STALLED
    if is_expected and age_s is not None and age_s > STALE_SYSTEM_S:
        yield Alert(Severity.WARNING, f"GPU and host values are {age(age_s)} old")


def _newer_schema(evidence: Evidence) -> Iterator[Alert]:
    version = evidence.info.schema_version if evidence.info else SCHEMA_VERSION
    if version > SCHEMA_VERSION:
        yield Alert(
            Severity.INFO, f"written as schema {version}, read as {SCHEMA_VERSION}: update tokmon"
        )


def _refused_keys(evidence: Evidence) -> Iterator[Alert]:
    if count := evidence.refused_keys:
        yield Alert(Severity.WARNING, f"{count:,} metrics are not kept: the log has too many keys")


def _unreadable(evidence: Evidence) -> Iterator[Alert]:
    if evidence.read_fault:
        yield Alert(Severity.ERROR, f"cannot read the run: {evidence.read_fault}")


def _log_gone(evidence: Evidence) -> Iterator[Alert]:
    if evidence.is_log_gone:
        yield Alert(Severity.ERROR, "the log is gone: nothing of it is shown until it is back")


def _log_restarted(evidence: Evidence) -> Iterator[Alert]:
    if count := evidence.log_restarts:
        times = "" if count == 1 else f" {count:,} times"
        message = f"the log was cut or replaced{times}, as a resume does, and read anew"
        yield Alert(Severity.INFO, message)


def _clock(evidence: Evidence) -> Iterator[Alert]:
    if evidence.clock_ahead_s > CLOCK_AHEAD_S:
        ahead = age(evidence.clock_ahead_s)
        yield Alert(Severity.WARNING, f"the trainer's clock is {ahead} ahead: ages are not right")


_RULES = (
    _unreadable,
    _log_gone,
    _ended_badly,
    _not_finite,
    _too_good,
    _open_spans,
    _bad_lines,
    _disk,
    _full_disk,
    _stale_system,
    _clock,
    _newer_schema,
    _log_restarted,
    _refused_keys,
)
