"""What the trainer sampled along the way: one round at a time, the newest first."""

import time
from collections.abc import Sequence
from itertools import pairwise
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from tokmon.monitor.sample_rounds import Round, field, rounds
from tokmon.report import figures
from tokmon.rundir.records import Sample
from tokmon.tui import judged
from tokmon.tui.glyphs import Glyphs
from tokmon.tui.highlighting import STYLES, Highlighter
from tokmon.tui.shown_text import ShownText
from tokmon.tui.text import MUTED, STRONG, foreign, words

_MAX_CHARACTERS = 4000
"""Of one text; what is beyond is counted."""


class SamplesScreen(ModalScreen[None]):
    """A summary of the round above its texts; they are as they were when it was opened."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,s", "dismiss", "Close", id="samples.close"),
        Binding("left,h", "turn(1)", "Older", id="samples.older"),
        Binding("right,l", "turn(-1)", "Newer", id="samples.newer"),
    ]

    def __init__(self, samples: Sequence[Sample], glyphs: Glyphs) -> None:
        super().__init__()
        self._rounds = rounds(samples)
        self._index = 0
        self._glyphs = glyphs
        self.set_class(glyphs.is_ascii, "-ascii")

    def compose(self) -> ComposeResult:
        with VerticalScroll(id="rounds") as box:
            box.border_title = "Samples"
            yield Static(id="samples-text", markup=False)

    def on_mount(self) -> None:
        self._show()

    def action_turn(self, by: int) -> None:
        index = self._index + by
        if 0 <= index < len(self._rounds):
            self._index = index
            self._show()
            self.query_one("#rounds").scroll_home(animate=False)

    def _show(self) -> None:
        box = self.query_one("#rounds")
        if not self._rounds:
            self.query_one("#samples-text", Static).update(
                words(("no text was sampled yet; tokmon ctl RUN sample asks for some", MUTED))
            )
            box.border_subtitle = "esc closes"
            return
        shown = self._rounds[self._index]
        box.border_title = f"Samples of step {figures.count(shown.step)}"
        place = f"round {len(self._rounds) - self._index} of {len(self._rounds)}"
        box.border_subtitle = f"{place}, left older, right newer, esc closes"
        blocks = [_summary(shown), *(self._block(sample) for sample in shown.samples)]
        self.query_one("#samples-text", Static).update(Content("\n\n").join(blocks))

    def _block(self, sample: Sample) -> Content:
        prompt, text = _in_colours(sample)
        ended = prompt.removesuffix("\n")  # the sign may not push the next line's indentation
        sign = words((self._glyphs.latest, "bold $primary"), prompt[len(ended) :])
        return Content("\n").join([_heading(sample), words((ended, MUTED)) + sign + text])


def _in_colours(sample: Sample) -> tuple[str, Content]:
    """Return prompt and text, safe to show."""
    shown = ShownText(sample.prompt[:_MAX_CHARACTERS])
    cut = sample.text[:_MAX_CHARACTERS]
    shown.append(cut)
    highlighter = Highlighter(time.perf_counter)
    highlighter.follow(shown.text, is_final=True)
    starts = dict(highlighter.between(shown.prompt_end, len(shown.text)))
    edges = [*starts, len(shown.text)]
    pieces = [(shown.text[start:end], STYLES[starts[start]]) for start, end in pairwise(edges)]
    left_out = len(sample.text) - len(cut)
    more = words((f" ({left_out:,} characters more)", MUTED)) if left_out else words()
    return shown.text[: shown.prompt_end], words(*pieces) + more


def _summary(of: Round) -> Content:
    """Return how many samples collapsed, hold a keyword, are Python."""
    parts = [words((f"{len(of.samples)} texts", STRONG))]
    for key, value, name, style in _COUNTED:
        count, known = of.count(key, value)
        if known:
            parts.append(words((f"{count} of {known} {name}", style if count else MUTED)))
    return Content("   ").join(parts)


_COUNTED = (
    ("collapsed", True, "collapsed", "bold $error"),
    ("has_keyword", True, "with a keyword", "$foreground"),
    ("validity", "valid", "valid Python", "$success"),
)


def _heading(sample: Sample) -> Content:
    parts = []
    if name := field(sample, "prompt_id"):
        parts.append(foreign(str(name), STRONG))
    if sample.collapsed is not None:
        parts.append(judged.collapse(sample.collapsed))
    if validity := field(sample, "validity"):
        parts.append(judged.validity(str(validity)))
    if sample.seq_rep_4 is not None:
        parts.append(words("seq-rep-4 ", (f"{sample.seq_rep_4:.2f}", STRONG)))
    if sample.tokens is not None:
        parts.append(words((f"{sample.tokens:,} tokens", MUTED)))
    if sample.seed is not None:
        parts.append(words((f"seed {sample.seed}", MUTED)))
    return Content("   ").join(parts or [words(("a text", MUTED))])
