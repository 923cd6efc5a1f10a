"""Words and numbers for the screen. Foreign text comes in through `plain` and no other way."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from rich.text import Text
from textual.content import Content

from tokmon.monitor.state import Alert, Phase, Severity
from tokmon.monitor.visible import visible
from tokmon.tui.glyphs import Glyphs

MUTED = "$text-muted"
STRONG = "bold $foreground"

PHASE_STYLES = {
    Phase.STARTING: "bold $primary",
    Phase.RUNNING: "bold $success",
    Phase.EVALUATING: "bold $primary",
    Phase.SAVING: "bold $primary",
    Phase.PAUSED: "bold $warning",
    Phase.STALLED: "bold $warning",
    Phase.FINISHED: "bold $success",
    Phase.STOPPED: "bold $warning",
    Phase.CRASHED: "bold $error",
    Phase.KILLED: "bold $error",
}
SEVERITY_STYLES = {
    Severity.INFO: "$primary",
    Severity.WARNING: "bold $warning",
    Severity.ERROR: "bold $error",
}

_DAY_S = 86400


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """One fact on a line; it is shown whole or not at all."""

    content: Content
    priority: int = 0
    """The highest go first where there is no room."""


def plain(text: str, *, is_multiline: bool = False) -> Text:
    """Return foreign text as rich Text without markup, its control characters visible."""
    return Text(visible(text, is_multiline=is_multiline))


def words(*pieces: str | Content | tuple[str, str]) -> Content:
    """Return our own text in theme styles: `words("loss ", ("3.21", STRONG))`."""
    return Content.assemble(*pieces)


def foreign(text: str, style: str = "") -> Content:
    """Return foreign text on one line in a theme style."""
    shown = visible(text)
    return Content.styled(shown, style) if style else Content(shown)


def shortened(text: str, width: int, glyphs: Glyphs) -> str:
    """Return foreign text of at most `width` characters, its end cut if need be."""
    shown = visible(text)
    return shown if len(shown) <= width else shown[: max(0, width - 1)] + glyphs.ellipsis


def fit(parts: Sequence[Part], width: int, gap: str = "   ") -> Content:
    """Return as many parts in one line as there is room for, in order, by priority."""
    return Content(gap).join([part.content for part in _kept(parts, width, gap)])


def spread(left: Sequence[Part], right: Sequence[Part], width: int, gap: str = "   ") -> Content:
    """Return parts at both ends of a line; what matters least is left out, as in `fit`."""
    kept = _kept([*left, *right], width, gap)
    start = Content(gap).join([part.content for part in left if part in kept])
    end = Content(gap).join([part.content for part in right if part in kept])
    return start + Content(" " * max(0, width - start.cell_length - end.cell_length)) + end


def _kept(parts: Sequence[Part], width: int, gap: str) -> list[Part]:
    kept = list(parts)
    while kept and _width(kept, gap) > width:
        # The last of those that matter least.
        kept.remove(max(reversed(kept), key=lambda part: part.priority))
    return kept


def _width(parts: Sequence[Part], gap: str) -> int:
    return sum(part.content.cell_length for part in parts) + len(gap) * (len(parts) - 1)


def bar(fraction: float, width: int, glyphs: Glyphs, style: str = "$primary") -> Content:
    """Return a horizontal bar; full only when the fraction is 1."""
    clipped = min(1.0, max(0.0, fraction))
    full = min(round(clipped * width), width if clipped >= 1 else width - 1)
    return words(
        (glyphs.bar_full * full, style), (glyphs.bar_empty * (width - full), "$panel-lighten-2")
    )


def clock(moment: float, now: float) -> str:
    """Return local clock time, with the date where the day is another: 15:21, 24 Nov 15:21."""
    then, today = time.localtime(moment), time.localtime(now)
    is_today = (then.tm_year, then.tm_yday) == (today.tm_year, today.tm_yday)
    return time.strftime("%H:%M" if is_today else "%d %b %H:%M", then)


def clock_seconds(moment: float) -> str:
    """Return local clock time to the second."""
    return time.strftime("%H:%M:%S", time.localtime(moment))


def alert_line(alert: Alert, glyphs: Glyphs) -> Content:
    """Return an alert with its sign."""
    sign = glyphs.severities[alert.severity]
    return words((f"{sign} ", SEVERITY_STYLES[alert.severity])) + foreign(
        alert.message, SEVERITY_STYLES[alert.severity]
    )
