"""What a run is made of, gathered and found good before anything is written under the logs."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import torch

from tokmon.rundir.errors import TokmonError
from tokmon.rundir.layout import RunDir
from trainer.batches import Windows
from trainer.claim import refuse_taken
from trainer.config import Config, corpus_path
from trainer.config_file import load_config
from trainer.corpus.build import open_or_build
from trainer.corpus.progress import showing_progress
from trainer.corpus.store import Corpus
from trainer.device import find_device
from trainer.pace import fit_to_time
from trainer.tokenizer import Tokenizer, load_tokenizer


class Materials(NamedTuple):
    """What a run is made of."""

    config: Config
    run: RunDir
    corpus: Corpus
    tokenizer: Tokenizer
    device: torch.device

    @property
    def fingerprints(self) -> dict[str, str]:
        """What a resumed run must have been trained on."""
        return {
            "corpus": self.corpus.manifest.fingerprint,
            "tokenizer": self.tokenizer.sha256,
        }


def gather(
    config_file: Path, overrides: Sequence[str], logs: Path, minutes: float | None = None
) -> Materials:
    """Read the config, find the device, build or open the corpus.

    Args:
        config_file: TOML.
        overrides: `section.key=value`, as for `--set`.
        logs: folder of run directories.
        minutes: stretch the schedule to about this long on this machine.

    Raises:
        TokmonError: what the user can mend.
    """
    _refuse_many_ranks()
    config = load_config(config_file, overrides)
    run = RunDir.of_experiment(logs, config.experiment)
    refuse_taken(run)
    device = find_device(config.device.device)
    if config.device.threads:
        torch.set_num_threads(config.device.threads)
    tokenizer = load_tokenizer()
    _refuse_small_vocabulary(config, tokenizer)
    with showing_progress() as progress:
        corpus = open_or_build(corpus_path(config, config_file), progress)
    for split in (corpus.train, corpus.val):
        Windows(split.tokens, config.data.seq_len)  # refuses a corpus that is too small
    if minutes is not None:
        config = fit_to_time(config, corpus, tokenizer, device, minutes)
    return Materials(config, run, corpus, tokenizer, device)


def _refuse_small_vocabulary(config: Config, tokenizer: Tokenizer) -> None:
    if config.model.vocab < tokenizer.vocab_size:
        raise TokmonError(
            f"model.vocab {config.model.vocab} is below the tokenizer's {tokenizer.vocab_size}",
            f"set model.vocab to {tokenizer.vocab_size} or more",
        )


def _refuse_many_ranks() -> None:
    if int(os.environ.get("WORLD_SIZE", "1")) > 1:
        raise TokmonError(
            "training over several processes is not there yet",
            "start one process with `python -m trainer CONFIG`",
        )
