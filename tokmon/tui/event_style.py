"""Which kinds of events are alarming and which are pleasing. Holds no colour."""

from enum import StrEnum


class EventTone(StrEnum):
    """How an event is to be taken."""

    ALARMING = "alarming"
    PLEASING = "pleasing"
    PLAIN = "plain"


_ALARMING = frozenset(
    {
        "not_finite",
        "crash",
        "spike",
        "signal",
        "implausible",
        "rollback",
        "disk_full",
        "collapse",
        "samples_failed",
    }
)
_PLEASING = frozenset({"best", "finish", "collapse_over"})


def tone_of(kind: str) -> EventTone:
    """Return how an event of a kind is to be taken; an unknown kind is plain."""
    if kind in _ALARMING:
        return EventTone.ALARMING
    return EventTone.PLEASING if kind in _PLEASING else EventTone.PLAIN
