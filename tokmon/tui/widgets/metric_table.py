"""The numbers of the log: its earliest lines, some by orders of magnitude, and the latest."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from textual.content import Content
from textual.geometry import Size

from tokmon.monitor.milestones import milestones
from tokmon.monitor.series import Frame
from tokmon.monitor.state import RunState
from tokmon.report import figures
from tokmon.tui.text import MUTED, STRONG, words
from tokmon.tui.widgets.pane import Pane


@dataclass(frozen=True, slots=True)
class _Field:
    key: str
    title: str
    min_width: int
    """So that the columns do not move as the numbers grow."""
    show: Callable[[float], str]
    priority: int
    """The highest go first where there is no room."""


_FIELDS = (
    _Field("step", "step", 6, figures.count, 0),
    _Field("train_loss", "loss", 6, figures.loss, 0),
    _Field("train_ppl", "PPL", 6, figures.figure, 1),
    _Field("lr", "LR", 7, figures.learning_rate, 4),
    _Field("steps_per_sec", "steps/s", 7, figures.rate, 3),
    _Field("val_loss", "val", 5, figures.loss, 2),
    _Field("val_bpb", "bpb", 5, figures.loss, 5),
    _Field("grad_norm", "grad", 5, figures.figure, 6),
)
_GAPS = (3, 2, 1)
_MARKS_WIDTH = 3
"""The sign in front of the latest row, and the one behind the best."""


@dataclass(frozen=True, slots=True)
class _Column:
    priority: int
    cells: list[str]
    """Title first, padded to one width."""

    @property
    def width(self) -> int:
        return len(self.cells[0])


class MetricTable(Pane, can_focus=True):
    """As many rows and columns as there is room for; the newest row is always shown."""

    BORDER_TITLE = "Metrics"

    def inputs(self, state: RunState) -> tuple[object, ...]:
        return (state.frame, state.best)

    def draw(self, state: RunState, size: Size) -> Content:
        width, height = size
        if not len(state.frame):
            return words(("no log line yet", MUTED))
        rows = milestones(state.frame.steps, height - 1)
        columns = [_column(state.frame, rows, field) for field in _FIELDS]
        shown, gap = _fitting([column for column in columns if column], width - _MARKS_WIDTH)
        lines = (gap.join(cells) for cells in zip(*(c.cells for c in shown), strict=True))
        styled = [words((f" {next(lines)}", MUTED))]
        best_step = state.best.step if state.best else None
        styled += [
            self._row(line, is_latest=row == rows[-1], is_best=state.frame.steps[row] == best_step)
            for row, line in zip(rows, lines, strict=True)
        ]
        return Content("\n").join(styled)

    def _row(self, line: str, *, is_latest: bool, is_best: bool) -> Content:
        mark = self.glyphs.latest if is_latest else " "
        text = words((mark, "$primary"), (line, STRONG if is_latest else ""))
        return words(text, (f" {self.glyphs.best}", "$warning")) if is_best else text


def _column(frame: Frame, rows: list[int], field: _Field) -> _Column | None:
    """Return a metric's cells; None if the log does not have it."""
    if field.key != "step" and field.key not in frame.columns:
        return None
    cells = [field.title, *(_cell(frame, row, field) for row in rows)]
    width = max(field.min_width, *map(len, cells))
    return _Column(field.priority, [f"{cell:>{width}}" for cell in cells])


def _cell(frame: Frame, row: int, field: _Field) -> str:
    if field.key == "step":
        return figures.count(int(frame.steps[row]))
    column = frame.columns[field.key]
    if not column.present[row]:
        return ""
    value = float(column.values[row])
    return "null" if np.isnan(value) else field.show(value)


def _fitting(columns: list[_Column], width: int) -> tuple[list[_Column], str]:
    """Return the columns that there is room for, and the widest gap that they leave."""
    kept = list(columns)
    while len(kept) > 1 and _total(kept, _GAPS[-1]) > width:
        kept.remove(max(kept, key=lambda column: column.priority))
    gap = next((gap for gap in _GAPS if _total(kept, gap) <= width), _GAPS[-1])
    return kept, " " * gap


def _total(columns: list[_Column], gap: int) -> int:
    return sum(column.width for column in columns) + gap * (len(columns) - 1)
