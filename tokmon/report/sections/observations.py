"""What stands out in a run, a sentence each, with the numbers it rests on."""

from collections.abc import Iterator

from tokmon.monitor.observations import (
    STABLE_SPREAD,
    loss_fall,
    throughput,
    validation_trend,
)
from tokmon.monitor.schedule_phase import schedule_phase
from tokmon.monitor.state import RunState, Severity
from tokmon.report import figures
from tokmon.report.document import Bullets, Paragraph, Section, Strong, Text
from tokmon.report.sections.alerts import alerts
from tokmon.report.sections.trust import trust

_MAX_SPANS = 12
_ORDER = (Severity.ERROR, Severity.WARNING, Severity.INFO)


def observations(state: RunState) -> Section:
    """Return what the rules found, and the history of alerts."""
    rules = (_loss, _schedule, _speed, _best, _overfitting, trust)
    items = tuple(item for rule in rules for item in rule(state))
    blocks = (
        (Bullets(items),) if items else (Paragraph("Nothing is known yet to say anything of."),)
    )
    return Section("Key observations", (*blocks, *alerts(state)))


def _loss(state: RunState) -> Iterator[Text]:
    fall = loss_fall(state.frame)
    if fall is None:
        lines, finite = len(state.frame), len(state.frame.series("train_loss").finite())
        if lines and not finite:
            yield Strong("Loss: "), f"not one of {lines:,} log lines has a finite train loss."
        elif lines:
            yield Strong("Loss: "), "one log line does not make a trend."
        return
    share = "" if fall.share is None else f" by {100 * fall.share:.1f} %"
    words = f"fell{share}" if fall.last <= fall.first else f"rose{share.replace('-', '')}"
    factor = fall.ppl_factor
    times = (
        f"{figures.figure(factor)} times smaller"
        if factor >= 1
        else (f"{figures.figure(1 / factor)} times larger")
    )
    begun = f"{figures.loss(fall.first)} at step {fall.first_step:,}"
    ended = f"{figures.loss(fall.last)} at step {fall.last_step:,}"
    said = f"the train loss {words}, from {begun} to {ended}; its perplexity is {times}."
    yield Strong("Loss: "), said


def _schedule(state: RunState) -> Iterator[Text]:
    phase = schedule_phase(state)
    if phase is None:
        return
    rate, peak = figures.learning_rate(phase.lr), figures.learning_rate(phase.peak_lr)
    if phase.is_warmup:
        words = f"warm-up, {_part(phase.share)} of {phase.warmup_steps or 0:,} steps; the learning "
        words += f"rate is {rate} of {peak}."
    else:
        kind = f"{phase.decay} schedule" if phase.decay else "schedule"
        behind = f" after the warm-up of {phase.warmup_steps:,} steps" if phase.warmup_steps else ""
        past = f", {_part(phase.share)} of it past" if phase.share is not None else ""
        words = f"{kind}{behind}{past}; the learning rate is {rate}, at its peak {peak}."
    yield Strong("Schedule: "), words


def _speed(state: RunState) -> Iterator[Text]:
    found = throughput(state.frame)
    if found is None:
        return
    tokens = figures.compact(found.tokens_per_sec)
    amount = f", {tokens} tokens/s" if found.tokens_per_sec is not None else ""
    verdict = "stable" if found.is_stable else "not stable"
    spread = (
        f"nine lines in ten within {figures.rate(found.low)} to {figures.rate(found.high)}, a "
        f"spread of {100 * found.spread:.1f} % (stable: at most {100 * STABLE_SPREAD:.0f} %)"
    )
    middle = f"{verdict} at {figures.rate(found.steps_per_sec)} steps/s{amount} in the median of "
    middle += f"{found.lines:,} lines"
    slowest = f"slowest {figures.rate(found.slowest)} at step {found.slowest_step:,}"
    yield Strong("Throughput: "), f"{middle}; {spread}; {slowest}."
    if state.time_spent.mfu is not None:
        used = figures.utilisation(state.time_spent.mfu)
        words = f"model FLOPs utilisation {used} of what was measured on it."
        yield Strong("Device: "), words


def _best(state: RunState) -> Iterator[Text]:
    best = state.best
    if best is None:
        return
    bits = f", {figures.loss(best.val_bpb)} bits per byte" if best.val_bpb is not None else ""
    saved = f"; weights in {best.file}" if best.file else "; no checkpoint holds it"
    if best.file and best.file_step not in (None, best.step):
        saved += f" (still those of step {best.file_step:,})"
    ppl = figures.figure(best.val_ppl)
    words = f"validation loss {figures.loss(best.val_loss)}, PPL {ppl}{bits}, at step {best.step:,}"
    yield Strong("Best: "), f"{words}{saved}."


def _overfitting(state: RunState) -> Iterator[Text]:
    trend = validation_trend(state)
    if trend is None:
        return
    gap = (
        ""
        if trend.gap is None
        else f" Validation lies {_signed(trend.gap)} the averaged train loss."
    )
    epoch = state.latest.get("epoch")
    seen = "" if epoch is None else f" The training split was read {figures.figure(epoch)} times."
    if not trend.since_best:
        words = f"none; the newest of {_evaluations(trend.evaluations)} is the best."
    else:
        rise = trend.rise
        verdict = "yes" if trend.is_overfitting else "none to be sure of"
        newest = f"{figures.loss(trend.latest)} at step {trend.latest_step:,}"
        since = f"{_evaluations(trend.since_best)} ago"
        words = f"{verdict}: {newest} is {rise:.3f} above the best, {since}."
    yield Strong("Overfitting: "), words + gap + seen


def _evaluations(count: int) -> str:
    return "1 evaluation" if count == 1 else f"{count:,} evaluations"


def _part(value: float | None) -> str:
    return "an unknown part" if value is None else f"{100 * value:.0f} %"


def _signed(gap: float) -> str:
    return f"{abs(gap):.3f} {'above' if gap >= 0 else 'below'}"
