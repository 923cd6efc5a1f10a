"""The documents of a build: read source by source, filtered, each text once."""

from collections import Counter
from collections.abc import Iterator, Sequence

from trainer.corpus.documents import Skip, document_text
from trainer.corpus.duplicates import ExactDuplicates
from trainer.corpus.plan import Plan
from trainer.corpus.progress import Report
from trainer.corpus.recipe import Filters
from trainer.corpus.sources.base import Reader, ReadFile
from trainer.corpus.tokenise import Document

# Validation first: of a text that is on both sides, the copy in training goes.
_ORDER = ("val", "train")


class Intake:
    """Reads what is planned, and counts what is left out."""

    def __init__(self, plan: Plan, readers: Sequence[Reader], report: Report) -> None:
        self._plan = plan
        self._readers = readers
        self._report = report
        self._duplicates = ExactDuplicates()
        self._bytes_read = 0
        self._total_bytes = plan.total_bytes
        self.skipped = Counter(plan.skipped)
        """Files that are no documents, by reason."""

    @property
    def exact_duplicates(self) -> Counter[str]:
        """Documents refused because their text was there already: `train`, `val`, `across`."""
        return self._duplicates.removed

    def documents(self) -> Iterator[Document]:
        """Yield all of validation, then all of training, in the recipe's order of sources."""
        for split in _ORDER:
            for source in range(len(self._readers)):
                yield from self._of_source(source, split)

    def _of_source(self, source: int, split: str) -> Iterator[Document]:
        files = self._plan.of_split(source, split)
        if not files:
            return
        with self._readers[source].reading() as read:
            for file in files:
                text = _read_text(read, file.path, self._plan.filters)
                if isinstance(text, Skip):
                    self.skipped[text.value] += 1
                elif self._duplicates.admit(text, split):
                    yield Document(split, source, file.unit, text)
                self._bytes_read += file.size
                self._report("tokenising", self._bytes_read, self._total_bytes)


def _read_text(read: ReadFile, path: str, filters: Filters) -> str | Skip:
    try:
        return document_text(read(path), filters)
    except OSError:
        return Skip.UNREADABLE
