"""The model's part of a scoring: it reads held-out documents, its own samples, and human pieces."""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
import torch

from trainer.model import Model
from trainer.scoring.human import Document
from trainer.scoring.intervals import Estimate
from trainer.scoring.measures import Predictions
from trainer.scoring.samples import Sample
from trainer.scoring.teacher_forced import (
    Passage,
    Reading,
    accuracy_by_class,
    mean_entropy,
    read,
)
from trainer.scoring.token_classes import token_classes
from trainer.tokenizer import Tokenizer


@dataclass(frozen=True, kw_only=True)
class Reader:
    """A model that reads texts."""

    model: Model
    tokenizer: Tokenizer
    seq_len: int
    """Positions that the model was trained on."""
    batch_size: int
    """Texts at a time."""
    device: torch.device
    """Where the model is."""
    dtype: torch.dtype
    """Of activations."""

    def passages(self, passages: Sequence[Passage]) -> list[Reading]:
        """Return the readings of the passages, in their order."""
        return read(self.model, passages, self.seq_len, self.batch_size, self.device, self.dtype)

    def accuracy(self, documents: Sequence[Document], seed: int) -> dict[str, Estimate]:
        """Return accuracy by class of token on the beginnings of held-out documents."""
        parts = [document.ids[: self.seq_len].tolist() for document in documents]
        end = self.tokenizer.end_of_text
        readings = self.passages([Passage([end], part) for part in parts])
        pieces = ([self.tokenizer.piece(token) for token in part] for part in parts)
        return accuracy_by_class(readings, [token_classes(part) for part in pieces], seed)

    def entropy(self, samples: Sequence[Sample], seed: int) -> Estimate:
        """Return the mean entropy at the continuations' places, given what stands before them."""
        end = self.tokenizer.end_of_text
        return mean_entropy(
            self.passages([Passage(sample.prompt_ids or [end], sample.ids) for sample in samples]),
            seed,
        )


def predict(
    reader: Reader,
    documents: Sequence[Document],
    samples: Sequence[Sample],
    human: Sequence[Sample],
    seed: int,
    known: Predictions | None = None,
) -> Predictions:
    """Return what the model makes of all three.

    Args:
        reader: the model.
        documents: held out.
        samples: the model's own.
        human: cut as the samples are.
        seed: of the intervals.
        known: losses that an evaluation has found, kept as they are.
    """
    return msgspec.structs.replace(
        known or Predictions(),
        accuracy=reader.accuracy(documents, seed),
        entropy=reader.entropy(samples, seed),
        human_entropy=reader.entropy(human, seed),
    )
