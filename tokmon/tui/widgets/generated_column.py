"""One continuation with its heading: who wrote it, from which seed, and what it is worth."""

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from tokmon.report import figures
from tokmon.rundir.sampling import Done
from tokmon.tui import judged
from tokmon.tui.continuation import Continuation
from tokmon.tui.glyphs import Glyphs
from tokmon.tui.text import MUTED, STRONG, Part, fit, foreign, words
from tokmon.tui.widgets.generated_text import GeneratedText

_REASONS = {
    "length": "full length",
    "end_of_text": "ended by itself",
    "cancelled": "stopped",
}
_ONE_LINE_COLUMNS = 76


class GeneratedColumn(Vertical):
    """A heading of one to three lines above the text."""

    def __init__(self, continuation: Continuation, glyphs: Glyphs, *, names_source: bool) -> None:
        """Take the continuation; with several checkpoints side by side each names its own."""
        super().__init__()
        self.continuation = continuation
        self._names_source = names_source
        self._glyphs = glyphs
        self._heading_line = Static(classes="heading", markup=False)
        self.text = GeneratedText(continuation, glyphs)
        self._painted: object = None

    def compose(self) -> ComposeResult:
        yield self._heading_line
        yield self.text

    def on_resize(self) -> None:
        self.paint(is_forced=True)

    def on_mount(self) -> None:
        self.paint(is_forced=True)

    def paint(self, *, is_forced: bool = False) -> None:
        """Show what is new; does nothing where nothing is."""
        known = self.continuation
        state = (len(known.tokens), known.started, known.done, known.fault)
        if state == self._painted and not is_forced:
            return
        self._painted = state
        self._heading_line.update(self._heading(max(1, self.size.width)))
        self.text.paint()

    def _heading(self, width: int) -> Content:
        lines = [fit(self._source(), width, gap="  ")] if self._names_source else []
        progress, verdict = self._progress(), self._verdict()
        if width >= _ONE_LINE_COLUMNS or self.app.size.height < _TALL_ENOUGH:
            lines.append(fit([*progress, *verdict], width, gap="  "))
        else:
            lines += [fit(progress, width, gap="  "), fit(verdict, width, gap="  ")]
        return Content("\n").join(lines)

    def _source(self) -> list[Part]:
        started, asked = self.continuation.started, self.continuation.request.checkpoint
        if started is None:
            return [Part(foreign(asked or "best checkpoint", MUTED))]
        parts = [Part(words("step ", (figures.count(started.step), STRONG)))]
        if started.val_loss is not None:
            parts.append(Part(words("val loss ", (figures.loss(started.val_loss), STRONG)), 1))
        return [*parts, Part(foreign(started.checkpoint or asked, MUTED), 2)]

    def _progress(self) -> list[Part]:
        known = self.continuation
        parts = [Part(words("seed ", (str(known.seed), STRONG)))]
        if known.tokens:
            parts.append(Part(words((f"{known.token_count:,}", STRONG), " tokens"), 3))
        if known.done is not None:
            speed = figures.rate(known.done.tokens_per_sec)
            parts.append(Part(words((speed, STRONG), " tokens/s"), 4))
        return parts

    def _verdict(self) -> list[Part]:
        known = self.continuation
        if known.fault:
            return [Part(foreign(known.fault, "bold $error"))]
        if known.done is None:
            begun = known.started is not None
            return [Part(words(("writing" if begun else "waiting", MUTED)), 1)]
        return _judgement(known.done)


_TALL_ENOUGH = 20
"""Rows of the terminal from which a narrow heading may take two lines."""


def _judgement(done: Done) -> list[Part]:
    parts = [Part(judged.collapse(done.collapsed))]
    if done.validity is not None:
        parts.append(Part(judged.validity(done.validity), 1))
    if done.seq_rep_4 is not None:
        parts.append(Part(words("seq-rep-4 ", (f"{done.seq_rep_4:.2f}", STRONG)), 5))
    if done.has_keyword is False:
        parts.append(Part(words(("no keyword", "$warning")), 6))
    reason = _REASONS.get(done.finish_reason, done.finish_reason)
    return [*parts, Part(foreign(reason, MUTED), 2 if done.finish_reason == "cancelled" else 7)]
