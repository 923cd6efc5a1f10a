"""Dots to characters: braille, 2 x 4 dots a cell, or plain ASCII with one dot a cell."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tokmon.monitor.axis import Axis
from tokmon.monitor.envelope import Envelope
from tokmon.monitor.series import Floats, Ints, Mask

_BRAILLE = 0x2800
# Bit of each dot in a cell, by row and column (Unicode 15, chapter 21.1).
_DOT_BITS = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]], dtype=np.int64)
_EMPTY = -1


@dataclass(frozen=True, slots=True)
class Resolution:
    """Dots in a cell."""

    across: int
    down: int


BRAILLE = Resolution(2, 4)
ASCII = Resolution(1, 1)


def dots(envelope: Envelope, axis: Axis, rows: int) -> Mask:
    """Return the dots that a curve covers, shape (rows, columns), top row first.

    What lies beyond the axis is drawn at its edge.
    """
    low, high = _dot_rows(axis.unit(envelope.low), rows), _dot_rows(axis.unit(envelope.high), rows)
    row = np.arange(rows)[:, None]
    is_drawn = np.isfinite(envelope.low) & np.isfinite(axis.unit(envelope.high))
    covered: Mask = (row >= high) & (row <= low) & is_drawn
    return covered


def _dot_rows(unit: Floats, rows: int) -> Ints:
    filled = np.clip(np.nan_to_num(unit, nan=0.0, posinf=1.0, neginf=0.0), 0, 1)
    return np.rint((1 - filled) * (rows - 1)).astype(np.int64)


def picture(
    layers: Sequence[Mask], resolution: Resolution, ascii_marks: str
) -> tuple[NDArray[np.str_], Ints]:
    """Return the layers drawn over each other, the last on top; dots of all of them are kept.

    Args:
        layers: shape (height * down, width * across) each.
        resolution: BRAILLE or ASCII.
        ascii_marks: one character a layer, for ASCII.

    Returns:
        Characters, shape (height, width), and the index of the topmost layer in each cell, -1 where
        there is none.
    """
    height = layers[0].shape[0] // resolution.down
    width = layers[0].shape[1] // resolution.across
    codes = np.zeros((height, width), np.int64)
    topmost = np.full((height, width), _EMPTY, np.int64)
    for index, layer in enumerate(layers):
        cells = _cells(layer, height, width, resolution)
        topmost[cells > 0] = index
        codes |= cells
    if resolution is BRAILLE:
        codes = np.where(codes > 0, codes + _BRAILLE, ord(" "))
    else:
        codes = np.array([*map(ord, ascii_marks), ord(" ")])[topmost]
    return codes.astype("<u4").view("<U1"), topmost


def _cells(layer: Mask, height: int, width: int, resolution: Resolution) -> Ints:
    blocks = layer.reshape(height, resolution.down, width, resolution.across)
    bits = _DOT_BITS[: resolution.down, : resolution.across]
    cells: Ints = (blocks * bits[None, :, None, :]).sum(axis=(1, 3))
    return cells
