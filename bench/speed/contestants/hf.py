"""transformers' Trainer with LlamaForCausalLM of the same shape, and its own defaults.

Only on a GPU is it told something that is not its default: bfloat16, as everyone would.
"""

import tempfile
from pathlib import Path

import numpy as np
import torch
from torch.utils.data import Dataset
from transformers import (
    LlamaConfig,
    LlamaForCausalLM,
    Trainer,
    TrainerCallback,
    TrainingArguments,
)

from bench.speed.clock import Clock
from bench.speed.job import Job


class Windows(Dataset):
    """Sequences of T tokens of a raw uint16 file; the model shifts the labels itself."""

    def __init__(self, path: Path, seq_len: int) -> None:
        self._tokens = np.memmap(path, dtype=np.uint16, mode="r")
        self._seq_len = seq_len

    def __len__(self) -> int:
        return len(self._tokens) // self._seq_len

    def __getitem__(self, index: int) -> dict[str, torch.Tensor]:
        start = index * self._seq_len
        row = torch.from_numpy(self._tokens[start : start + self._seq_len].astype(np.int64))
        return {"input_ids": row, "labels": row}


class Ticking(TrainerCallback):
    """Tells the clock of every step."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def on_step_end(self, *_: object, **__: object) -> None:
        self._clock.tick()


def run(job: Job, clock: Clock) -> None:
    clock.dtype = job.settings.get("dtype", "bfloat16" if job.device == "cuda" else "float32")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        trainer = Trainer(
            model=LlamaForCausalLM(_config(job)),
            args=_arguments(job, clock.dtype, folder),
            train_dataset=Windows(Path(job.corpus) / "train.tokens", job.shape.seq_len),
            callbacks=[Ticking(clock)],
        )
        trainer.train()


def _config(job: Job) -> LlamaConfig:
    shape = job.shape
    return LlamaConfig(
        vocab_size=shape.vocab,
        hidden_size=shape.width,
        intermediate_size=shape.mlp,
        num_hidden_layers=shape.layers,
        num_attention_heads=shape.heads,
        max_position_embeddings=shape.seq_len,
        tie_word_embeddings=False,
        bos_token_id=50256,
        eos_token_id=50256,
    )


def _arguments(job: Job, dtype: str, folder: str) -> TrainingArguments:
    return TrainingArguments(
        output_dir=folder,
        per_device_train_batch_size=job.shape.batch_size,
        max_steps=50_000,
        warmup_steps=2_000,
        learning_rate=3e-4,
        weight_decay=0.1,
        adam_beta2=0.95,
        bf16=dtype == "bfloat16",
        torch_compile=job.settings.get("compile") == "on",
        use_cpu=job.device == "cpu",
        dataloader_pin_memory=job.device == "cuda",
        save_strategy="no",
        report_to="none",
        disable_tqdm=True,
    )
