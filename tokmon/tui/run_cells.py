"""What is said of a run in one cell of the list of runs. Pure; knows no widths."""

import math
from collections.abc import Callable
from dataclasses import dataclass

from tokmon.monitor.durations import age
from tokmon.monitor.run_summary import RunSummary
from tokmon.monitor.state import Phase, Severity
from tokmon.report import figures
from tokmon.tui.glyphs import Glyphs
from tokmon.tui.sparkline import sparkline
from tokmon.tui.text import MUTED, PHASE_STYLES, STRONG

_OLD_S = 10.0


@dataclass(frozen=True, slots=True)
class Cell:
    """Text that is safe to print, in a style of the theme."""

    text: str
    style: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A run and how the user has marked it."""

    run: RunSummary
    label: str = ""
    """Its letter; empty if it is not marked."""
    colour: str = ""


@dataclass(frozen=True, slots=True)
class Seen:
    """A row as it is looked at."""

    row: Row
    now: float
    """Seconds since 1970."""
    glyphs: Glyphs

    @property
    def run(self) -> RunSummary:
        """The run in the row."""
        return self.row.run


def mark_cell(seen: Seen) -> Cell:
    """Return the run's letter; a run with unreadable files has a sign in its place."""
    if seen.row.label:
        return Cell(seen.row.label, f"bold {seen.row.colour}")
    return (
        Cell(seen.glyphs.severities[Severity.WARNING], "$warning") if seen.run.faults else Cell(" ")
    )


def state_cell(seen: Seen) -> Cell:
    """Return the phase with its sign."""
    phase = seen.run.health.phase
    return Cell(f"{seen.glyphs.phases[phase]} {phase}", PHASE_STYLES[phase])


def sign_cell(seen: Seen) -> Cell:
    """Return the sign of the phase."""
    phase = seen.run.health.phase
    return Cell(seen.glyphs.phases[phase], PHASE_STYLES[phase])


def name_cell(seen: Seen) -> Cell:
    """Return the experiment's name."""
    return Cell(seen.run.name, STRONG if seen.run.health.phase.is_live else "")


def step_cell(seen: Seen) -> Cell:
    """Return the steps taken."""
    return Cell(figures.count(seen.run.step))


def done_cell(seen: Seen) -> Cell:
    """Return the share of the steps, rounded down: only what is done is 100 %."""
    fraction = seen.run.fraction
    return Cell(figures.UNKNOWN if fraction is None else f"{math.floor(100 * fraction)}%", MUTED)


def progress_cell(seen: Seen) -> Cell:
    """Return the share of the steps, or their number where no end is known."""
    if seen.run.fraction is None:
        return Cell(figures.compact(seen.run.step))
    return Cell(done_cell(seen).text)


def loss_cell(seen: Seen) -> Cell:
    """Return the newest training loss."""
    return Cell(figures.loss(seen.run.train_loss), STRONG)


def best_cell(seen: Seen) -> Cell:
    """Return the lowest validation loss; a bound where not all of the log was read."""
    best = seen.run.best
    if best is None:
        return Cell(figures.UNKNOWN, MUTED)
    bound = "" if seen.run.is_best_certain else ("<" if seen.glyphs.is_ascii else "\u2264")
    return Cell(f"{bound}{figures.loss(best.val_loss)}")


def best_step_cell(seen: Seen) -> Cell:
    """Return where that was."""
    return Cell(f"at {figures.count(seen.run.best.step)}" if seen.run.best else "", MUTED)


def age_cell(seen: Seen) -> Cell:
    """Return how long ago anything was written."""
    updated, phase = seen.run.updated, seen.run.health.phase
    if updated is None:
        return Cell(figures.UNKNOWN, MUTED)
    is_late = phase.is_live and phase is not Phase.PAUSED and seen.now - updated >= _OLD_S
    return Cell(age(seen.now - updated), "$warning" if is_late else MUTED)


def spark_cell(points: int) -> Callable[[Seen], Cell]:
    """Return what makes cells of a curve of at most `points` characters."""

    def cell(seen: Seen) -> Cell:
        return Cell(sparkline(seen.run.losses, points, seen.glyphs), "$chart-smooth")

    return cell
