"""Events and output lines as one list. Must not change their text.

They share no clock. A line that repeats an event ("best: validation loss 4.36") gives the event its
place; the others of a backlog are interleaved by the steps that the output names. After the
first look the order of arrival is the order.
"""

import re
from collections.abc import Sequence

from tokmon.monitor.state import JournalEntry
from tokmon.rundir.records import Event, moment

MAX_ENTRIES = 400

_STEP = re.compile(r"\bstep\b[\s:=#]*(\d[\d,_]*)", re.IGNORECASE)
_MAX_DIGITS = 15
# The two files are read one after the other: an event and its echo may come two looks apart.
_ECHO_REACH = 50


class Journal:
    """The newest entries, oldest first."""

    def __init__(self) -> None:
        self._entries: list[JournalEntry] = []
        self._shown: tuple[JournalEntry, ...] = ()

    def add(self, events: Sequence[Event], output: Sequence[str]) -> None:
        """Append what one look at the files brought."""
        if not events and not output:
            return
        recent = self._entries[-_ECHO_REACH:]
        known = {_echo(entry) for entry in recent if entry.event}
        lines = recent + [JournalEntry(text) for text in output if text.strip() not in known]
        merged = _merged([_of_event(event) for event in events], lines, len(recent))
        self._entries = (self._entries[: -len(recent) or None] + merged)[-MAX_ENTRIES:]
        self._shown = tuple(self._entries)

    def entries(self) -> tuple[JournalEntry, ...]:
        """Return what is kept; the same object until something is added."""
        return self._shown


def _of_event(event: Event) -> JournalEntry:
    return JournalEntry(event.message, event.event, event.step, moment(event.time))


def _echo(event: JournalEntry) -> str:
    """Return the line that a trainer prints for an event."""
    return f"{event.event}: {event.text}".strip()


def _merged(
    events: list[JournalEntry], lines: list[JournalEntry], new_from: int
) -> list[JournalEntry]:
    """Return all entries in one order.

    Args:
        events: new ones.
        lines: entries that are there already, then new output.
        new_from: where the new output begins; an event without an echo goes behind it.
    """
    merged: list[JournalEntry] = []
    place = 0
    for event in events:
        echo = _index_of(_echo(event), lines, place)
        end = _first_later(lines, max(place, new_from), event.step) if echo is None else echo
        merged += [*lines[place:end], event]
        place = end if echo is None else echo + 1
    return merged + lines[place:]


def _index_of(echo: str, lines: list[JournalEntry], start: int) -> int | None:
    for index in range(start, len(lines)):
        if not lines[index].event and lines[index].text.strip() == echo:
            return index
    return None


def _first_later(lines: list[JournalEntry], start: int, step: int | None) -> int:
    """Return where an event of `step` belongs: behind the lines that name none later."""
    end = start
    for index in range(start, len(lines)):
        named = _step_in(lines[index].text)
        if named is not None and step is not None:
            if named > step:
                break
            end = index + 1
    return end


def _step_in(text: str) -> int | None:
    match = _STEP.search(text)
    digits = re.sub(r"\D", "", match[1]) if match else ""
    return int(digits) if 0 < len(digits) <= _MAX_DIGITS else None
