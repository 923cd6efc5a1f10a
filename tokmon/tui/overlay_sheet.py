"""Characters in rows, and what each of them belongs to, for curves over each other. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

import numpy as np

AXIS_LAYER = -1
BLANK_LAYER = -2


@dataclass(frozen=True, slots=True)
class Drawing:
    """Characters, and what each belongs to."""

    rows: tuple[str, ...]
    layers: tuple[tuple[int, ...], ...]
    """Index of the line, AXIS_LAYER or BLANK_LAYER, a character."""

    def runs(self, y: int) -> Iterator[tuple[str, int]]:
        """Yield the stretches of row `y` that look the same."""
        cells = zip(self.rows[y], self.layers[y], strict=True)
        for layer, stretch in groupby(cells, key=lambda cell: cell[1]):
            yield "".join(character for character, _ in stretch), layer


class Sheet:
    """An area of blanks to write on, `width` by `height` characters."""

    def __init__(self, width: int, height: int) -> None:
        self.characters = np.full((height, width), " ", dtype="<U1")
        self.layers = np.full((height, width), BLANK_LAYER, dtype=np.int64)

    def write(self, row: int, column: int, text: str, layer: int = AXIS_LAYER) -> None:
        """Put a text where it fits; what reaches beyond the right edge is cut."""
        room = self.characters.shape[1] - column
        self.characters[row, column : column + len(text)] = list(text[:room])
        self.layers[row, column : column + len(text)] = layer

    def drawing(self) -> Drawing:
        """Return what was written."""
        rows = tuple("".join(row) for row in self.characters.tolist())
        return Drawing(rows, tuple(tuple(row) for row in self.layers.tolist()))
