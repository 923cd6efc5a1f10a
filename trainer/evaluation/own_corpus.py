"""Finds the corpus whose held-out text weights are judged on. Builds none but the one named."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tokmon.rundir.errors import TokmonError
from trainer.corpus.build import open_or_build
from trainer.corpus.cache import cache_folder
from trainer.corpus.progress import Report
from trainer.corpus.store import MANIFEST, Corpus
from trainer.evaluation.subjects import Origin
from trainer.tokenizer import load_tokenizer

_SHOWN_DIGITS = 12


class Found(NamedTuple):
    """A corpus, and whether it is the one that the weights were trained on."""

    corpus: Corpus
    is_own: bool
    """False where it is another, or nobody knows: its text may have been trained on."""
    note: str
    """For people; empty where all is well."""


def find_corpus(
    origin: Origin, configured: str, named: Path | None, progress: Report, whose: str
) -> Found:
    """Return the corpus to evaluate on.

    Args:
        origin: what is recorded of the weights.
        configured: the config's data.corpus, for the hint.
        named: by the user; None looks where the run had its corpus, and in the cache.
        progress: called while a corpus that was named is built.
        whose: the weights, for messages.

    Raises:
        TokmonError: it is not here any more, nobody knows which it was, or it is damaged.
    """
    if named is not None:
        return _named(open_or_build(named, progress), origin, whose)
    if not origin.corpus_fingerprint:
        raise TokmonError(
            f"{whose}: nothing says what it was trained on, and the held-out text of another "
            "corpus may be part of that",
            "name a corpus with --corpus DIR|RECIPE",
        )
    reasons = []
    for folder in _places(origin):
        try:
            corpus = _opened(folder)
        except TokmonError as error:
            reasons.append(error.message)
            continue
        if corpus.manifest.fingerprint == origin.corpus_fingerprint:
            return Found(corpus, is_own=True, note="")
    raise _gone(origin, configured, whose, reasons)


def _named(corpus: Corpus, origin: Origin, whose: str) -> Found:
    _refuse_other_tokens(corpus)
    manifest = corpus.manifest
    if manifest.fingerprint == origin.corpus_fingerprint:
        return Found(corpus, is_own=True, note="")
    trained_on = "nothing says on what"
    if origin.corpus_fingerprint:
        trained_on = f"on {_label(origin.corpus_name, origin.corpus_fingerprint)}"
    note = (
        f"evaluated on {_label(manifest.name, manifest.fingerprint)}; {whose} was trained "
        f"{trained_on}, so that this text may have been part of its training"
    )
    return Found(corpus, is_own=False, note=note)


def _places(origin: Origin) -> Iterator[Path]:
    """Yield the folders that may hold the corpus, each only if there is something."""
    seen = set()
    for folder in _candidates(origin):
        where = folder.absolute()
        if where not in seen and (where / MANIFEST).is_file():
            seen.add(where)
            yield where


def _candidates(origin: Origin) -> Iterator[Path]:
    if origin.corpus_path:
        # A relative one was seen from where the run was started, often above its folder.
        bases = origin.run.absolute().parents if origin.run is not None else []
        yield from (base / origin.corpus_path for base in (Path(), *bases))
    corpora = cache_folder() / "corpora"
    if corpora.is_dir():
        named = [folder for folder in sorted(corpora.iterdir()) if folder.is_dir()]
        # Those of the same name first: of the others every manifest has to be read.
        yield from sorted(named, key=lambda folder: not folder.name.startswith(origin.corpus_name))


def _opened(folder: Path) -> Corpus:
    corpus = Corpus.open(folder)
    _refuse_other_tokens(corpus)
    return corpus


def _refuse_other_tokens(corpus: Corpus) -> None:
    if corpus.manifest.tokenizer.sha256 != load_tokenizer().sha256:
        raise TokmonError(f"{corpus.folder}: tokens of another tokenizer than GPT-2's")


def _gone(origin: Origin, configured: str, whose: str, reasons: list[str]) -> TokmonError:
    what = _label(origin.corpus_name or "its corpus", origin.corpus_fingerprint)
    places = f"{origin.corpus_path or 'its place'} nor in {cache_folder() / 'corpora'}"
    # Of many old corpora in the cache the faults say little; of the run's own they say all.
    own = [reason for reason in reasons if origin.corpus_path and origin.corpus_path in reason]
    because = f" ({own[0]})" if own else ""
    return TokmonError(
        f"{whose}: trained on {what}, which is neither at {places}{because}",
        f"name it with --corpus DIR|RECIPE; the config had {configured!r}",
    )


def _label(name: str, fingerprint: str) -> str:
    return f"{name} ({fingerprint[:_SHOWN_DIGITS]})".strip()
