"""Reads the sources of a recipe and writes the files of a corpus into an empty folder."""

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from tokmon.rundir.atomic import write_atomic
from tokmon.rundir.errors import TokmonError
from trainer.corpus.documents import Skip, document_text
from trainer.corpus.duplicates import ExactDuplicates
from trainer.corpus.manifest import Manifest, SourceCounts, SplitCounts, TokenizerId
from trainer.corpus.plan import Plan, make_plan
from trainer.corpus.progress import Report
from trainer.corpus.recipe import Recipe, WheelSource
from trainer.corpus.sources.base import Reader, ReadFile
from trainer.corpus.store import MANIFEST, SPLITS, fingerprint
from trainer.corpus.tokenise import Document, tokenised
from trainer.corpus.writer import SplitWriter
from trainer.tokenizer import Tokenizer

_SPLIT_NAMES = {"train": "training", "val": "validation"}
# Validation first: of a text that is on both sides, the copy in training goes.
_BUILD_ORDER = ("val", "train")


class Assembly:
    """One build: reads, filters, tokenises and writes both splits, counting as it goes."""

    def __init__(self, recipe: Recipe, readers: Sequence[Reader], tokenizer: Tokenizer) -> None:
        self._recipe = recipe
        self._readers = readers
        self._tokenizer = tokenizer
        self._duplicates = ExactDuplicates()
        self._source_counts = [Counter[str]() for _ in readers]
        self._skipped = Counter[str]()
        self._bytes_read = 0

    def write(self, folder: Path, build_key: str, report: Report) -> None:
        """Write manifest, tokens and offsets into `folder`.

        Raises:
            TokmonError: a source is missing or a split comes out empty.
        """
        plan = make_plan(self._recipe, self._readers)
        self._skipped.update(plan.skipped)
        splits = {split: self._write_split(folder, plan, split, report) for split in _BUILD_ORDER}
        manifest = self._manifest(splits, build_key, fingerprint(folder, self._tokenizer.sha256))
        content = msgspec.json.format(msgspec.json.encode(manifest), indent=2)
        write_atomic(folder / MANIFEST, content + b"\n")

    def _write_split(self, folder: Path, plan: Plan, split: str, report: Report) -> SplitCounts:
        total = plan.total_bytes
        with SplitWriter(folder, split, self._tokenizer.end_of_text) as writer:
            for document, ids in tokenised(self._documents(plan, split), self._tokenizer):
                size = len(document.text.encode())
                tokens = writer.add(document.unit, size, ids)
                self._source_counts[document.source].update(documents=1, bytes=size, tokens=tokens)
                report("tokenising", self._bytes_read, total)
        if writer.documents == 0:
            raise self._empty(split)
        return writer.counts()

    def _empty(self, split: str) -> TokmonError:
        left_out = sorted((self._skipped + self._duplicates.removed).items())
        reasons = ", ".join(f"{what} {number}" for what, number in left_out) or "nothing"
        return TokmonError(
            f"corpus {self._recipe.name}: the {_SPLIT_NAMES[split]} split is empty "
            f"(left out: {reasons})",
            "choose other packages with split.validation in a recipe",
        )

    def _documents(self, plan: Plan, split: str) -> Iterator[Document]:
        for source, reader in enumerate(self._readers):
            files = plan.of_split(source, split)
            if not files:
                continue
            with reader.reading() as read:
                for file in files:
                    self._bytes_read += file.size
                    text = _read_text(read, file.path)
                    if isinstance(text, Skip):
                        self._skipped[text.value] += 1
                    elif self._duplicates.admit(text, split):
                        yield Document(source, file.unit, text)

    def _manifest(
        self, splits: dict[str, SplitCounts], build_key: str, fingerprint: str
    ) -> Manifest:
        removed = self._duplicates.removed
        total_bytes = sum(counts.bytes for counts in splits.values())
        total_tokens = sum(counts.tokens for counts in splits.values())
        return Manifest(
            name=self._recipe.name,
            fingerprint=fingerprint,
            build_key=build_key,
            documents=sum(counts.documents for counts in splits.values()),
            bytes=total_bytes,
            tokens=total_tokens,
            bytes_per_token=total_bytes / total_tokens,
            splits={split: splits[split] for split in SPLITS},
            duplicates_removed=removed.total(),
            duplicates=dict(sorted(removed.items())),
            skipped=dict(sorted(self._skipped.items())),
            sources=tuple(self._sources()),
            tokenizer=TokenizerId(
                name=self._tokenizer.name,
                sha256=self._tokenizer.sha256,
                vocab_size=self._tokenizer.vocab_size,
            ),
            recipe=msgspec.to_builtins(self._recipe),
        )

    def _sources(self) -> Iterator[SourceCounts]:
        recipe_sources = self._recipe.source
        for source, reader, counts in zip(
            recipe_sources, self._readers, self._source_counts, strict=True
        ):
            yield SourceCounts(
                kind=str(source.__struct_config__.tag),
                label=reader.label,
                licence=source.licence if isinstance(source, WheelSource) else "",
                documents=counts["documents"],
                bytes=counts["bytes"],
                tokens=counts["tokens"],
            )


def _read_text(read: ReadFile, path: str) -> str | Skip:
    try:
        return document_text(read(path))
    except OSError:
        return Skip.UNREADABLE
