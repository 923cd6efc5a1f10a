"""The signs that the screen draws with, in Unicode and in ASCII. Must not hold colours."""

from collections.abc import Mapping
from dataclasses import dataclass

from tokmon.monitor.state import Phase, Severity

_OVERRIDE = "TOKMON_ASCII"
_LOCALE_KEYS = ("LC_ALL", "LC_CTYPE", "LANG")
# Python sets this itself where no locale is set (PEP 538); it says nothing about the terminal.
_COERCED = "C.UTF-8"


@dataclass(frozen=True, slots=True)
class Glyphs:
    """One set of signs."""

    is_ascii: bool
    phases: Mapping[Phase, str]
    """A shape for each state, so that colour is not the only sign."""
    severities: Mapping[Severity, str]
    bar_full: str
    bar_empty: str
    spark: str
    """Eight heights, lowest first."""
    activities: str
    """What the time goes into, in the order of SHARE_KEYS: seven lines told apart by shape."""
    best: str
    latest: str
    output: str
    """In front of a line of output."""
    dot: str
    """Between facts."""
    ellipsis: str
    degree: str
    tick_y: str
    tick_x: str
    line_y: str
    line_x: str
    corner: str
    chart_marks: str
    """For an ASCII chart: raw, average, validation."""
    legend: tuple[str, str, str]
    """Samples of raw, average and validation line."""


UNICODE = Glyphs(
    is_ascii=False,
    phases={
        Phase.STARTING: "○",
        Phase.RUNNING: "●",
        Phase.EVALUATING: "◐",
        Phase.SAVING: "▼",
        Phase.PAUSED: "‖",
        Phase.STALLED: "▲",
        Phase.FINISHED: "✓",
        Phase.STOPPED: "■",
        Phase.CRASHED: "✗",
        Phase.KILLED: "✗",
    },
    severities={Severity.INFO: "i", Severity.WARNING: "!", Severity.ERROR: "‼"},
    bar_full="━",
    bar_empty="─",
    spark="▁▂▃▄▅▆▇█",
    activities="━═─╌╍┅·",
    best="◆",
    latest="▸",
    output="│",
    dot="·",
    ellipsis="…",
    degree="°C",
    tick_y="┤",
    tick_x="┬",
    line_y="│",
    line_x="─",
    corner="└",
    chart_marks="",
    legend=("⣿⣿", "──", "⠒ ⠒"),
)

ASCII = Glyphs(
    is_ascii=True,
    phases={
        Phase.STARTING: "o",
        Phase.RUNNING: "*",
        Phase.EVALUATING: "?",
        Phase.SAVING: "v",
        Phase.PAUSED: "=",
        Phase.STALLED: "!",
        Phase.FINISHED: "+",
        Phase.STOPPED: "#",
        Phase.CRASHED: "x",
        Phase.KILLED: "x",
    },
    severities={Severity.INFO: "i", Severity.WARNING: "!", Severity.ERROR: "!!"},
    bar_full="=",
    bar_empty="-",
    spark="_.:-=+*#",
    activities="#=+:-o.",
    best="@",
    latest=">",
    output="|",
    dot="-",
    ellipsis="~",
    degree=" C",
    tick_y="+",
    tick_x="+",
    line_y="|",
    line_x="-",
    corner="+",
    chart_marks=".#o",
    legend=(".", "#", "o"),
)


def suited_to(environment: Mapping[str, str]) -> Glyphs:
    """Return the set that the terminal can show, as far as its locale says.

    TOKMON_ASCII=1 or 0 decides where the locale is wrong.
    """
    if override := environment.get(_OVERRIDE):
        return UNICODE if override == "0" else ASCII
    named = {key: environment.get(key, "") for key in _LOCALE_KEYS}
    if not named["LC_ALL"] and named["LC_CTYPE"] == _COERCED:
        named["LC_CTYPE"] = named["LANG"]
    locale = next((name for name in named.values() if name), "")
    return UNICODE if "utf8" in locale.lower().replace("-", "") else ASCII
