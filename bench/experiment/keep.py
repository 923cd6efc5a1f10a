"""Copies what is worth keeping of a run: its records, without weights and without this machine."""

import platform
import shutil
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TypeAlias

from bench.experiment.plan import ROOT
from tokmon.rundir.layout import RunDir
from trainer.corpus.cache import cache_folder

Places: TypeAlias = Mapping[Path, str]


def keep(run: RunDir, folder: Path, places: Places) -> RunDir:
    """Copy the records of `run` below `folder`, in place of an older copy; return the copy."""
    kept = RunDir.of_experiment(folder, run.experiment)
    if kept.path.exists():
        shutil.rmtree(kept.path)
    kept.path.mkdir(parents=True)
    for source, target in _records(run, kept):
        if source.exists():
            text = source.read_text(encoding="utf-8", errors="surrogateescape")
            text = anonymous(text, places)
            target.write_text(text, encoding="utf-8", errors="surrogateescape")
            # The monitor judges by the age of files as well.
            shutil.copystat(source, target)
    return kept


def anonymous(text: str, places: Places) -> str:
    """Return `text` without where things lie on this machine, and its name.

    Args:
        text: of any record.
        places: more folders, and what stands for them.
    """
    for folder, short in _all(places):
        text = text.replace(str(folder), short)
    return text.replace(f'"{platform.node()}"', '"machine"')


def _records(run: RunDir, kept: RunDir) -> Iterable[tuple[Path, Path]]:
    names = ("log", "events", "system", "samples", "run_info", "summary", "output_log")
    return [(getattr(run, name), getattr(kept, name)) for name in names]


def _all(places: Places) -> Iterator[tuple[Path, str]]:
    yield from ((folder.absolute(), short) for folder, short in places.items())
    yield cache_folder(), "~/.cache/tokmon"
    for folder, short in (
        (ROOT, "."),
        (Path.cwd(), "."),
        (Path(sys.prefix), "~"),
        (Path.home(), "~"),
    ):
        if folder != Path(folder.anchor):
            yield folder, short
