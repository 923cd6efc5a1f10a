"""`tokmon eval`: from what a user names to a result for each checkpoint. Writes nothing."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import NamedTuple

import torch

from tokmon.rundir.errors import TokmonError
from trainer.corpus.progress import Report
from trainer.device import describe, find_device
from trainer.evaluation.evaluator import Evaluator, Plan, Progress
from trainer.evaluation.own_corpus import find_corpus
from trainer.evaluation.result import Result
from trainer.evaluation.subjects import origin_of, subjects
from trainer.memory import keep_freed_memory
from trainer.sampling_settings import checked_seed
from trainer.scoring.suite import Prompt, load_suite
from trainer.trained import TrainedModel


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What the user asked for."""

    target: Path
    """A run, a checkpoint, or a folder in Hugging Face format."""
    is_all: bool = False
    """Whether all of a run's checkpoints are meant."""
    corpus: Path | None = None
    """Another corpus than the one that the weights were trained on."""
    suite: Path | None = None
    """Prompts; the shipped ones if None."""
    count: int = 1
    """Samples a prompt."""
    seed: int = 0
    """Of draws, pieces and intervals."""
    device: str = "auto"
    """Where to compute."""


def evaluations(
    wish: Wish, progress: Report, on_skipped: Callable[[str], None]
) -> Iterator[Result]:
    """Yield the result for each checkpoint, the oldest first.

    Args:
        wish: what is asked for.
        progress: called as the work goes on.
        on_skipped: told of each checkpoint of several that cannot be loaded.

    Raises:
        TokmonError: what the user can mend.
    """
    keep_freed_memory()  # as a run does: logits come and go by the 60 MB
    prompts = load_suite(wish.suite)
    checked_seed(wish.seed)
    checked_seed(wish.seed + wish.count * len(prompts))
    device = find_device(wish.device)
    chosen = subjects(wish.target, is_all=wish.is_all)
    found_any = False
    for number, subject in enumerate(chosen, start=1):
        prefix = f"{number} of {len(chosen)}: " if len(chosen) > 1 else ""
        try:
            progress(f"{prefix}loading {subject.path.name}", 0, 0)
            trained = subject.load(device)
        except TokmonError as error:
            # A run in training also deletes old ones meanwhile.
            if not wish.is_all:
                raise
            on_skipped(str(error))
            continue
        found_any = True
        names = ", ".join(subject.names) or trained.path.name
        yield _evaluated(trained, names, _Asked(wish, prompts, device, progress, prefix))
    if not found_any:
        raise TokmonError(f"{wish.target}: none of its checkpoints can be used")


class _Asked(NamedTuple):
    wish: Wish
    prompts: tuple[Prompt, ...]
    device: torch.device
    progress: Report
    prefix: str
    """Before what progress says."""

    def stage(self, name: str) -> Progress:
        """Return the progress of one stage."""
        return partial(self.progress, f"{self.prefix}{name}")


def _evaluated(trained: TrainedModel, names: str, asked: _Asked) -> Result:
    origin, configured = origin_of(trained), trained.config.data.corpus
    found = find_corpus(origin, configured, asked.wish.corpus, asked.progress, trained.path.name)
    plan = Plan(asked.prompts, asked.wish.count, asked.wish.seed)
    evaluator = Evaluator(trained, found, plan, asked.device, asked.stage)
    try:
        return evaluator.result(names)
    except torch.OutOfMemoryError as error:
        raise TokmonError(
            f"{describe(asked.device)}: out of memory ({str(error).splitlines()[0]})",
            "end what else uses it, or evaluate with --device cpu",
        ) from error
