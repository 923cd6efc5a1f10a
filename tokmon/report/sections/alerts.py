"""What is wrong with a run now, and what was, as tables."""

from collections import Counter
from collections.abc import Iterator

from tokmon.monitor.durations import duration
from tokmon.monitor.state import RunState, Severity
from tokmon.report import figures
from tokmon.report.document import Paragraph, Strong, Table
from tokmon.report.times import clock

_MAX_SPANS = 12
_ORDER = (Severity.ERROR, Severity.WARNING, Severity.INFO)


def alerts(state: RunState) -> Iterator[Paragraph | Table]:
    """Yield what is wrong now, then what was."""
    if state.alerts:
        yield Table(
            ("Alert now", "Message"),
            tuple((Strong(alert.severity.upper()), alert.message) for alert in state.alerts),
        )
    spans = state.alert_spans
    if not spans:
        yield Paragraph(
            "No alert " + ("stands now, and none before." if not state.alerts else "before.")
        )
        return
    worst = sorted(spans, key=lambda span: (_ORDER.index(span.severity), not span.is_open))
    shown = sorted(
        worst[:_MAX_SPANS], key=lambda span: (span.begun_at or 0.0, span.first_step or 0)
    )
    yield Table(
        ("Alert history", "Severity", "From step", "Begun", "Lasted"),
        tuple(
            (
                span.message,
                str(span.severity),
                figures.count(span.first_step),
                clock(span.begun_at),
                _lasted(span.begun_at, span.ended_at, span.is_open),
            )
            for span in shown
        ),
        numbers=frozenset({2, 3, 4}),
    )
    if len(spans) > _MAX_SPANS:
        by_rule = Counter(span.rule for span in spans)
        counted = ", ".join(f"{rule} {count:,}" for rule, count in by_rule.most_common(8))
        yield Paragraph(f"The {_MAX_SPANS} gravest of {len(spans):,}; by rule: {counted}.")


def _lasted(begun_at: float | None, ended_at: float | None, is_open: bool) -> str:
    if is_open:
        return "still"
    is_timed = begun_at is not None and ended_at is not None and ended_at > begun_at
    return duration(ended_at - begun_at) if is_timed and ended_at and begun_at else figures.UNKNOWN
