"""One run's line in a list of runs.

The witnesses are joined and judged where those of a single run are: sources.assembly, health.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

from tokmon.monitor.run_files import RunFiles
from tokmon.monitor.series import Frame
from tokmon.monitor.sources.assembly import Findings, assemble
from tokmon.monitor.sources.vitality import Vitality
from tokmon.monitor.state import Best, Health, Phase, RunState
from tokmon.rundir.layout import RunDir
from tokmon.rundir.records import RunInfo, Summary, moment
from tokmon.rundir.writer import is_alive as writer_is_alive

CLOCK_SLACK_S = 5.0
"""A time that is further ahead of ours is another clock's mistake."""

_PATIENCE = 0.05
_MAX_EXPONENT = 700.0  # beyond it exp overflows

IsAlive = Callable[[RunInfo], bool | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSummary:
    """What a list shows of one run."""

    run: RunDir
    health: Health
    step: int | None = None
    """Steps taken."""
    max_steps: int | None = None
    """Steps asked for."""
    train_loss: float | None = None
    """Of the last line that has one, nats per token."""
    best: Best | None = None
    """The lowest validation loss."""
    is_best_certain: bool = True
    """False where no record names it and not all of the log was read: it is at most this."""
    started: float | None = None
    """First start, seconds since 1970."""
    updated: float | None = None
    """When the newest of the data were written, seconds since 1970; never ahead of our clock."""
    losses: tuple[float, ...] = ()
    """The train loss, thinned; NaN where it was not finite."""
    faults: tuple[str, ...] = ()
    """What could not be read, in words that are safe to print."""

    @property
    def name(self) -> str:
        """The experiment; not yet safe to print."""
        return self.run.experiment

    @property
    def fraction(self) -> float | None:
        """Steps taken of those asked for, 0 to 1."""
        if self.step is None or not self.max_steps:
            return None
        return min(1.0, self.step / self.max_steps)


class RunReader:
    """Follows one run for a list.

    Args:
        run: its files may come later, and may go.
        is_alive: says whether the writer's process runs; None where this host cannot know.
    """

    def __init__(self, run: RunDir, is_alive: IsAlive = writer_is_alive) -> None:
        self.run = run
        self._is_alive = is_alive
        self._files = RunFiles(run)
        self._vitality = Vitality()
        self._summary: RunSummary | None = None
        self._judged_at = 0.0

    def look(self, now: float) -> RunSummary:
        """Read what has changed and return what is known; the same object if nothing differs.

        Args:
            now: seconds since 1970.
        """
        before, files = self._summary, self._files
        is_ended = before is not None and not before.health.phase.is_live
        has_changed = files.refresh(now, is_ended=is_ended)
        if before is not None and not has_changed and (is_ended or not self._is_due(now)):
            return before
        self._judged_at = now
        is_alive = self._is_writer_alive()
        if is_alive is False and not files.is_over and files.refresh(now):
            # It may have ended after the first reading; before it went it wrote its last phase.
            is_alive = self._is_writer_alive()
        self._vitality.look(files.info.content, files.log.content.digest, now)
        summary = self._summarised(assemble(self._findings(is_alive, now), self._vitality))
        if summary != before:
            self._summary = summary
        return self._summary or summary

    def peek(self) -> float:
        """Return when the run was last written without reading it; 0 where it is gone."""
        return self._files.peek()

    def _is_due(self, now: float) -> bool:
        """Say whether the clock alone may change what is shown.

        Of a stalled run it changes only how long it has been so: told the less often the longer.
        """
        known = self._summary
        if known is None or known.health.phase is not Phase.STALLED:
            return True
        patience_s = _PATIENCE * (now - (known.updated or now))
        return not 0 <= now - self._judged_at < patience_s

    def _is_writer_alive(self) -> bool | None:
        info = self._files.info.content
        return self._is_alive(info) if info else None

    def _findings(self, is_alive: bool | None, now: float) -> Findings:
        files = self._files
        return Findings(
            run=self.run,
            now=now,
            info=files.info.content,
            is_alive=is_alive,
            summary=files.summary.content,
            best_sidecar=files.best.content,
            frame=Frame(),
            digest=files.log.content.digest,
            log_written_at=files.log.written_at,
            loaded_fraction=1.0,
            refused_keys=0,
            read_fault="",
            events=files.events.content,
            systems=(),
            samples=(),
            journal=(),
            bad_lines=(),
            bad_line_count=0,
        )

    def _summarised(self, state: RunState) -> RunSummary:
        files, log = self._files, self._files.log.content
        summary = state.summary or Summary(experiment=self.run.experiment)
        is_named = files.best.content is not None or summary.best_val_loss is not None
        return RunSummary(
            run=self.run,
            health=state.health,
            step=summary.step if state.step is None else state.step,
            max_steps=state.max_steps,
            train_loss=state.latest.get("train_loss", summary.train_loss),
            best=_lower(state.best, summary),
            is_best_certain=log.is_whole or is_named,
            started=moment(state.info.started) if state.info else None,
            updated=_believable(state.updated, files.written_at, state.now),
            losses=log.losses,
            faults=files.faults,
        )


def _lower(best: Best | None, summary: Summary) -> Best | None:
    """Return the best evaluation, the summary's where it is lower: not all of a log was read."""
    val_loss, step = summary.best_val_loss, summary.best_step
    if val_loss is None or step is None:
        return best
    # At the same step it is the same evaluation, rounded otherwise.
    if best is not None and (step == best.step or val_loss >= best.val_loss):
        return best
    return Best(step=step, val_loss=val_loss, val_ppl=math.exp(min(val_loss, _MAX_EXPONENT)))


def _believable(updated: float | None, written_at: float | None, now: float) -> float | None:
    """Return the age's begin: by the file's own time where the data name one yet to come."""
    if updated is None or updated > now + CLOCK_SLACK_S:
        updated = written_at
    return None if updated is None else min(updated, now)
