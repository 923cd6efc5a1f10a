"""litgpt: its own `litgpt.pretrain.setup` on a Llama-shaped Config of the same shape.

Its defaults stay: vocabulary padded to a multiple of 512, bfloat16 by autocast on a CPU too,
torch.compile, cross-entropy over chunks of 128. Steps are what it prints ("Epoch 1 | iter ...").
"""

import tempfile
from contextlib import redirect_stdout
from pathlib import Path

import numpy as np
import torch
from litgpt.args import EvalArgs, TrainArgs
from litgpt.config import Config
from litgpt.data import DataModule
from litgpt.pretrain import setup
from litgpt.utils import get_default_supported_precision
from torch.utils.data import DataLoader, Dataset

from bench.speed.clock import Clock, PrintedSteps
from bench.speed.job import Job

_PRECISIONS = {"float32": "32-true", "bfloat16": "bf16-mixed"}
_NEVER = 10**9


class Windows(Dataset):
    """Sequences of T + 1 tokens of a raw uint16 file."""

    def __init__(self, path: Path, seq_len: int) -> None:
        self._tokens = np.memmap(path, dtype=np.uint16, mode="r")
        self._seq_len = seq_len

    def __len__(self) -> int:
        return (len(self._tokens) - 1) // self._seq_len

    def __getitem__(self, index: int) -> torch.Tensor:
        start = index * self._seq_len
        return torch.from_numpy(self._tokens[start : start + self._seq_len + 1].astype(np.int64))


class Tokens(DataModule):
    """The corpus, in the form that litgpt asks for."""

    def __init__(self, job: Job) -> None:
        super().__init__()
        self._job = job

    def connect(self, *_: object, **__: object) -> None:
        """Nothing to be told: tokens are there already."""

    def train_dataloader(self) -> DataLoader:
        return self._loader("train.tokens")

    def val_dataloader(self) -> DataLoader:
        return self._loader("val.tokens")

    def _loader(self, file: str) -> DataLoader:
        windows = Windows(Path(self._job.corpus) / file, self._job.shape.seq_len)
        return DataLoader(windows, self._job.shape.batch_size, shuffle=True, drop_last=True)


def run(job: Job, clock: Clock) -> None:
    told = job.settings.get("dtype", "")
    precision = _PRECISIONS.get(told) or get_default_supported_precision(training=True)
    clock.dtype = "float32" if precision.startswith("32") else "bfloat16"
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder,
        redirect_stdout(PrintedSteps(clock, "Epoch ")),
    ):
        setup(
            model_name="v1",
            model_config=_config(job),
            out_dir=Path(folder),
            precision=precision,
            data=Tokens(job),
            train=_train_args(job),
            eval=EvalArgs(interval=_NEVER, max_iters=1, final_validation=False),
            devices=1,
            logger_name="csv",
        )


def _config(job: Job) -> Config:
    shape = job.shape
    return Config(
        name="v1",
        block_size=shape.seq_len,
        n_layer=shape.layers,
        n_embd=shape.width,
        n_head=shape.heads,
        vocab_size=shape.vocab,
        norm_class_name="RMSNorm",
        mlp_class_name="LLaMAMLP",
        intermediate_size=shape.mlp,
        rotary_percentage=1.0,
        parallel_residual=False,
        bias=False,
    )


def _train_args(job: Job) -> TrainArgs:
    """Return pretrain's own defaults but for the batch, and for saving, which is never timed."""
    return TrainArgs(
        save_interval=_NEVER,
        log_interval=1,
        global_batch_size=job.shape.batch_size,
        micro_batch_size=job.shape.batch_size,
        max_tokens=int(3e12),
        max_norm=1.0,
        min_lr=4e-5,
        lr_warmup_steps=2000,
        tie_embeddings=False,
    )
