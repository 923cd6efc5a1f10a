"""Clock times and sizes for a page that is read on another day."""

from datetime import datetime

from tokmon.report.figures import UNKNOWN, figure

_UNITS = ((1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB"))


def clock(moment: float | None) -> str:
    """Return local date and time to the second: 2026-09-21 14:25:08."""
    if moment is None:
        return UNKNOWN
    return datetime.fromtimestamp(moment).astimezone().strftime("%Y-%m-%d %H:%M:%S")


def zone(moment: float) -> str:
    """Return the local offset at a moment: UTC+02:00."""
    offset = datetime.fromtimestamp(moment).astimezone().strftime("%z")
    return f"UTC{offset[:3]}:{offset[3:5]}"


def size(count: int | None) -> str:
    """Return bytes with a decimal unit, as the trainer's own messages do: 340 MB, 14.3 kB."""
    if count is None:
        return UNKNOWN
    for limit, unit in _UNITS:
        if count >= limit:
            return f"{figure(count / limit)} {unit}"
    return f"{count} B"
