"""How `tokmon runs` prints runs, and what it removed or would."""

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
import msgspec

from tokmon.monitor.durations import age
from tokmon.monitor.prune import Pruned
from tokmon.monitor.prune_plan import PrunePlan
from tokmon.monitor.run_list import RunListState
from tokmon.monitor.run_summary import RunSummary
from tokmon.monitor.visible import visible
from tokmon.report import figures
from tokmon.rundir.records import iso

COLUMNS = (
    *("state", "experiment", "step", "max_steps", "train_loss", "best_val_loss", "best_step"),
    *("updated", "path"),
)
"""Of what goes into a pipe."""
_SHOWN_LEFT = 5
_TITLES = ("state", "experiment", "step", "of", "train", "best val", "at step", "age")
_RIGHT = range(2, len(_TITLES))
_MIN_NAME = 12


def as_dict(run: RunSummary) -> dict[str, Any]:
    """Return the stable keys, those of `tokmon status --json` where the name is the same."""
    return {
        "experiment": _text(run.name),
        "state": str(run.health.phase),
        "reason": _text(run.health.reason),
        "step": run.step,
        "max_steps": run.max_steps,
        "train_loss": run.train_loss,
        "best_val_loss": run.best.val_loss if run.best else None,
        "best_step": run.best.step if run.best else None,
        "started": None if run.started is None else iso(run.started),
        "updated": None if run.updated is None else iso(run.updated),
        "path": _text(str(run.run.path)),
        "faults": [_text(fault) for fault in run.faults],
    }


def as_json(runs: Sequence[RunSummary]) -> str:
    """Return one JSON array, an object a run."""
    content = msgspec.json.encode([as_dict(run) for run in runs])
    return msgspec.json.format(content, indent=2).decode()


def as_columns(run: RunSummary) -> str:
    """Return COLUMNS with a tab between; what is not known is empty."""
    values = as_dict(run)
    return "\t".join(_column(values[name]) for name in COLUMNS)


def print_table(runs: Sequence[RunSummary], state: RunListState) -> None:
    """Print a table as wide as the terminal, and how many there are."""
    rows = [_cells(run, state.now) for run in runs]
    if rows:
        columns = list(zip(_TITLES, *rows, strict=True))
        widths = [max(map(len, column)) for column in columns]
        room = shutil.get_terminal_size().columns
        others = sum(widths) - widths[1] + 2 * (len(widths) - 1)
        widths[1] = max(_MIN_NAME, min(widths[1], room - others))
        for row in (_TITLES, *rows):
            click.echo(_line(row, widths))
    counted = f"{state.found:,} run{'s' if state.found != 1 else ''}"
    told = counted if len(runs) == state.found else f"{len(runs):,} of {counted}"
    click.echo(told, err=True)


def plan_lines(planned: PrunePlan) -> list[str]:
    """Return what would go of a run, and what would stay that is not its own; safe to print."""
    what = "all of it" if planned.is_whole else "weights"
    size = size_in_words(planned.size)
    first = f"{planned.run.path}: {what}, {_files(len(planned.doomed))}, {size}"
    return [visible(first), *_left(planned.left)]


def leftover_line(aside: Path, size: int) -> str:
    """Return what an earlier prune has left aside; safe to print."""
    return visible(f"{aside}: left by a prune that was ended, {size_in_words(size)}")


def done_line(planned: PrunePlan, done: Pruned) -> str:
    """Return what was removed; safe to print."""
    first = f"removed {_files(done.files)} of {planned.run.path}, {size_in_words(done.size)}"
    return "\n".join([visible(first), *_left(done.left)])


def size_in_words(size: int) -> str:
    """Return bytes with a decimal unit: 1.29 GB, 340 MB."""
    if size < 1000:
        return f"{size} bytes"
    text = figures.compact(size)
    return f"{text[:-1]} {text[-1]}B"


def _left(paths: Sequence[Path]) -> list[str]:
    lines = [visible(f"  stays: {path}, not a file of the run") for path in paths[:_SHOWN_LEFT]]
    if (more := len(paths) - _SHOWN_LEFT) > 0:
        lines.append(f"  stays: {more:,} more")
    return lines


def _files(count: int) -> str:
    return f"{count:,} file{'s' if count != 1 else ''}"


def _cells(run: RunSummary, now: float) -> tuple[str, ...]:
    best = run.best
    mark = "" if run.is_best_certain or best is None else "<="
    return (
        str(run.health.phase),
        visible(run.name),
        figures.count(run.step),
        figures.count(run.max_steps),
        figures.loss(run.train_loss),
        mark + figures.loss(best.val_loss if best else None),
        figures.count(best.step if best else None),
        figures.UNKNOWN if run.updated is None else age(now - run.updated),
    )


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    cells = []
    for index, (cell, width) in enumerate(zip(row, widths, strict=True)):
        shown = cell if len(cell) <= width else f"{cell[: width - 3]}..."
        cells.append(shown.rjust(width) if index in _RIGHT else shown.ljust(width))
    return "  ".join(cells).rstrip()


def _column(value: object) -> str:
    return "" if value is None else visible(str(value))


def _text(value: str) -> str:
    """Return foreign text as JSON can have it: a folder's name may be no text."""
    return value.encode(errors="backslashreplace").decode()
