"""Documents whose text occurs more than once: which copy stays."""

import hashlib
from collections import Counter


class ExactDuplicates:
    """Admits each text once. Validation comes first, so that of a pair across it stays there."""

    def __init__(self) -> None:
        self._first_split: dict[bytes, str] = {}
        self.removed: Counter[str] = Counter()
        """How many were refused: `train`, `val` within a split, `across` from train."""

    def admit(self, text: str, split: str) -> bool:
        """Say whether `text` is new, and remember it."""
        digest = hashlib.sha256(text.encode()).digest()
        if digest not in self._first_split:
            self._first_split[digest] = split
            return True
        self.removed[split if self._first_split[digest] == split else "across"] += 1
        return False
