"""How often the definition of collapse condemns human code: windows of the standard library.

python bench/collapse_of_human_code.py
"""

import numpy as np

from trainer.corpus.build import open_or_build
from trainer.repetition import is_collapsed, is_degenerate
from trainer.shipped import shipped_config
from trainer.tokenizer import load_tokenizer

WINDOWS = 1800
LENGTH = 128


def main() -> None:
    """Print the share of windows that are collapsed, token by token and as tokmon judges."""
    tokenizer = load_tokenizer()
    tokens = open_or_build(shipped_config("corpora/stdlib.toml")).train.tokens
    starts = np.random.default_rng(0).integers(0, len(tokens) - LENGTH, WINDOWS)
    counts = {"token by token": 0, "as tokmon judges": 0}
    for start in starts:
        ids = tokens[start : start + LENGTH].tolist()
        pieces = [tokenizer.piece(token) for token in ids]
        text = tokenizer.decode(ids)
        counts["token by token"] += is_collapsed(pieces, text)
        counts["as tokmon judges"] += is_degenerate(pieces, text)
    for name, count in counts.items():
        print(f"{name:24} {100 * count / WINDOWS:5.1f} % of {WINDOWS} windows of {LENGTH} tokens")


if __name__ == "__main__":
    main()
