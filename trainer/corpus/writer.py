"""Writes the files of a corpus from what stays of the draft."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from trainer.corpus.draft import Draft, Piece
from trainer.corpus.store import OFFSET_TYPE, offsets_path, tokens_path


def pieces_that_stay(draft: Draft, split: str, is_removed: NDArray[np.bool_]) -> Iterator[Piece]:
    """Read a split of the draft without the removed documents.

    The pieces number documents as the draft does, so their `first` is of no use any more.
    """
    for piece in draft.pieces(draft.of_split(split)):
        stays = ~is_removed[piece.documents]
        tokens = piece.tokens if stays.all() else piece.tokens[np.repeat(stays, piece.lengths)]
        yield Piece(piece.first, tokens, piece.lengths[stays])


def write_split(folder: Path, split: str, pieces: Iterable[Piece]) -> None:
    """Write the tokens and offsets of a split into `folder`."""
    end = 0
    with (
        tokens_path(folder, split).open("wb") as tokens,
        offsets_path(folder, split).open("wb") as offsets,
    ):
        np.array([0], dtype=OFFSET_TYPE).tofile(offsets)
        for piece in pieces:
            piece.tokens.tofile(tokens)
            (end + np.cumsum(piece.lengths)).astype(OFFSET_TYPE).tofile(offsets)
            end += len(piece.tokens)
