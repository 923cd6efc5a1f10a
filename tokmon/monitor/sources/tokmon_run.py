"""A run directory as RunState, incrementally: each poll reads what is new, and not too much of it.

Opens, reads and closes; holds no file open; writes nothing.
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from tokmon.monitor.alert_history import AlertHistory
from tokmon.monitor.health import Witnesses, judge
from tokmon.monitor.journal import Journal
from tokmon.monitor.pace import KnownPace
from tokmon.monitor.sources.assembly import Findings, assemble
from tokmon.monitor.sources.bad_lines import BadLines
from tokmon.monitor.sources.output_tail import OutputTail
from tokmon.monitor.sources.record_document import RecordDocument
from tokmon.monitor.sources.record_file import RecordFile
from tokmon.monitor.sources.step_log import StepLog
from tokmon.monitor.sources.vitality import Vitality
from tokmon.monitor.state import Alert, RunState, Severity
from tokmon.monitor.visible import visible
from tokmon.rundir.layout import RunDir
from tokmon.rundir.records import (
    CheckpointInfo,
    Event,
    RunInfo,
    Sample,
    Summary,
    System,
)
from tokmon.rundir.writer import is_alive as writer_is_alive

_KEPT_EVENTS = 1000
_KEPT_SYSTEMS = 360
_KEPT_SAMPLES = 640  # forty rounds of the usual 16; the whole suite is 73

_JUDGE_S = 1.0
"""While no file's size, time or inode changes, process and clock are looked at this often."""
_REREAD_S = 5.0
"""And the files are read this often: a change of the same size within the grain of their times."""

IsAlive = Callable[[RunInfo], bool | None]


