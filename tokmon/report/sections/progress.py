"""The progress of a run as a table: the earliest lines, some in between, the latest, the best."""

from collections.abc import Callable
from typing import TypeAlias

from tokmon.monitor.progress_rows import ProgressRow, progress_rows
from tokmon.monitor.state import RunState
from tokmon.report import figures
from tokmon.report.document import Figure, Paragraph, Section, Strong, Table, Text

_Column: TypeAlias = tuple[str, str, Callable[[float | None], str]]
_COLUMNS: tuple[_Column, ...] = (
    ("train_loss", "Train loss", figures.loss),
    ("train_ppl", "Train PPL", figures.figure),
    ("lr", "LR", figures.learning_rate),
    ("steps_per_sec", "Steps/s", figures.rate),
    ("tokens_per_sec", "Tokens/s", figures.compact),
    ("val_loss", "Val loss", figures.loss),
    ("val_ppl", "Val PPL", figures.figure),
    ("val_bpb", "Val bpb", figures.loss),
)


def progress(state: RunState, drawings: tuple[Figure, ...]) -> Section:
    """Return the table, and the curves below it."""
    rows = progress_rows(state.frame, state.best.step if state.best else None)
    if not rows:
        return Section("Progress", (Paragraph("There is no log line to show."),))
    named = [column for column in _COLUMNS if any(column[0] in row.values for row in rows)]
    if not named:
        steps = f"{len(state.frame):,} log lines, to step {rows[-1].step:,}"
        return Section("Progress", (Paragraph(f"{steps}, and not one finite metric."),))
    heading = ("Step", *(name for _, name, _ in named))
    table = Table(
        heading,
        tuple(_row(row, named) for row in rows),
        numbers=frozenset(range(len(heading))),
    )
    count = len(state.frame)
    words = f"{len(rows)} of {count:,} log lines." if count > len(rows) else ""
    best = " The best evaluation is bold." if any(row.is_best for row in rows) else ""
    said = (Paragraph((words + best).strip()),) if words or best else ()
    return Section("Progress", (table, *said, *drawings))


def _row(row: ProgressRow, columns: list[_Column]) -> tuple[Text, ...]:
    cells: list[Text] = [f"{row.step:,}"]
    for key, _, show in columns:
        text = show(row.values[key]) if key in row.values else ""
        cells.append(Strong(text) if row.is_best and key.startswith("val_") else text)
    return tuple(cells)
