"""Whether a run is to be believed: its causality gate, its best loss, its samples, its files."""

from collections.abc import Iterator

from tokmon.monitor.generation_summary import generation_summary
from tokmon.monitor.observations import XZ_BPB, Belief, is_gate_closed, plausibility
from tokmon.monitor.state import RunState
from tokmon.report import figures
from tokmon.report.comparison_figures import interval, share
from tokmon.report.document import Strong, Text


def trust(state: RunState) -> Iterator[Text]:
    """Yield a sentence for each ground for or against it."""
    for rule in (_gate, _belief, _collapse, _reading):
        yield from rule(state)


def _gate(state: RunState) -> Iterator[Text]:
    gate = state.info.gate if state.info else {}
    if not gate:
        if state.info is not None:
            yield (
                Strong("Causality gate: "),
                "not recorded; nothing proves that no position sees later tokens.",
            )
        return
    loss, floor = gate.get("random_loss"), gate.get("random_loss_floor")
    numbers = (
        f"leaking positions {gate.get('leaking_positions', '?')} of {gate.get('positions', '?')}"
    )
    if isinstance(loss, int | float) and isinstance(floor, int | float):
        numbers += f"; loss on random tokens {figures.loss(loss)}, at least {figures.loss(floor)}"
    is_closed = is_gate_closed(state)
    verdict = "CLOSED, no number of this run is to be believed" if is_closed else "open"
    yield Strong("Causality gate: "), f"{verdict}; {numbers}."


def _belief(state: RunState) -> Iterator[Text]:
    found = plausibility(state)
    if found is None:
        return
    if found.bpb is None:
        value = f"{figures.loss(found.val_loss)} nats per token (bits per byte are not logged)"
    else:
        value = f"{figures.loss(found.bpb)} bits per byte"
    if found.belief is Belief.LEAKING:
        words = f"not to be believed: {value}, with the causality gate closed."
    elif found.belief is Belief.TOO_GOOD:
        words = f"too good to be true: {value}, where xz needs {XZ_BPB}; look for a leak in the "
        words += "causal mask, the held-out split and the samples."
    elif found.belief is Belief.WEAK:
        words = f"believable, but weak: {value}; xz needs {XZ_BPB} on Python source."
    elif found.bpb is None:
        words = f"nothing speaks against {value}."
    else:
        words = f"believable: {value}, where xz needs {XZ_BPB} on Python source."
    yield Strong("Plausibility: "), words


def _collapse(state: RunState) -> Iterator[Text]:
    found = generation_summary(state.samples)
    if found is None or found.mode_collapse is None:
        return
    where = "" if found.step is None else f" at step {found.step:,}"
    parts = [f"mode collapse {interval(found.mode_collapse, share)}"]
    if found.keyword_presence is not None:
        parts.append(f"keywords {interval(found.keyword_presence, share)}")
    if found.validity is not None:
        parts.append(f"valid Python {interval(found.validity, share)}")
    yield Strong("Samples: "), f"{', '.join(parts)}, over {found.samples:,} texts{where}."


def _reading(state: RunState) -> Iterator[Text]:
    if state.bad_line_count:
        lines = f"{state.bad_line_count:,} line{'s' if state.bad_line_count > 1 else ''}"
        last = state.bad_lines[-1] if state.bad_lines else None
        where = f"; the last is line {last.number:,} of {last.file}" if last else ""
        yield Strong("Unreadable: "), f"{lines} could not be read and were passed over{where}."
