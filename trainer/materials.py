"""What a run is made of, gathered and found good before anything is written under the logs."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch

from tokmon.rundir.errors import TokmonError
from tokmon.rundir.layout import RunDir
from trainer.batches import rank_share
from trainer.claim import refuse_taken
from trainer.config import Config, corpus_path
from trainer.config_file import load_config
from trainer.corpus.build import open_or_build
from trainer.corpus.progress import showing_progress
from trainer.corpus.store import Corpus
from trainer.device import find_device
from trainer.distributed import ALONE, Group
from trainer.flops import parameters
from trainer.pace import fit_to_time
from trainer.session import fingerprints
from trainer.sharding_rule import is_sharding_wanted
from trainer.tokenizer import Tokenizer, load_tokenizer
from trainer.window_starts import last_window


class Materials(NamedTuple):
    """What a run is made of."""

    config: Config
    run: RunDir
    corpus: Corpus
    tokenizer: Tokenizer
    device: torch.device
    is_sharded: bool
    """Whether the ranks share the state out."""

    @property
    def fingerprints(self) -> dict[str, str]:
        """What a resumed run must have been trained on."""
        return fingerprints(self.corpus, self.tokenizer)


def gather(
    config_file: Path,
    overrides: Sequence[str],
    logs: Path,
    minutes: float | None = None,
    group: Group = ALONE,
) -> Materials:
    """Read the config, find the device, build or open the corpus.

    Args:
        config_file: TOML.
        overrides: `section.key=value`, as for `--set`.
        logs: folder of run directories.
        minutes: stretch the schedule to about this long on this machine.
        group: who else trains this run; each gathers for itself, the first of a host before others.

    Raises:
        TokmonError: what the user can mend.
    """
    if minutes is not None and group.size > 1:
        raise TokmonError("--minutes is for one process", "set schedule.steps instead")
    config = load_config(config_file, overrides)
    run = RunDir.of_experiment(logs, config.experiment)
    if group.is_main:
        refuse_taken(run)
    device = _own_device(config.device.device, group)
    if config.device.threads:
        torch.set_num_threads(config.device.threads)
    tokenizer = load_tokenizer()
    _refuse_small_vocabulary(config, tokenizer)
    _refuse_uneven_batch(config, group)
    with group.taking_turns(), showing_progress() as progress:
        corpus = open_or_build(corpus_path(config, config_file), progress)
    for split in (corpus.train, corpus.val):
        last_window(len(split.tokens), config.data.seq_len)  # refuses a corpus that is too small
    if minutes is not None:
        config = fit_to_time(config, corpus, tokenizer, device, minutes)
    is_sharded = is_sharding_wanted(config.device.parallel, parameters(config.model), device, group)
    return Materials(config, run, corpus, tokenizer, device, is_sharded)


def _refuse_small_vocabulary(config: Config, tokenizer: Tokenizer) -> None:
    if config.model.vocab < tokenizer.vocab_size:
        raise TokmonError(
            f"model.vocab {config.model.vocab} is below the tokenizer's {tokenizer.vocab_size}",
            f"set model.vocab to {tokenizer.vocab_size} or more",
        )


def _own_device(name: str, group: Group) -> torch.device:
    """Return the device of this process: of several on one host each takes a GPU of its own."""
    if group.size == 1:
        return find_device(name)
    if name.startswith("cuda:"):
        raise TokmonError(
            f"device.device {name!r} would put {group.size} processes on one GPU",
            'set device.device = "cuda": each takes the GPU of its LOCAL_RANK',
        )
    if name == "cuda" or (name == "auto" and torch.cuda.is_available()):
        device = find_device(f"cuda:{group.local_rank}")
        torch.cuda.set_device(device)
        return device
    return find_device(name)


def _refuse_uneven_batch(config: Config, group: Group) -> None:
    rank_share(np.arange(config.data.batch_size), group.rank, group.size)
