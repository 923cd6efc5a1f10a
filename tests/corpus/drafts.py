"""Drafts out of plain lists of token ids."""

from contextlib import contextmanager

import numpy as np

from trainer.corpus.draft import Draft
from trainer.corpus.tokenise import Batch, Document
from trainer.tokenizer import load_tokenizer

END = load_tokenizer().end_of_text


@contextmanager
def drafted(folder, validation, training):
    """Yield a draft of documents given as token ids."""
    with Draft(folder / "draft") as draft:
        for split, documents in (("val", validation), ("train", training)):
            for ids in documents:
                tokens = np.array([*ids, END], dtype=np.uint16)
                document = Document(split, 0, "unit", "")
                draft.append(Batch([document], tokens, np.array([len(tokens)]), [0]))
        yield draft


def ngram_set(ids, n=5):
    """Return the n-grams themselves, not hashed."""
    return {tuple(ids[place : place + n]) for place in range(len(ids) - n + 1)}
