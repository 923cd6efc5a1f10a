"""Where the time goes, as a divided bar and in words. Draws only what is known of it.

Each part has its name, its place in the order and its sign; its colour only helps.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from textual.content import Content

from tokmon.monitor.time_spent import SHARE_KEYS
from tokmon.report import figures
from tokmon.tui.glyphs import Glyphs
from tokmon.tui.text import MUTED, STRONG, Part, fit, words

_SHOWN_FROM = 0.005
"""Less is 0%, and no cell of any bar."""
_GAP = "  "


@dataclass(frozen=True, slots=True)
class _Look:
    name: str
    style: str


_LOOKS = dict(
    zip(
        SHARE_KEYS,
        (
            _Look("head", "$chart-smooth"),
            _Look("trunk", "$success"),
            _Look("optim", "$secondary"),
            _Look("input", "$foreground"),
            # As in the loss chart.
            _Look("eval", "$chart-validation"),
            _Look("save", "$chart-best"),
            _Look("gap", MUTED),
        ),
        strict=True,
    )
)


def time_bar(shares: Mapping[str, float], width: int, glyphs: Glyphs) -> Content:
    """Return a line of `width` cells, divided as the time is; blank where none is told."""
    ends = _ends(shares, width)
    starts = [0, *ends.values()]
    pieces = [
        (_sign(key, glyphs) * (end - start), _LOOKS[key].style)
        for start, (key, end) in zip(starts, ends.items(), strict=False)
        if end > start
    ]
    return words(*pieces)


def time_labels(
    shares: Mapping[str, float], width: int, glyphs: Glyphs, *, is_legend: bool
) -> Content:
    """Return the shares in words, in the bar's order; the smallest go where there is no room.

    Args:
        shares: by key, as in TimeSpent.
        width: cells.
        glyphs: the signs to draw with.
        is_legend: put the bar's sign before each.
    """
    shown = [key for key, share in shares.items() if share >= _SHOWN_FROM]
    by_size = sorted(shown, key=lambda key: -shares[key])
    parts = []
    for key in shown:
        sign = words((f"{_sign(key, glyphs)} ", _LOOKS[key].style)) if is_legend else Content()
        label = words(f"{_LOOKS[key].name} ", (figures.share(shares[key]), STRONG))
        parts.append(Part(sign + label, by_size.index(key)))
    return fit(parts, width, _GAP)


def _ends(shares: Mapping[str, float], width: int) -> dict[str, int]:
    """Return where each part ends: rounded sums, so that the whole is as wide as its shares."""
    ends, total = {}, 0.0
    for key, share in shares.items():
        total += share
        ends[key] = min(width, round(total * width))
    return ends


def _sign(key: str, glyphs: Glyphs) -> str:
    return glyphs.activities[SHARE_KEYS.index(key)]
