"""A comparison as a page: what stands in it, section by section. Computes nothing."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tokmon.monitor.compared import LABELS, Result
from tokmon.monitor.comparison import Comparison
from tokmon.monitor.intervals import Interval
from tokmon.report import comparison_figures as shown
from tokmon.report import figures
from tokmon.report.comparison_seeds import seeds
from tokmon.report.comparison_tables import aligned, reached
from tokmon.report.document import (
    Block,
    Bullets,
    Code,
    Document,
    Paragraph,
    Section,
    Strong,
    Table,
    Text,
)
from tokmon.rundir.records import iso

MAX_DIFFERENCES = 200
_MAX_VALUE = 200


@dataclass(frozen=True, slots=True)
class _Row:
    """One number of every run."""

    title: str
    show: Callable[[Result], str]
    value: Callable[[Result], float | None] | None = None
    """What the best is told by: the lowest; None where none is."""


_LOSSES = (
    _Row(
        "best validation loss", lambda r: figures.loss(r.best_val_loss), lambda r: r.best_val_loss
    ),
    _Row("best validation PPL", lambda r: figures.figure(r.best_val_ppl)),
    _Row("best bits per byte", lambda r: figures.loss(r.best_val_bpb), lambda r: r.best_val_bpb),
    _Row("best at step", lambda r: figures.count(r.best_step)),
    _Row("final validation loss", lambda r: figures.loss(r.val_loss), lambda r: r.val_loss),
    _Row("final bits per byte", lambda r: figures.loss(r.val_bpb), lambda r: r.val_bpb),
    _Row("final at step", lambda r: figures.count(r.val_step)),
    _Row(
        "final train loss, averaged", lambda r: figures.loss(r.train_loss), lambda r: r.train_loss
    ),
)
_GENERATION = ("mode_collapse", "keyword_presence", "validity", "seq_rep_4", "distinct_2_words")
_GENERATION_TITLES = {
    "mode_collapse": "mode collapse",
    "keyword_presence": "keyword presence",
    "validity": "validity",
    "seq_rep_4": "seq-rep-4",
    "distinct_2_words": "distinct-2 of words",
}
_COST = (
    _Row("steps", lambda r: figures.count(r.step)),
    _Row("tokens", lambda r: figures.compact(r.tokens)),
    _Row("training time", lambda r: shown.time(r.elapsed_s)),
    _Row("steps/s", lambda r: figures.rate(r.steps_per_sec)),
    _Row("tokens/s", lambda r: figures.compact(r.tokens_per_sec)),
    _Row("MFU", lambda r: figures.UNKNOWN if r.mfu is None else figures.utilisation(r.mfu)),
    _Row("GPU hours", lambda r: shown.hours(r.cost.gpu_hours)),
    _Row("CPU core hours", lambda r: shown.hours(r.cost.cpu_core_hours)),
    _Row("energy of the GPUs", lambda r: shown.kwh(r.cost.energy)),
)


def comparison_page(comparison: Comparison, now: float) -> Document:
    """Return the page; `now` is seconds since 1970."""
    sections = (
        Section("Runs", (_runs(comparison),)),
        Section("Results", _results(comparison)),
        Section("Generated text", _generation(comparison)),
        Section("Speed and cost", _cost(comparison)),
        Section("Side by side", aligned(comparison)),
        Section("Who got there when", reached(comparison)),
        Section("Seeds", seeds(comparison)),
        Section("Configuration that differs", _config(comparison)),
    )
    names = [Code(result.name) for result in comparison.results]
    title = (
        (names[0], " against ", names[1]) if len(names) == 2 else (f"{len(names)} runs compared",)
    )
    lead: list[Block] = [Paragraph(f"Compared {iso(now)}; the reference is A.")]
    if said := (*comparison.remarks, *comparison.caveats):
        lead.append(Bullets(said))
    return Document(title, tuple(lead), tuple(part for part in sections if part.blocks))


def _runs(comparison: Comparison) -> Block:
    rows = []
    for run, result in zip(comparison.runs, comparison.results, strict=True):
        info = run.state.info
        seed = info.config.get("seed") if info else None
        device = info.device.get("name") if info else None
        rows.append(
            (
                result.label,
                Code(result.name),
                str(result.phase),
                shown.progress(result.step, run.state.max_steps),
                figures.compact(info.parameters) if info else figures.UNKNOWN,
                _foreign(seed),
                _foreign(device),
                Code(str(run.state.run.path)),
            )
        )
    heading = ("", "run", "state", "steps", "parameters", "seed", "device", "folder")
    return Table(heading, tuple(rows), frozenset({3, 4, 5}))


def _results(comparison: Comparison) -> tuple[Block, ...]:
    rows = [_marked(row, comparison.results) for row in _LOSSES]
    rows = [*_known(rows), *_evaluated(comparison)]
    told = _WITH_EVALS if any(comparison.evals) else _WITHOUT_EVALS
    return (_table(comparison, "", rows), Paragraph(told))


_LOWER = "Of losses the lowest is the best, and bold."
_WITH_EVALS = (
    f"{_LOWER} What was evaluated has in brackets the 95 % interval that ",
    Code("tokmon eval"),
    " found by drawing held-out documents and samples again.",
)
_WITHOUT_EVALS = (
    f"{_LOWER} A log has one number for an evaluation and nothing of its spread: ",
    "no interval is known of a single run. Hand in what ",
    Code("tokmon eval RUN --json"),
    " prints with ",
    Code("--eval FILE"),
    ", or compare several seeds.",
)


def _evaluated(comparison: Comparison) -> list[tuple[Text, ...]]:
    """Return a row for each metric of the evaluations that were handed in."""
    if not any(comparison.evals):
        return []
    steps = [figures.count(found.step) if found else figures.UNKNOWN for found in comparison.evals]
    rows: list[tuple[Text, ...]] = [("evaluated at step", *steps)]
    for key, title, show in shown.EVALUATED:
        found = [one.metrics.get(key) if one else None for one in comparison.evals]
        if any(found):
            rows.append((f"evaluated {title}", *(shown.interval(one, show) for one in found)))
    return rows


def _generation(comparison: Comparison) -> tuple[Block, ...]:
    summaries = [result.generation for result in comparison.results]
    if not any(summaries):
        return ()
    steps = [figures.count(found.step if found else None) for found in summaries]
    sizes = [figures.count(found.samples if found else None) for found in summaries]
    rows: list[tuple[Text, ...]] = [("at step", *steps), ("samples", *sizes)]
    for key in _GENERATION:
        values: list[Interval | None] = [getattr(found, key, None) for found in summaries]
        show = shown.plain if key in ("seq_rep_4", "distinct_2_words") else shown.share
        rows.append((_GENERATION_TITLES[key], *(shown.interval(one, show) for one in values)))
    told = (
        "Of the last round in the samples log. In brackets 95 % intervals: Wilson's for shares, "
        "the bootstrap over texts for seq-rep-4, the jackknife for distinct-2, which is of words "
        "and signs since the log holds no tokens."
    )
    return (_table(comparison, "", _known(rows)), Paragraph(told))


def _cost(comparison: Comparison) -> tuple[Block, ...]:
    rows = _known([_marked(row, comparison.results) for row in _COST])
    blocks: list[Block] = [_table(comparison, "", rows)]
    notes = [
        f"{result.label}: {result.cost.remark}"
        for result in comparison.results
        if result.cost.remark
    ]
    if notes:
        blocks.append(Bullets(tuple(notes)))
    return tuple(blocks)


def _config(comparison: Comparison) -> tuple[Block, ...]:
    found = comparison.differences
    if not found:
        return (Paragraph("No recorded key differs."),)
    rows = [
        (Code(one.key), *(_value(value) for value in one.values)) for one in found[:MAX_DIFFERENCES]
    ]
    blocks: list[Block] = [_table(comparison, "key", rows, is_number=False)]
    if (more := len(found) - MAX_DIFFERENCES) > 0:
        blocks.append(Paragraph(f"And {more:,} keys more."))
    return tuple(blocks)


def _value(value: str | None) -> Text:
    if value is None:
        return "absent"
    return Code(value if len(value) <= _MAX_VALUE else f"{value[:_MAX_VALUE]}...")


def _foreign(value: object) -> Text:
    return figures.UNKNOWN if value is None else _value(str(value))


def _marked(row: _Row, results: Sequence[Result]) -> tuple[Text, ...]:
    """Return a row with its lowest value in bold, that of a leak never."""
    values = [
        row.value(result) if row.value and not result.is_leaking else None for result in results
    ]
    known = [value for value in values if value is not None]
    is_told = len(known) > 1 and min(known) < max(known)
    cells = [row.show(result) for result in results]
    return row.title, *(
        Strong(cell) if is_told and value == min(known) else cell
        for cell, value in zip(cells, values, strict=True)
    )


def _known(rows: Sequence[tuple[Text, ...]]) -> list[tuple[Text, ...]]:
    """Leave out rows that no run has a value of."""
    return [row for row in rows if any(cell != figures.UNKNOWN for cell in row[1:])]


def _table(
    comparison: Comparison, first: str, rows: Sequence[tuple[Text, ...]], *, is_number: bool = True
) -> Table:
    labels = LABELS[: len(comparison.runs)]
    numbers = frozenset(range(1, len(labels) + 1)) if is_number else frozenset[int]()
    return Table((first, *labels), tuple(rows), numbers)
