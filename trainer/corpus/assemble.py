"""From the sources of a recipe to the files of a corpus, in an empty folder.

Three passes: documents are read and tokenised into a draft on disk, near duplicates are looked for
in the draft, and what stays is written while the overlap is counted. None holds more than some
pieces of a quarter of a million tokens.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np

from tokmon.rundir.atomic import write_atomic
from tokmon.rundir.errors import TokmonError
from trainer.corpus.draft import Draft, Piece
from trainer.corpus.intake import Intake
from trainer.corpus.manifest import ALL_TOKENS, WITHOUT_WHITESPACE, Overlap
from trainer.corpus.near_duplicates import NearDuplicates, find_near_duplicates
from trainer.corpus.overlap import OverlapCount
from trainer.corpus.plan import make_plan
from trainer.corpus.progress import Report
from trainer.corpus.recipe import Recipe
from trainer.corpus.sources.base import Reader
from trainer.corpus.store import MANIFEST, SPLITS
from trainer.corpus.summary import Build, summary
from trainer.corpus.tokenise import tokenised
from trainer.corpus.writer import pieces_that_stay, write_split
from trainer.tokenizer import Tokenizer

_DRAFT = "draft.tokens"
_SPLIT_NAMES = {"train": "training", "val": "validation"}


@dataclass(frozen=True, slots=True)
class Assembly:
    """What a build starts from."""

    recipe: Recipe
    readers: Sequence[Reader]
    tokenizer: Tokenizer

    def write(self, folder: Path, build_key: str, report: Report) -> None:
        """Write manifest, tokens and offsets into `folder`.

        Raises:
            TokmonError: a source is missing or a split comes out empty.
        """
        intake = Intake(make_plan(self.recipe, self.readers), self.readers, report)
        with Draft(folder / _DRAFT) as draft:
            for batch in tokenised(intake.documents(), self.tokenizer):
                draft.append(batch)
            near = find_near_duplicates(draft, report)
            self._require_both_splits(draft, intake, near)
            overlap = _write_splits(folder, draft, near, self.tokenizer, report)
        (folder / _DRAFT).unlink()
        build = Build(self.recipe, self.readers, self.tokenizer, intake, draft, near, overlap)
        content = msgspec.json.format(
            msgspec.json.encode(summary(build, folder, build_key)), indent=2
        )
        write_atomic(folder / MANIFEST, content + b"\n")

    def _require_both_splits(self, draft: Draft, intake: Intake, near: NearDuplicates) -> None:
        for split in SPLITS:
            if near.is_removed[draft.of_split(split)].all():
                left_out = intake.skipped + intake.exact_duplicates
                left_out["near duplicates"] = int(near.is_removed.sum())
                counts = [f"{what} {number}" for what, number in sorted((+left_out).items())]
                reasons = ", ".join(counts) or "nothing"
                raise TokmonError(
                    f"corpus {self.recipe.name}: the {_SPLIT_NAMES[split]} split is empty "
                    f"(left out: {reasons})",
                    "choose other packages with split.validation in a recipe",
                )


def _write_splits(
    folder: Path, draft: Draft, near: NearDuplicates, tokenizer: Tokenizer, report: Report
) -> dict[str, Overlap]:
    """Write both splits; return the overlap that is left between them, counted in both ways."""
    write_split(folder, "val", pieces_that_stay(draft, "val", near.is_removed))
    counts = {
        name: OverlapCount(draft.pieces(draft.of_split("val")), is_counted)
        for name, is_counted in (
            (ALL_TOKENS, np.ones(tokenizer.vocab_size, dtype=bool)),
            (WITHOUT_WHITESPACE, ~tokenizer.is_whitespace),
        )
    }
    train = _reported(
        pieces_that_stay(draft, "train", near.is_removed), draft.of_split("train"), report
    )
    for count in counts.values():
        train = count.watch(train)
    write_split(folder, "train", train)
    return {name: count.result() for name, count in counts.items()}


def _reported(pieces: Iterable[Piece], documents: slice, report: Report) -> Iterator[Piece]:
    total = documents.stop - documents.start
    for piece in pieces:
        report("writing", piece.first - documents.start, total)
        yield piece
    report("writing", total, total)
