"""How well held-out text is predicted, with intervals over its documents."""

import math
from collections.abc import Callable, Iterator

import numpy as np
import torch
from numpy.typing import NDArray

from tokmon.rundir.errors import TokmonError
from trainer.batches import Windows, evenly_spread
from trainer.corpus.store import Split
from trainer.evaluate import losses
from trainer.scoring.intervals import Estimate, bootstrap_ratio
from trainer.scoring.likelihood import perplexity
from trainer.scoring.measures import Predictions
from trainer.scoring.predictions import Reader
from trainer.scoring.teacher_forced import Passage, Reading, accuracy_by_class
from trainer.scoring.token_classes import token_classes
from trainer.tokenizer import Tokenizer
from trainer.trained import TrainedModel

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Progress = Callable[[int, int], None]


class HeldOut:
    """The windows that a run is evaluated on, and the documents they lie in.

    Args:
        split: held out.
        seq_len: of a window.
        wanted: how many windows, spread evenly; 0 is all.
        device: where the model is.

    Raises:
        TokmonError: the split is too short.
    """

    def __init__(self, split: Split, seq_len: int, wanted: int, device: torch.device) -> None:
        self.windows = Windows(split.tokens, seq_len, device)
        self.chosen = evenly_spread(self.windows.count, wanted)
        """Numbers of the windows: those that the run itself scores."""
        self.split = split
        self._seq_len = seq_len

    def targets(self, chosen: Ints) -> Ints:
        """Return where the targets of windows stand in the split, (windows, T)."""
        starts = self.windows.starts_of(chosen).numpy()
        places: Ints = starts[:, None] + np.arange(1, self._seq_len + 1)
        return places

    def documents(self, places: Ints) -> Ints:
        """Return the documents that places of the split lie in."""
        found: Ints = np.searchsorted(self.split.offsets, places, side="right") - 1
        return found


def held_out_losses(
    trained: TrainedModel,
    held_out: HeldOut,
    tokenizer: Tokenizer,
    device: torch.device,
    seed: int,
    on_progress: Progress | None = None,
) -> Predictions:
    """Return loss, perplexity and bits per byte on the windows.

    In float32, whatever the training computed in: the same weights give the same numbers.

    Args:
        trained: the weights.
        held_out: the windows.
        tokenizer: of the split.
        device: where the model is.
        seed: of the intervals, which take documents as units.
        on_progress: called with windows done and in all.

    Raises:
        TokmonError: the loss is not finite.
    """
    windows, chosen = held_out.windows, held_out.chosen
    scored = losses(
        trained.model, windows, chosen, trained.config, device, torch.float32, on_progress
    )
    nats = np.concatenate([part.cpu().double().numpy() for part, _ in scored])
    if not np.isfinite(nats).all():
        raise TokmonError(
            f"{trained.path}: its loss on held-out text is not finite",
            "evaluate an earlier checkpoint",
        )
    places = held_out.targets(chosen).ravel()
    sizes = tokenizer.token_bytes[held_out.split.tokens[places]]
    return _estimates(nats, sizes, held_out.documents(places), seed)


def accuracy(
    reader: Reader,
    held_out: HeldOut,
    most: int,
    seed: int,
    on_progress: Progress | None = None,
) -> dict[str, Estimate]:
    """Return top-1 accuracy by class of the true token, as `accuracy_by_class` has it.

    Every target is predicted from what stands before it in its window, over at most `most` of the
    windows. The class is that of the token in its whole document. Documents are the units.
    """
    chosen = held_out.chosen[evenly_spread(len(held_out.chosen), most)]
    places = held_out.targets(chosen)
    tokens = held_out.split.tokens
    passages = [Passage(tokens[row[:1] - 1].tolist(), tokens[row].tolist()) for row in places]
    hits = np.concatenate([reading.is_hit for reading in _read(reader, passages, on_progress)])
    documents = held_out.documents(places.ravel())
    found, classes = [], []
    for document in np.unique(documents):
        is_here = documents == document
        kinds, start = _classes(held_out.split, int(document), reader.tokenizer)
        found.append(_hits_only(hits[is_here]))
        classes.append(kinds[places.ravel()[is_here] - start])
    return accuracy_by_class(found, classes, seed)


def _read(
    reader: Reader, passages: list[Passage], on_progress: Progress | None
) -> Iterator[Reading]:
    # They are of one length, so that a batch is the same as among all.
    for start in range(0, len(passages), reader.batch_size):
        yield from reader.passages(passages[start : start + reader.batch_size])
        if on_progress is not None:
            on_progress(min(start + reader.batch_size, len(passages)), len(passages))


def _classes(split: Split, document: int, tokenizer: Tokenizer) -> tuple[NDArray[np.int8], int]:
    """Return the classes of a document's tokens, its end among them, and where it begins."""
    start, end = int(split.offsets[document]), int(split.offsets[document + 1])
    pieces = [tokenizer.piece(token) for token in split.tokens[start : end - 1].tolist()]
    # No class for the end: it is no word.
    return np.append(token_classes(pieces), np.int8(-1)), start


def _hits_only(hits: NDArray[np.bool_]) -> Reading:
    nothing = np.zeros(len(hits))
    return Reading(nats=nothing, is_hit=hits, entropy=nothing)


def _estimates(nats: Floats, sizes: Ints, documents: Ints, seed: int) -> Predictions:
    def sums(values: Floats) -> Floats:
        return np.bincount(documents, weights=values).astype(np.float64)

    loss = bootstrap_ratio(sums(nats), sums(np.ones(len(nats))), seed)
    # End-of-text stands for no byte: its nats count for the loss alone.
    bits = sums(nats * (sizes > 0)) / math.log(2)
    return Predictions(
        val_loss=loss,
        val_ppl=Estimate(*(_perplexity(end) for end in (loss.value, loss.low, loss.high))),
        val_bpb=bootstrap_ratio(bits, sums(sizes.astype(np.float64)), seed),
    )


def _perplexity(loss: float | None) -> float | None:
    return None if loss is None else perplexity(loss)
