"""The best checkpoint: where validation was lowest, and the file that holds it."""

from textual.content import Content
from textual.geometry import Size

from tokmon.monitor.durations import age
from tokmon.monitor.state import Best, RunState
from tokmon.report import figures
from tokmon.tui.text import MUTED, STRONG, Part, fit, shortened, words
from tokmon.tui.widgets.pane import Pane

_MIB = 2**20


class BestPane(Pane):
    """Two or three lines."""

    BORDER_TITLE = "Best checkpoint"

    def draw(self, state: RunState, size: Size) -> Content:
        width, height = size
        best = state.best
        if best is None:
            return words(("no evaluation yet", MUTED))
        lines = [fit(self._scores(best), width, gap="  "), *self._file(best, state.now, width)]
        return Content("\n").join(lines[:height])

    def _scores(self, best: Best) -> list[Part]:
        mark = words((f"{self.glyphs.best} ", "$warning"))
        parts = [
            Part(mark + words("val loss ", (figures.loss(best.val_loss), STRONG))),
            Part(words("PPL ", (figures.figure(best.val_ppl), STRONG)), 2),
        ]
        if best.val_bpb is not None:
            parts.append(Part(words("bpb ", (figures.loss(best.val_bpb), STRONG)), 3))
        parts.append(Part(words("step ", (figures.count(best.step), STRONG)), 1))
        return parts

    def _file(self, best: Best, now: float, width: int) -> list[Content]:
        if not best.file:
            return [words(("no checkpoint file yet", MUTED))]
        facts = []
        if best.file_step != best.step:
            facts.append(f"of step {figures.count(best.file_step)}")
        if best.file_bytes is not None:
            facts.append(f"{best.file_bytes / _MIB:,.0f} MiB")
        if best.saved_at is not None:
            facts.append(f"saved {age(now - best.saved_at)} ago")
        name = shortened(best.file, width, self.glyphs)
        joined = f" {self.glyphs.dot} ".join(facts)
        if len(name) + len(joined) + 2 <= width:
            return [words(name, "  ", (joined, MUTED))]
        return [words(name), fit([Part(words((fact, MUTED))) for fact in facts], width, gap="  ")]
