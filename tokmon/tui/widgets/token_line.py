"""The token under the cursor: its text, how likely it was, and what else could have come."""

from textual.widgets import Static

from tokmon.rundir.sampling import Token
from tokmon.tui.glyphs import Glyphs
from tokmon.tui.text import MUTED, STRONG, Part, fit, foreign, shortened, words

_LONGEST = 24
"""Of a token's text; a run of spaces can be long."""


class TokenLine(Static):
    """One line; as many alternatives as there is room for, the likeliest first."""

    def __init__(self, glyphs: Glyphs, *, id: str | None = None) -> None:  # noqa: A002  Textual's
        super().__init__(id=id, markup=False)
        self._glyphs = glyphs

    def show(self, token: Token | None, number: int) -> None:
        """Show a token and its number among those of the text, or nothing."""
        self.display = token is not None
        if token is not None:
            self.update(fit(self._parts(token, number), max(1, self.size.width or 1), gap="  "))

    def _parts(self, token: Token, number: int) -> list[Part]:
        chosen = words(("token ", MUTED), f"{number:,} ", (self._quoted(token.text), STRONG))
        parts = [Part(chosen)]
        if token.probability is None:
            return [*parts, Part(words(("its probability is not known", MUTED)), 1)]
        parts.append(Part(words("p ", (likelihood(token.probability), STRONG))))
        for rank, other in enumerate(token.alternatives, start=1):
            is_drawn = other.text == token.text
            name = foreign(self._quoted(other.text), STRONG if is_drawn else "$primary")
            first = words(("likeliest: ", MUTED)) if rank == 1 else words()
            parts.append(Part(first + name + words(f" {likelihood(other.probability)}"), rank))
        return parts

    def _quoted(self, text: str) -> str:
        r"""Return a token so that blanks and newlines show: "\n" and " a"."""
        named = text.replace("\n", "\\n").replace("\t", "\\t").replace("\r", "\\r")
        return f'"{shortened(named, _LONGEST, self._glyphs)}"'


def likelihood(probability: float) -> str:
    """Return a probability: 0.62, 0.041, 3e-05; one at most."""
    if probability >= 0.995:
        return "1.00"
    return f"{probability:.2f}" if probability >= 0.1 else f"{probability:.2g}"
