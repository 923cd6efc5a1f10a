"""Prints a corpus for people and for scripts: manifest, histograms, documents."""

from collections.abc import Mapping
from typing import Any

import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

from trainer.corpus.manifest import Manifest
from trainer.corpus.portrait import Bin, density_histogram, length_histogram, random_documents
from trainer.corpus.store import Corpus
from trainer.tokenizer import Tokenizer

_BAR_CELLS = 40
_LARGEST = 12
_SHOWN_TOKENS = 400


def as_json(corpus: Corpus, tokenizer: Tokenizer) -> dict[str, Any]:
    """Return the manifest and the histograms of the training split; the keys are stable."""
    manifest: dict[str, Any] = msgspec.to_builtins(corpus.manifest)
    return manifest | {
        "folder": str(corpus.folder),
        "document_tokens": [found._asdict() for found in length_histogram(corpus.train)],
        "document_bytes_per_token": [
            found._asdict() for found in density_histogram(corpus.train, tokenizer)
        ],
    }


def print_summary(console: Console, corpus: Corpus) -> None:
    """Print what was built, in one table."""
    manifest = corpus.manifest
    table = Table(title=Text(f"corpus {manifest.name}"), title_justify="left", box=None)
    for heading in ("", "documents", "bytes", "tokens", "bytes/token", "packages"):
        table.add_column(heading, justify="left" if not heading else "right")
    for name, split in manifest.splits.items():
        table.add_row(
            name,
            f"{split.documents:,}",
            f"{split.bytes:,}",
            f"{split.tokens:,}",
            f"{split.bytes_per_token:.3f}",
            f"{len(split.units):,}",
        )
    console.print(table)
    for name, value in _facts(manifest):
        console.print(Text(f"{name:<20}{value}"), soft_wrap=True)
    console.print(Text(f"{'folder':<20}{corpus.folder}"), soft_wrap=True)


def _facts(manifest: Manifest) -> list[tuple[str, str]]:
    bare = manifest.overlap_counts["without_whitespace"]
    bare_share = bare.seen / bare.ngrams if bare.ngrams else 0.0
    overlap = (
        f"{manifest.overlap:.1%} of validation 13-grams stand in training, "
        f"{bare_share:.1%} without whitespace tokens"
    )
    return [
        ("held out", ", ".join(manifest.splits["val"].units)),
        ("exact duplicates", _counted(manifest.duplicates)),
        ("near duplicates", _counted(manifest.near_duplicates)),
        ("overlap left", overlap),
        ("skipped", _counted(manifest.skipped)),
        ("fingerprint", manifest.fingerprint),
    ]


def _counted(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count:,} {name}" for name, count in counts.items() if count) or "none"


def print_portrait(console: Console, corpus: Corpus, tokenizer: Tokenizer) -> None:
    """Print the largest sources and how long and how dense the training documents are."""
    sources = sorted(corpus.manifest.sources, key=lambda source: -source.tokens)
    table = Table(title=Text("largest sources"), title_justify="left", box=None)
    for heading in ("source", "licence", "documents", "tokens", "share"):
        table.add_column(heading, justify="left" if heading in ("source", "licence") else "right")
    for source in sources[:_LARGEST]:
        share = f"{100 * source.tokens / max(corpus.manifest.tokens, 1):.1f} %"
        numbers = (f"{source.documents:,}", f"{source.tokens:,}", share)
        table.add_row(Text(source.label), Text(source.licence), *numbers)
    console.print(table)
    _print_bars(console, "training documents by tokens", length_histogram(corpus.train), "{:,.0f}")
    bins = density_histogram(corpus.train, tokenizer)
    _print_bars(console, "training documents by bytes a token", bins, "{:.1f}")


def _print_bars(console: Console, title: str, bins: list[Bin], form: str) -> None:
    console.print(Text(f"\n{title}", style="bold"))
    most = max((found.documents for found in bins), default=0)
    for found in bins:
        high = "" if found.high == float("inf") else form.format(found.high)
        bar = "#" * -(-_BAR_CELLS * found.documents // max(most, 1))
        label = f"{form.format(found.low):>9} - {high:<9}"
        console.print(Text(f"{label}{found.documents:>9,} {bar}"), soft_wrap=True)


def print_documents(
    console: Console, corpus: Corpus, tokenizer: Tokenizer, count: int, seed: int
) -> None:
    """Print the beginnings of random training documents, token boundaries marked by a bar."""
    for number, tokens in enumerate(random_documents(corpus, count, seed), start=1):
        console.print(Text(f"\ndocument {number}, {len(tokens):,} tokens", style="bold"))
        shown = tokens[:_SHOWN_TOKENS]
        pieces = (tokenizer.piece(token).decode("utf-8", errors="replace") for token in shown)
        console.print(Text("|".join(pieces)), soft_wrap=True)
