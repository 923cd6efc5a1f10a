"""A grid of characters and what each belongs to. Knows nothing of axes or curves."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from tokmon.monitor.series import Ints

NOTHING = -1


class Layer(IntEnum):
    """What a cell shows; the higher is drawn over the lower."""

    RAW = 0
    SMOOTH = 1
    VALIDATION = 2
    BEST = 3
    AXIS = 4
    MARK = 5
    ALERT = 6
    CROSSHAIR = 7


@dataclass(frozen=True, slots=True)
class Area:
    """Where the curves are within a sheet, in characters from its top."""

    left: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Drawing:
    """Characters and the layer that each belongs to."""

    rows: tuple[str, ...]
    layers: Ints
    """Shape (height, width): a Layer a character, -1 for none."""
    area: Area | None = None
    """None where there was no room for curves."""
    is_cut: bool = False
    """Whether values are left out because a logarithmic axis has no place for them."""

    def runs(
        self, y: int, crosshair: int | None = None, line: str = ""
    ) -> Iterator[tuple[str, Layer | None]]:
        """Yield the stretches of row `y` that look the same.

        Args:
            y: row.
            crosshair: column in which `line` is drawn where nothing else is.
            line: a character.
        """
        text, layers = self.rows[y], self.layers[y]
        height = self.area.height if self.area else 0
        if crosshair is not None and y < height and layers[crosshair] == NOTHING:
            text = text[:crosshair] + line + text[crosshair + 1 :]
            layers = layers.copy()
            layers[crosshair] = Layer.CROSSHAIR
        bounds = [0, *(np.flatnonzero(np.diff(layers)) + 1).tolist(), len(text)]
        for start, end in pairwise(bounds):
            if start < end:
                layer = int(layers[start])
                yield text[start:end], Layer(layer) if layer >= 0 else None


class Sheet:
    """What is written on, and read as a Drawing."""

    def __init__(self, width: int, height: int) -> None:
        self.width = width
        self.characters: NDArray[np.str_] = np.full((height, width), " ", dtype="<U1")
        self.layers: Ints = np.full((height, width), NOTHING, dtype=np.int64)

    def write(self, row: int, column: int, text: str, layer: Layer) -> None:
        """Put `text` over what is there; it must fit."""
        end = column + len(text)
        self.characters[row, column:end] = list(text)
        self.layers[row, column:end] = layer

    def drawing(self, area: Area | None = None, *, is_cut: bool = False) -> Drawing:
        """Return what was written."""
        rows = tuple(row.tobytes().decode("utf-32-le") for row in self.characters.astype("<U1"))
        return Drawing(rows, self.layers, area, is_cut)
