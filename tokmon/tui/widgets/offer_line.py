"""The offer of a best checkpoint that has landed since the one that writes was loaded."""

from textual.widgets import Static

from tokmon.monitor.state import Best
from tokmon.tui.glyphs import Glyphs
from tokmon.tui.new_best import in_words
from tokmon.tui.text import words


class OfferLine(Static):
    """One line, there only while something is offered."""

    def __init__(self, glyphs: Glyphs, *, id: str | None = None) -> None:  # noqa: A002  Textual's
        super().__init__(id=id, markup=False)
        self._glyphs = glyphs

    def show(self, best: Best | None) -> bool:
        """Show an offer, or none; return whether that comes or goes with it."""
        is_change = self.display != (best is not None)
        self.display = best is not None
        if best is not None:
            sign = f"{self._glyphs.best} {in_words(best)}"
            self.update(words((sign, "bold $warning"), " - b or ctrl+n lets the next text use it"))
        return is_change
