"""Numbers of compared runs as columns: a line a run, in as many columns as fit. Pure functions."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from textual.content import Content

from tokmon.monitor.compared import Result
from tokmon.monitor.durations import duration
from tokmon.monitor.energy import Energy
from tokmon.monitor.intervals import Interval
from tokmon.report import comparison_figures, figures
from tokmon.tui.glyphs import Glyphs
from tokmon.tui.text import MUTED, words


@dataclass(frozen=True, slots=True)
class Field:
    """One column."""

    title: str
    show: Callable[[Result], str]
    priority: int
    """The highest go first where there is no room."""


RESULTS = (
    Field("val loss", lambda result: figures.loss(result.best_val_loss), 0),
    Field("bpb", lambda result: figures.loss(result.best_val_bpb), 3),
    Field("at step", lambda result: figures.count(result.best_step), 1),
    Field("train", lambda result: figures.loss(result.train_loss), 2),
    Field("tokens", lambda result: figures.compact(result.tokens), 2),
    Field("tokens/s", lambda result: figures.compact(result.tokens_per_sec), 4),
    Field("time", lambda result: _time(result.elapsed_s), 5),
)
GENERATION = (
    Field("collapse", lambda result: _share(result, "mode_collapse"), 0),
    Field("keyword", lambda result: _share(result, "keyword_presence"), 1),
    Field("valid", lambda result: _share(result, "validity"), 2),
    Field("rep-4", lambda result: _mean(result, "seq_rep_4"), 3),
    Field("dist-2", lambda result: _mean(result, "distinct_2_words"), 4),
    Field("texts", lambda result: _of_round(result, "samples"), 5),
    Field("step", lambda result: _of_round(result, "step"), 6),
)
COST = (
    Field("GPU h", lambda result: _hours(result.cost.gpu_hours), 0),
    Field("core h", lambda result: _hours(result.cost.cpu_core_hours), 1),
    Field("energy", lambda result: _energy(result.cost.energy), 2),
    Field("steps/s", lambda result: figures.rate(result.steps_per_sec), 3),
    Field("MFU", lambda result: _mfu(result.mfu), 4),
)


def table(
    fields: Sequence[Field],
    results: Sequence[Result],
    colours: Sequence[str],
    width: int,
    *,
    mark: tuple[int | None, str] = (None, ""),
) -> Content | None:
    """Return a line for each run in as many columns as fit; None where no run has any of them.

    Args:
        fields: the columns.
        results: one a run.
        colours: of their letters.
        width: in cells.
        mark: the index of a run, and a sign to put behind its line.
    """
    columns = [(field, [field.title, *map(field.show, results)]) for field in fields]
    columns = [(field, cells) for field, cells in columns if set(cells[1:]) != {figures.UNKNOWN}]
    if not columns:
        return None
    while len(columns) > 1 and _width(columns) > width:
        columns.remove(max(columns, key=lambda column: column[0].priority))
    widths = [max(map(len, cells)) for _, cells in columns]
    lines = []
    for row, label in enumerate([" ", *(result.label for result in results)]):
        cells = [f"{cells[row]:>{size}}" for (_, cells), size in zip(columns, widths, strict=True)]
        style = MUTED if row == 0 else f"bold {colours[row - 1]}"
        sign = f" {mark[1]}" if mark[0] is not None and row - 1 == mark[0] else ""
        text = ("  " + "  ".join(cells), MUTED if row == 0 else "")
        lines.append(words((label, style), text, (sign, "$warning")))
    return Content("\n").join(lines)


def results_table(
    results: Sequence[Result], colours: Sequence[str], width: int, glyphs: Glyphs
) -> Content:
    """Return the losses, the lowest validation loss marked."""
    found = table(RESULTS, results, colours, width, mark=(_lowest(results), glyphs.best))
    return words(("no loss and no token is known", MUTED)) if found is None else found


def _lowest(results: Sequence[Result]) -> int | None:
    known = {
        i: result.best_val_loss
        for i, result in enumerate(results)
        if result.best_val_loss is not None and not result.is_leaking
    }
    return min(known, key=lambda index: known[index]) if len(known) > 1 else None


def _width(columns: list[tuple[Field, list[str]]]) -> int:
    return sum(max(map(len, cells)) + 2 for _, cells in columns) + 3


def _time(elapsed_s: float | None) -> str:
    return figures.UNKNOWN if elapsed_s is None else duration(elapsed_s)


def _share(result: Result, key: str) -> str:
    """Return a share in percent with the ends of its interval: 63% 31-86."""
    found: Interval | None = getattr(result.generation, key, None)
    if found is None or found.low is None or found.high is None:
        return figures.UNKNOWN
    low, value, high = (f"{100 * end + 1e-9:.0f}" for end in (found.low, found.value, found.high))
    return f"{value}% {low}-{high}"


def _mean(result: Result, key: str) -> str:
    found: Interval | None = getattr(result.generation, key, None)
    return figures.UNKNOWN if found is None else f"{found.value:.3f}"


def _of_round(result: Result, key: str) -> str:
    return figures.count(getattr(result.generation, key, None))


def _hours(value: float | None) -> str:
    # A run on a CPU has none: that is no number to compare by.
    return figures.UNKNOWN if not value else comparison_figures.hours(value)


def _energy(energy: Energy | None) -> str:
    if energy is None:
        return figures.UNKNOWN
    return comparison_figures.kwh(energy) + ("*" if energy.gaps else "")


def _mfu(mfu: float | None) -> str:
    return figures.UNKNOWN if mfu is None else figures.utilisation(mfu)
