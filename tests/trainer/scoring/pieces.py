"""Splits and samples out of plain text."""

import numpy as np

from trainer.corpus.store import Split
from trainer.scoring.samples import Sample
from trainer.tokenizer import load_tokenizer

TOKENIZER = load_tokenizer()


def split_of(*texts):
    ids = [[*TOKENIZER.encode(text), TOKENIZER.end_of_text] for text in texts]
    offsets = np.cumsum([0, *(len(document) for document in ids)])
    return Split(np.array([token for part in ids for token in part], dtype=np.uint16), offsets)


def sample_of(prompt, text, *, is_finished=False):
    return Sample.of_ids(TOKENIZER, prompt, TOKENIZER.encode(text), is_finished=is_finished)
