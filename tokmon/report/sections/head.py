"""Title and first lines of a report: what it is of, its state, since when, where."""

from tokmon.monitor.run_facts import caveat
from tokmon.monitor.state import RunState
from tokmon.report import figures
from tokmon.report.document import Block, Code, Inline, Paragraph, Strong, Table, Text
from tokmon.report.status import progress_in_words
from tokmon.report.subject import Subject
from tokmon.report.times import clock, zone
from tokmon.rundir.records import Gpu


def title(state: RunState) -> tuple[Inline, ...]:
    """Return the run's name and its state."""
    return Code(state.experiment), f": {state.health.phase}"


def lead(subject: Subject) -> tuple[Block, ...]:
    """Return what a first look is for."""
    state = subject.state
    rows: list[tuple[str, Text]] = [
        ("State", (Strong(str(state.health.phase)), f": {state.health.reason}")),
        ("Progress", progress_in_words(state)),
        ("Ends", _end(state)),
        ("Started", clock(state.started)),
        ("Updated", clock(state.updated)),
        ("Process", _process(state)),
        ("Device", _device(state)),
        ("Run directory", Code(subject.shell.path(state.run.path))),
    ]
    shown = tuple((name, text) for name, text in rows if text and text != figures.UNKNOWN)
    blocks: list[Block] = [Table(("What", "Now"), shown)]
    if state.info is not None and (said := caveat(state.info)):
        blocks.append(Paragraph((Strong("Mind: "), said)))
    if not len(state.frame):
        blocks.append(Paragraph(_no_log(state)))
    blocks.append(
        Paragraph(f"Written by tokmon at {clock(state.now)}; times are {zone(state.now)}.")
    )
    return tuple(blocks)


def _no_log(state: RunState) -> Text:
    why = "has no line that can be read" if state.bad_line_count else "has no line yet"
    return Strong("Nothing is logged: "), Code(state.run.log.name), f" {why}."


def _end(state: RunState) -> Text:
    if state.eta is None:
        return ""
    return (
        f"in {state.eta.in_words()}, at {clock(state.eta.ends_at)} "
        f"(likely in {state.eta.range_in_words()})"
    )


def _process(state: RunState) -> Text:
    info = state.info
    if info is None or info.pid is None:
        return ""
    return f"{info.pid} on ", Code(info.host or "?")


def _device(state: RunState) -> Text:
    device = state.info.device if state.info else {}
    named = [str(device[key]) for key in ("name", "dtype") if device.get(key)]
    parts: list[Inline] = [Code(", ".join(named))] if named else []
    gpus = state.systems[-1].gpus if state.systems else []
    if state.health.phase.is_live:
        parts += [f"; {_gpu(gpu)}" for gpu in gpus]
    return tuple(parts)


def _gpu(gpu: Gpu) -> str:
    return (
        f"GPU {gpu.index}: {figures.percent(gpu.utilization_pct)} % busy, "
        f"{figures.gibibytes(gpu.memory_used_bytes)} of "
        f"{figures.gibibytes(gpu.memory_total_bytes)} GiB, {figures.figure(gpu.power_w)} W"
    )
