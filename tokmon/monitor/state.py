"""Everything that a screen or a report may show of one run at one moment, frozen."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from tokmon.monitor.alerting.span import AlertSpan
from tokmon.monitor.eta import Eta
from tokmon.monitor.series import Frame
from tokmon.monitor.time_spent import TimeSpent
from tokmon.rundir.layout import RunDir
from tokmon.rundir.records import Event, RunInfo, Sample, Summary, System


class Phase(StrEnum):
    """What a run is doing, as the witnesses together say."""

    STARTING = "STARTING"
    RUNNING = "RUNNING"
    EVALUATING = "EVALUATING"
    SAVING = "SAVING"
    PAUSED = "PAUSED"
    STALLED = "STALLED"
    FINISHED = "FINISHED"
    STOPPED = "STOPPED"
    CRASHED = "CRASHED"
    KILLED = "KILLED"

    @property
    def is_live(self) -> bool:
        """Whether the trainer may still be at work (a stalled one may)."""
        return self not in _ENDED

    @property
    def is_progressing(self) -> bool:
        """Whether an end can be foretold."""
        return self in {Phase.RUNNING, Phase.EVALUATING, Phase.SAVING}


_ENDED = frozenset({Phase.FINISHED, Phase.STOPPED, Phase.CRASHED, Phase.KILLED})


@dataclass(frozen=True, slots=True)
class Health:
    """A run's phase and the ground for it."""

    phase: Phase
    reason: str
    """One sentence."""


class Severity(StrEnum):
    """How much an alert matters."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Alert:
    """Something that the user should know now."""

    severity: Severity
    message: str
    """Short; control characters are visible."""

    def __str__(self) -> str:
        return f"{self.severity}: {self.message}"


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that could not be read; it is counted and shown, never fatal."""

    file: str
    """File name."""
    number: int
    """Among the lines that are not empty, from 1."""
    excerpt: str
    """Its beginning, control characters visible."""
    reason: str
    """Why, for people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Best:
    """The lowest validation loss and the checkpoint file that should hold it."""

    step: int
    """Where the validation loss was lowest."""
    val_loss: float
    """Nats per token."""
    val_ppl: float
    """exp(val_loss)."""
    val_bpb: float | None = None
    """Bits per UTF-8 byte, where it was logged."""
    file: str = ""
    """Checkpoint file name; empty while there is none."""
    file_step: int | None = None
    """The step of that file; it lags while the checkpoint is being written."""
    file_bytes: int | None = None
    """Its size."""
    saved_at: float | None = None
    """When it was written, seconds since 1970."""


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """One line of what happened: an event, or a line of the process's output."""

    text: str
    """As written; not yet safe to print."""
    event: str = ""
    """The event's kind; empty for output."""
    step: int | None = None
    """The event's step."""
    time: float | None = None
    """The event's time, seconds since 1970."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RunState:
    """One run at one moment."""

    run: RunDir
    """Whose state this is."""
    now: float
    """When it was taken, seconds since 1970."""
    revision: int = 0
    """Grows whenever anything but `now` has changed."""
    health: Health
    """What the run is doing, and why we think so."""
    info: RunInfo | None = None
    """run.json, if there is one."""
    summary: Summary | None = None
    """summary.json, if there is one."""
    frame: Frame = field(default_factory=Frame)
    """All metrics by step, as far as they are read."""
    latest: Mapping[str, float] = field(default_factory=dict)
    """The newest value of each metric; there before `frame` is complete."""
    step: int | None = None
    """Steps taken."""
    max_steps: int | None = None
    """Steps asked for."""
    steps_per_sec: float | None = None
    """Recent rate, evaluation and saving left out."""
    tokens_per_sec: float | None = None
    """The same in tokens."""
    time_spent: TimeSpent = field(default_factory=TimeSpent)
    """Where the time goes, where the log tells it; there before `frame` is complete."""
    eta: Eta | None = None
    """When it will be done, while that can be said."""
    best: Best | None = None
    """The best evaluation."""
    systems: tuple[System, ...] = ()
    """Host and GPU samples, newest last."""
    journal: tuple[JournalEntry, ...] = ()
    """Events and output, newest last."""
    events: tuple[Event, ...] = ()
    """Events, newest last."""
    samples: tuple[Sample, ...] = ()
    """Texts sampled during training, newest last."""
    alerts: tuple[Alert, ...] = ()
    """What the user should know now, worst first."""
    alert_spans: tuple[AlertSpan, ...] = ()
    """What was or is wrong, oldest first; complete when `is_loading` is over."""
    bad_lines: tuple[BadLine, ...] = ()
    """The newest unreadable lines."""
    bad_line_count: int = 0
    """All of them."""
    started: float | None = None
    """First start, seconds since 1970."""
    updated: float | None = None
    """When the newest of what is shown was written, seconds since 1970."""
    loaded_fraction: float = 1.0
    """How much of the step log is in `frame`, 0 to 1."""

    @property
    def is_loading(self) -> bool:
        """Whether `frame` is still being filled from a long log."""
        return self.loaded_fraction < 1

    @property
    def experiment(self) -> str:
        """The run's name; not yet safe to print."""
        return self.run.experiment
