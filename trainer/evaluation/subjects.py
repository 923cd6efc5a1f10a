"""What is evaluated: the checkpoints that a path means, loaded one at a time."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import torch

from tokmon.rundir.errors import TokmonError
from tokmon.rundir.layout import RunDir
from trainer.checkpoint import load, sidecar_info
from trainer.huggingface import is_huggingface, load_huggingface
from trainer.runlog import read_info
from trainer.trained import TrainedModel, load_trained


class Subject(NamedTuple):
    """Weights that can be loaded."""

    path: Path
    """A .pt file, a run directory (its best), or a folder in Hugging Face format."""
    names: tuple[str, ...]
    """Files that hold these weights; empty where loading decides."""

    def load(self, device: torch.device) -> TrainedModel:
        """Return the weights on `device`.

        Raises:
            TokmonError: they are not there, damaged, or no model of ours.
        """
        if is_huggingface(self.path):
            return load_huggingface(self.path, device)
        return load_trained(self.path, device)


class Origin(NamedTuple):
    """What is recorded of the run that trained some weights; empty where nothing is."""

    corpus_fingerprint: str = ""
    corpus_name: str = ""
    corpus_path: str = ""
    run: Path | None = None


def subjects(target: Path, *, is_all: bool) -> list[Subject]:
    """Return what `target` means: one, or all checkpoints of a run with the oldest first.

    Of a run's files that hold the weights of the same step one is loaded and all are named.

    Raises:
        TokmonError: there is no such thing.
    """
    if not is_all:
        return [Subject(target, ())]
    if not target.is_dir() or is_huggingface(target):
        raise TokmonError(f"{target}: --all is for a run directory", "leave out --all")
    run = RunDir.open(target)
    by_step: dict[int, list[Path]] = {}
    for path in (*run.step_checkpoints().values(), run.best, run.final):
        if (info := sidecar_info(path)) is not None and path.exists():
            by_step.setdefault(info.step, []).append(path)
    if not by_step:
        raise TokmonError(
            f"{target}: no checkpoint yet", "the first is written after an evaluation"
        )
    # The best one first: it is the smallest file, without the optimizer.
    ordered = [sorted(by_step[step], key=lambda path: path != run.best) for step in sorted(by_step)]
    return [Subject(paths[0], tuple(path.name for path in paths)) for paths in ordered]


def origin_of(trained: TrainedModel) -> Origin:
    """Return what the run directory around the weights says, else what the checkpoint itself says.

    A checkpoint knows its corpus by fingerprint alone.
    """
    if trained.path.is_dir():
        return Origin()
    for run in _runs_around(trained.path):
        info = read_info(run)
        if info is not None and info.config.get("experiment") == trained.config.experiment:
            known = {
                key: str(info.corpus.get(key) or "") for key in ("fingerprint", "name", "path")
            }
            return Origin(known["fingerprint"], known["name"], known["path"], run.path)
    materials = load(trained.path).content.get("materials")
    found = materials.get("corpus") if isinstance(materials, dict) else None
    return Origin(found if isinstance(found, str) else "")


def _runs_around(checkpoint: Path) -> Iterator[RunDir]:
    # The parent's parent: checkpoints that were given up lie in a folder of the run.
    for folder in list(checkpoint.absolute().parents)[:2]:
        yield from RunDir.find_all(folder)[:1] if _is_run(folder) else []


def _is_run(folder: Path) -> bool:
    try:
        RunDir.open(folder)
    except TokmonError:
        return False
    return True