class RunSource:
    """Follows one run directory.

    Args:
        run: the directory; its files may come later, and may go.
        is_alive: says whether the writer's process runs; None where this host cannot know.
    """

    def __init__(self, run: RunDir | Path, is_alive: IsAlive = writer_is_alive) -> None:
        self.run = run = run if isinstance(run, RunDir) else RunDir.open(run)
        self._is_alive = is_alive
        self._bad_lines = BadLines()
        self._step_log = StepLog(self.run.log, self._bad_lines)
        self._events = RecordFile(self.run.events, Event, _KEPT_EVENTS, self._bad_lines)
        self._systems = RecordFile(self.run.system, System, _KEPT_SYSTEMS, self._bad_lines)
        self._samples = RecordFile(self.run.samples, Sample, _KEPT_SAMPLES, self._bad_lines)
        self._output = OutputTail(self.run.output_log)
        self._info = RecordDocument(self.run.run_info, RunInfo, self._bad_lines)
        self._summary = RecordDocument(self.run.summary, Summary, self._bad_lines)
        self._best = RecordDocument(RunDir.sidecar(self.run.best), CheckpointInfo, self._bad_lines)
        self._paths = (
            run.log,
            run.events,
            run.system,
            run.samples,
            run.run_info,
            run.summary,
            RunDir.sidecar(run.best),
            run.output_log,
        )
        self._journal = Journal()
        self._alert_history = AlertHistory()
        self._vitality = Vitality()
        self._pace = KnownPace()
        self._read_fault = ""
        self._state: RunState | None = None
        self._read_at = self._judged_at = 0.0
        self._signature_read: tuple[object, ...] = ()

    def poll(self, now: float) -> RunState:
        """Read the next slice of all files and return what is known now.

        Bounded work: call again at once while the state says `is_loading`.
        """
        if not self.run.path.is_dir():
            self._signature_read = ()
            return self._publish(self._without_folder(now), has_changed=False)
        signature = self._signature()
        is_read = signature == self._signature_read and 0 <= now - self._read_at < _REREAD_S
        is_read &= not (self._read_fault or self._step_log.fault)
        if self._state and is_read and 0 <= now - self._judged_at < _JUDGE_S:
            return replace(self._state, now=now)
        self._judged_at, has_changed = now, False
        if not is_read:
            self._read_at, self._signature_read = now, signature
            has_changed = self._read_or_note_fault()
        is_alive = self._is_writer_alive()
        if is_alive is False and self._info.read():
            # It may have ended after the first reading; before it went it wrote its last phase.
            has_changed, is_alive = True, self._is_writer_alive()
        findings = self._findings(is_alive, now)
        self._vitality.look(findings.info, findings.digest, now)
        return self._publish(assemble(findings, self._vitality), has_changed=has_changed)

    def _signature(self) -> tuple[object, ...]:
        """Return what changes with the files; unlike any other while there is more to read."""
        tails = (self._step_log, self._events, self._systems, self._samples)
        if not all(tail.at_end for tail in tails):
            return (object(),)
        return tuple(_status(path) for path in self._paths)

    def _read_or_note_fault(self) -> bool:
        """A file system that fails for a while (a stale NFS handle) is told, not fatal."""
        before, self._read_fault = self._read_fault, ""
        try:
            has_changed = self._read()
        except OSError as error:
            self._read_fault, has_changed = visible(str(error)), False
        return has_changed or self._read_fault != before

    def _read(self) -> bool:
        """Take in what is new in every file; return whether anything was."""
        steps_changed = self._step_log.read()
        events, output = self._events.read(), self._output.read()
        systems = self._systems.read()
        if self._events.restarted:
            self._journal = Journal()
        if self._events.restarted or self._systems.restarted:
            # The other file is read again from its start for it: both are judged together.
            self._alert_history = AlertHistory()
            events_again, systems_again = self._events.records(), self._systems.records()
        else:
            events_again, systems_again = tuple(events), tuple(systems)
        self._journal.add(events, output)
        self._alert_history.add_events(events_again)
        self._alert_history.add_systems(systems_again)
        changes = [
            steps_changed,
            bool(events or output),
            bool(systems) or self._systems.restarted,
            bool(self._samples.read()) or self._samples.restarted,
            self._info.read(),
            self._summary.read(),
            self._best.read(),
        ]
        return any(changes)

    def _is_writer_alive(self) -> bool | None:
        info = self._info.record
        return self._is_alive(info) if info else None

    def _findings(self, is_alive: bool | None, now: float) -> Findings:
        return Findings(
            run=self.run,
            now=now,
            info=self._info.record,
            is_alive=is_alive,
            summary=self._summary.record,
            best_sidecar=self._best.record,
            frame=self._step_log.frame,
            digest=self._step_log.digest,
            is_log_gone=self._step_log.is_gone,
            log_restarts=self._step_log.restarts,
            log_written_at=self._step_log.written_at,
            loaded_fraction=self._step_log.loaded_fraction,
            refused_keys=self._step_log.refused_keys,
            read_fault=self._read_fault or visible(self._step_log.fault),
            events=self._events.records(),
            systems=self._systems.records(),
            samples=self._samples.records(),
            journal=self._journal.entries(),
            alert_spans=self._alert_history.look(self._step_log.frame),
            bad_lines=self._bad_lines.newest(),
            bad_line_count=self._bad_lines.count,
            pace=self._pace,
        )

    def _without_folder(self, now: float) -> RunState:
        health = judge(Witnesses(is_folder_gone=True))
        gone = (Alert(Severity.ERROR, health.reason),)
        before = self._state or RunState(run=self.run, now=now, health=health)
        return replace(before, now=now, health=health, alerts=gone, eta=None)

    def _publish(self, state: RunState, *, has_changed: bool) -> RunState:
        """Number the state: the number grows when more than the clock differs from the last."""
        before = self._state
        has_changed |= before is None or _verdict(before) != _verdict(state)
        revision = (before.revision if before else 0) + has_changed
        self._state = replace(state, revision=revision)
        return self._state


def _status(path: Path) -> tuple[int, int, int] | None:
    try:
        status = path.stat()
    except OSError:  # not there; whatever else it is, the reading tells
        return None
    return status.st_size, status.st_mtime_ns, status.st_ino


def _verdict(state: RunState) -> tuple[object, ...]:
    return state.health.phase, state.alerts, state.loaded_fraction
