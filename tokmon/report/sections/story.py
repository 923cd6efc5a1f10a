"""A run's timeline: what happened and what is to come, with clock times."""

from tokmon.monitor.durations import duration
from tokmon.monitor.state import RunState
from tokmon.monitor.timeline import Mark, Station, timeline, turns_left_out
from tokmon.report import figures
from tokmon.report.document import Paragraph, Section, Strong, Table, Text
from tokmon.report.times import clock

_NAMES = {
    "warm-up": "warm-up ends",
    "20%": "20 % of the steps",
    "50%": "50 % of the steps",
    "100%": "all steps",
}


def story(state: RunState) -> Section:
    """Return the timeline."""
    stations = timeline(state)
    if not stations:
        return Section("Timeline", (Paragraph("Nothing with a time or a length is recorded yet."),))
    rows = tuple(_row(station, state) for station in stations)
    table = Table(
        ("What", "Step", "State", "When", "Since start"), rows, numbers=frozenset({1, 3, 4})
    )
    notes = []
    if left_out := turns_left_out(state):
        notes.append(
            Paragraph(f"{left_out:,} earlier resumes, rollbacks and crashes are left out.")
        )
    if state.eta is not None and state.eta.earliest_s < state.eta.latest_s:
        ends = (clock(state.now + state.eta.earliest_s), clock(state.now + state.eta.latest_s))
        notes.append(Paragraph(f"The end is likely between {ends[0]} and {ends[1]}."))
    return Section("Timeline", (table, *notes))


def _row(station: Station, state: RunState) -> tuple[Text, ...]:
    since = figures.UNKNOWN
    if station.time is not None and state.started is not None and station.time >= state.started:
        since = duration(station.time - state.started)
    is_done = station.mark is Mark.DONE
    return (
        _NAMES.get(station.name, station.name),
        figures.count(station.step),
        Strong("done") if is_done else str(station.mark),
        clock(station.time),
        since,
    )
