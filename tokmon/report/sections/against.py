"""A run beside another one, at the same steps. Whole comparisons are `tokmon compare`'s."""

import numpy as np

from tokmon.monitor.compared import compared
from tokmon.monitor.config_difference import differences
from tokmon.monitor.progress_rows import at_steps, progress_rows
from tokmon.monitor.remarks import remarks
from tokmon.monitor.series import Floats
from tokmon.monitor.state import RunState
from tokmon.report import figures
from tokmon.report.document import Block, Bullets, Code, Inline, Paragraph, Section, Table, Text

_ROWS = 10
_MAX_DIFFERENCES = 20
_KEYS = (
    ("train_loss", "Train loss", figures.loss),
    ("val_loss", "Val loss", figures.loss),
    ("steps_per_sec", "Steps/s", figures.rate),
)


def against(state: RunState, other: RunState) -> Section:
    """Return both runs' metrics at the steps that both have reached, and what differs."""
    blocks: list[Block] = [
        Paragraph(
            (
                "A is this run, B is ",
                Code(other.experiment),
                f" ({other.health.phase}, step {figures.count(other.step)}).",
            )
        )
    ]
    blocks += _same_step(state, other)
    blocks += _results(state, other)
    if said := remarks((compared(state), compared(other))):
        blocks.append(Bullets(said))
    blocks += _config(state, other)
    return Section("Against another run", tuple(blocks))


def _same_step(state: RunState, other: RunState) -> list[Block]:
    for one, label in ((state, "A"), (other, "B")):
        if not len(one.frame):
            return [Paragraph(f"{label} has no log line: there is nothing to hold against it.")]
    steps = _common_steps(state, other)
    if not steps:
        return [Paragraph("The logs have no step in common.")]
    columns = [(name, show, _pair(state, other, key, steps)) for key, name, show in _KEYS]
    columns = [
        column for column in columns if all(np.isfinite(values).any() for values in column[2])
    ]
    heading = ["Step"]
    cells: list[list[str]] = [[f"{step:,}"] for step in steps]
    for name, show, (mine, theirs) in columns:
        heading += [f"{name}, A", f"{name}, B", "A - B"]
        for row, a, b in zip(cells, mine.tolist(), theirs.tolist(), strict=True):
            row += [show(a), show(b), f"{a - b:+.3f}" if np.isfinite(a - b) else figures.UNKNOWN]
    rows = tuple(tuple(row) for row in cells)
    note = Paragraph("Between log lines of other steps a straight line is drawn.")
    return [Table(tuple(heading), rows, numbers=frozenset(range(len(heading)))), note]


def _common_steps(state: RunState, other: RunState) -> tuple[int, ...]:
    first = max(int(state.frame.steps[0]), int(other.frame.steps[0]))
    last = min(int(state.frame.steps[-1]), int(other.frame.steps[-1]))
    rows = progress_rows(state.frame, state.best.step if state.best else None, _ROWS)
    steps = {row.step for row in rows if first <= row.step <= last}
    if first <= last:
        # The last step of both: what is to be read first.
        index = int(np.searchsorted(state.frame.steps, last, side="right")) - 1
        steps.add(int(state.frame.steps[index]))
    return tuple(sorted(step for step in steps if step >= first))


def _pair(
    state: RunState, other: RunState, key: str, steps: tuple[int, ...]
) -> tuple[Floats, Floats]:
    return at_steps(state.frame, key, steps), at_steps(other.frame, key, steps)


def _results(state: RunState, other: RunState) -> list[Block]:
    if state.best is None and other.best is None:
        return []
    rows: list[tuple[Text, ...]] = []
    for label, one in (("A", state), ("B", other)):
        best = one.best
        values = (best.val_loss, best.val_ppl, best.val_bpb) if best else (None, None, None)
        rows.append(
            (
                label,
                figures.loss(values[0]),
                figures.figure(values[1]),
                figures.loss(values[2]),
                figures.count(best.step if best else None),
            )
        )
    heading = ("Best evaluation", "Val loss", "Val PPL", "Val bpb", "Step")
    return [Table(heading, tuple(rows), numbers=frozenset({1, 2, 3, 4}))]


def _config(state: RunState, other: RunState) -> list[Block]:
    found = differences((state.info, other.info))
    if state.info is None or other.info is None:
        return []
    if not found:
        return [Paragraph("Both have the same configuration.")]
    rows = tuple(
        (Code(one.key), _value(one.values[0]), _value(one.values[1]))
        for one in found[:_MAX_DIFFERENCES]
    )
    more = len(found) - _MAX_DIFFERENCES
    note = [Paragraph(f"And {more:,} more.")] if more > 0 else []
    return [Table(("Differs in", "A", "B"), rows), *note]


def _value(value: str | None) -> Inline:
    return "-" if value is None else Code(value[:80])
