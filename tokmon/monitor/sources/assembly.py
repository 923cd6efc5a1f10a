"""What the files of a run say together: Findings to RunState. Pure but for the Vitality it asks."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tokmon.monitor import alerts, eta
from tokmon.monitor.alerting.span import AlertSpan
from tokmon.monitor.best import with_file
from tokmon.monitor.digest import Digest
from tokmon.monitor.health import Witnesses, judge
from tokmon.monitor.pace import KnownPace
from tokmon.monitor.series import Frame
from tokmon.monitor.sources.step_lines import MAX_STEP
from tokmon.monitor.sources.vitality import Vitality, crash_message, step_s
from tokmon.monitor.state import Alert, BadLine, Health, JournalEntry, RunState
from tokmon.rundir.layout import RunDir
from tokmon.rundir.records import (
    CheckpointInfo,
    Event,
    RunInfo,
    Sample,
    Summary,
    System,
    moment,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """What one poll holds of each file."""

    run: RunDir
    now: float
    info: RunInfo | None
    is_alive: bool | None
    summary: Summary | None
    best_sidecar: CheckpointInfo | None
    frame: Frame
    """The step log as far as it is read."""
    digest: Digest
    """Of its last lines, or of all of it, whichever says more."""
    log_written_at: float | None
    loaded_fraction: float
    refused_keys: int
    read_fault: str
    """Why the files could not be read at this poll; empty if they could."""
    events: tuple[Event, ...]
    systems: tuple[System, ...]
    samples: tuple[Sample, ...]
    journal: tuple[JournalEntry, ...]
    bad_lines: tuple[BadLine, ...]
    bad_line_count: int
    alert_spans: tuple[AlertSpan, ...] = ()
    is_log_gone: bool = False
    log_restarts: int = 0
    pace: KnownPace = field(default_factory=KnownPace)


def assemble(findings: Findings, vitality: Vitality) -> RunState:
    """Return the state that the findings make."""
    health = judge(_witnesses(findings, vitality))
    latest = findings.digest.latest
    step, max_steps = _step(findings), _max_steps(findings)
    return RunState(
        run=findings.run,
        now=findings.now,
        health=health,
        info=findings.info,
        summary=findings.summary,
        frame=findings.frame,
        latest=latest,
        step=step,
        max_steps=max_steps,
        steps_per_sec=latest.get("steps_per_sec"),
        tokens_per_sec=latest.get("tokens_per_sec"),
        time_spent=findings.digest.time_spent,
        eta=_eta(findings, step, max_steps) if health.phase.is_progressing else None,
        best=with_file(findings.digest.best, findings.best_sidecar, findings.run.best),
        systems=findings.systems,
        journal=findings.journal,
        events=findings.events,
        samples=findings.samples,
        alerts=_alerts(findings, health),
        alert_spans=findings.alert_spans,
        bad_lines=findings.bad_lines,
        bad_line_count=findings.bad_line_count,
        started=_started(findings),
        updated=_updated(findings),
        loaded_fraction=findings.loaded_fraction,
    )


def _witnesses(findings: Findings, vitality: Vitality) -> Witnesses:
    info, now, digest = findings.info, findings.now, findings.digest
    return Witnesses(
        info=info,
        is_alive=findings.is_alive,
        heartbeat_age_s=vitality.heartbeat_age_s(info, now),
        step_age_s=vitality.step_age_s(info, now),
        step_s=step_s(info, digest.seconds_per_step),
        line_age_s=vitality.line_age_s(digest, findings.log_written_at, now),
        line_interval_s=digest.line_interval_s,
        summary_state=findings.summary.state if findings.summary else "",
        crash=crash_message(findings.events),
    )


def _alerts(findings: Findings, health: Health) -> tuple[Alert, ...]:
    system = findings.systems[-1] if findings.systems else None
    sampled_at = moment(system.time) if system else None
    return alerts.find(
        alerts.Evidence(
            health=health,
            digest=findings.digest,
            info=findings.info,
            events=findings.events,
            system=system,
            system_age_s=None if sampled_at is None else findings.now - sampled_at,
            bad_line_count=findings.bad_line_count,
            refused_keys=findings.refused_keys,
            read_fault=findings.read_fault,
            spans=findings.alert_spans,
            is_log_gone=findings.is_log_gone,
            log_restarts=findings.log_restarts,
            clock_ahead_s=_clock_ahead_s(findings),
        )
    )


def _clock_ahead_s(findings: Findings) -> float:
    """Return by how much the writer's clock is ahead of ours, as far as its files tell."""
    heartbeat = moment(findings.info.heartbeat) if findings.info else None
    return 0.0 if heartbeat is None else heartbeat - findings.now


def _eta(findings: Findings, step: int | None, max_steps: int | None) -> eta.Eta | None:
    if step is None or max_steps is None:
        return None
    if findings.loaded_fraction == 1:
        known = findings.pace.of(findings.frame, findings.events)
        return eta.foretell(known, step=step, until=max_steps, now=findings.now)
    return eta.predict(
        step=step,
        max_steps=max_steps,
        seconds_per_step=findings.digest.seconds_per_step,
        now=findings.now,
    )


def _step(findings: Findings) -> int | None:
    """Return the steps taken: run.json is ahead of the log between its lines."""
    info, logged, line_time = findings.info, findings.digest.step, findings.digest.last_time
    if info is None or info.step is None:
        return logged
    heartbeat = moment(info.heartbeat)
    is_newer = heartbeat is not None and line_time is not None and heartbeat >= line_time
    return info.step if logged is None or is_newer else max(info.step, logged)


def _max_steps(findings: Findings) -> int | None:
    info, summary = findings.info, findings.summary
    if info and info.max_steps:
        return info.max_steps
    configured = _nested(info.config if info else {}, "schedule", "steps")
    return configured or (summary.max_steps if summary else None)


def _nested(mapping: Mapping[str, Any], *keys: str) -> int | None:
    value: Any = mapping
    for key in keys:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value if isinstance(value, int) and 0 < value < MAX_STEP else None


def _started(findings: Findings) -> float | None:
    if findings.info and (started := moment(findings.info.started)) is not None:
        return started
    times = [moment(event.time) for event in findings.events]
    known = [time for time in times if time is not None]
    return known[0] if known else findings.digest.first_time


def _updated(findings: Findings) -> float | None:
    named = (
        moment(findings.info.heartbeat) if findings.info else None,
        findings.digest.last_time,
        moment(findings.systems[-1].time) if findings.systems else None,
    )
    known = [time for time in named if time is not None]
    return max(known) if known else findings.log_written_at
