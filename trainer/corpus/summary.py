"""Counts a finished build and states it as a manifest."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from trainer.corpus.draft import Draft
from trainer.corpus.intake import Intake
from trainer.corpus.manifest import (
    ALL_TOKENS,
    Manifest,
    Overlap,
    SourceCounts,
    SplitCounts,
    TokenizerId,
)
from trainer.corpus.near_duplicates import NearDuplicates
from trainer.corpus.recipe import Recipe, WheelSource
from trainer.corpus.sources.base import Reader
from trainer.corpus.store import SPLITS, file_hashes, fingerprint
from trainer.tokenizer import Tokenizer


@dataclass(frozen=True, slots=True)
class Build:
    """All that a build knows at its end."""

    recipe: Recipe
    readers: Sequence[Reader]
    tokenizer: Tokenizer
    intake: Intake
    draft: Draft
    near: NearDuplicates
    overlap: dict[str, Overlap]


def summary(build: Build, folder: Path, build_key: str) -> Manifest:
    """Return the manifest of the corpus whose tokens and offsets lie in `folder`."""
    splits = {split: _split_counts(build, split) for split in SPLITS}
    exact, near = build.intake.exact_duplicates, build.near.found
    total_bytes = sum(counts.bytes for counts in splits.values())
    total_tokens = sum(counts.tokens for counts in splits.values())
    files = file_hashes(folder)
    return Manifest(
        name=build.recipe.name,
        fingerprint=fingerprint(files, build.tokenizer.sha256),
        build_key=build_key,
        documents=sum(counts.documents for counts in splits.values()),
        bytes=total_bytes,
        tokens=total_tokens,
        bytes_per_token=total_bytes / total_tokens,
        splits=splits,
        duplicates_removed=exact.total() + int(build.near.is_removed.sum()),
        duplicates=dict(sorted(exact.items())),
        near_duplicates=dict(sorted(near.items())),
        overlap=build.overlap[ALL_TOKENS].share,
        overlap_counts=build.overlap,
        skipped=dict(sorted(build.intake.skipped.items())),
        sources=tuple(_sources(build)),
        tokenizer=TokenizerId(
            name=build.tokenizer.name,
            sha256=build.tokenizer.sha256,
            vocab_size=build.tokenizer.vocab_size,
        ),
        recipe=msgspec.to_builtins(build.recipe),
        files=files,
    )


def _split_counts(build: Build, split: str) -> SplitCounts:
    draft = build.draft
    documents = draft.of_split(split)
    stays = ~build.near.is_removed[documents]
    size = int(draft.column("bytes")[documents][stays].sum())
    tokens = int(draft.column("lengths")[documents][stays].sum())
    units = np.unique(draft.column("units")[documents][stays]).tolist()
    return SplitCounts(
        documents=int(stays.sum()),
        bytes=size,
        tokens=tokens,
        bytes_per_token=size / max(1, tokens),
        units=tuple(sorted(draft.units[unit] for unit in units)),
    )


def _sources(build: Build) -> Iterator[SourceCounts]:
    stays = ~build.near.is_removed
    source_of = build.draft.column("sources")[stays]

    def totals(values: NDArray[np.int64]) -> list[int]:
        sums = np.zeros(len(build.readers), dtype=np.int64)
        np.add.at(sums, source_of, values)
        return [int(number) for number in sums]

    documents = totals(np.ones(len(source_of), dtype=np.int64))
    sizes = totals(build.draft.column("bytes")[stays])
    tokens = totals(build.draft.column("lengths")[stays])
    for number, source in enumerate(build.recipe.source):
        yield SourceCounts(
            kind=str(source.__struct_config__.tag),
            label=build.readers[number].label,
            licence=source.licence if isinstance(source, WheelSource) else "",
            documents=documents[number],
            bytes=sizes[number],
            tokens=tokens[number],
        )
