"""What a build finds where it is about to put its corpus."""

import shutil
from collections.abc import Callable
from pathlib import Path

from tokmon.rundir.errors import TokmonError
from trainer.corpus.manifest import Manifest
from trainer.corpus.progress import Report
from trainer.corpus.store import Corpus, is_corpus


def existing(
    folder: Path, is_wanted: Callable[[Manifest], bool], progress: Report, *, is_ours: bool
) -> Corpus | None:
    """Return the corpus in `folder`; None if there is none yet, or a damaged one of ours was.

    Args:
        folder: where the corpus belongs.
        is_wanted: says whether a manifest is that of the corpus wanted.
        progress: told why a corpus is made again.
        is_ours: whether `folder` is in the cache, where what is damaged is removed.

    Raises:
        TokmonError: something else is there.
    """
    if not folder.exists():
        return None
    if not is_ours and not is_corpus(folder):
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()
            return None
        raise TokmonError(f"{folder}: exists and is no corpus", "name another output folder")
    try:
        corpus = Corpus.open(folder)
    except TokmonError as error:
        if not is_ours:
            raise
        progress(f"building again: {error.message}", 0, 0)
        shutil.rmtree(folder, ignore_errors=True)  # what resists shows when the folder is opened
        return None
    if not is_wanted(corpus.manifest):
        raise TokmonError(
            f"{folder}: holds another corpus, {corpus.manifest.name}",
            "name another output folder, or delete this one",
        )
    return corpus
