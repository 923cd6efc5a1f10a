"""Durations in words, as reasons and alerts need them."""

_MINUTE_S = 60
_HOUR_S = 3600
_DAY_S = 86400


def duration(seconds: float) -> str:
    """Return a duration with its two largest units: 0.4 s, 12 s, 3 min 20 s, 2 h 05 min."""
    if seconds < 0:
        return f"-{duration(-seconds)}"
    if seconds < 0.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < _MINUTE_S:
        return f"{whole} s"
    if whole < _HOUR_S:
        return f"{whole // _MINUTE_S} min {whole % _MINUTE_S:02d} s"
    if whole < _DAY_S:
        return f"{whole // _HOUR_S} h {whole % _HOUR_S // _MINUTE_S:02d} min"
    return f"{whole // _DAY_S} d {whole % _DAY_S // _HOUR_S} h"


def age(seconds: float) -> str:
    """Return a duration with its largest unit only, so that it changes seldom: 4 s, 3 min, 2 h."""
    whole = max(0, int(seconds))
    for unit, word in ((_DAY_S, "d"), (_HOUR_S, "h"), (_MINUTE_S, "min")):
        if whole >= unit:
            return f"{whole // unit} {word}"
    return f"{whole} s"
