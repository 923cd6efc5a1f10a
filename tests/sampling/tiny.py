"""Runs with real checkpoints of tiny models, which sample in milliseconds."""

from itertools import pairwise
from pathlib import Path

import msgspec
import torch

from tokmon.rundir.layout import RunDir
from tokmon.rundir.records import CheckpointInfo
from trainer import checkpoint
from trainer.config import Config, DataConfig, ModelConfig, ScheduleConfig
from trainer.model import Model
from trainer.tokenizer import load_tokenizer

MOMENT = "2026-01-01T00:00:00+00:00"
WIDTH = 16


def tiny_config(seq_len: int = 64, vocab: int = 50257) -> Config:
    return Config(
        experiment="tiny",
        data=DataConfig(corpus="nowhere", seq_len=seq_len),
        model=ModelConfig(layers=1, width=WIDTH, heads=2, mlp=16, vocab=vocab),
        schedule=ScheduleConfig(steps=10),
    )


def random_model(config: Config, seed: int = 0) -> Model:
    """Weights wide enough apart that greedy choices are clear, and texts differ by seed."""
    model = Model(config.model)
    generator = torch.Generator().manual_seed(seed)
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.5, generator=generator)
    return model.eval()


def scripted_model(config: Config, ids: list[int]) -> Model:
    """After each of `ids`, all different, the next one is certain whatever came before."""
    assert len(set(ids)) == len(ids) <= WIDTH + 1
    model = Model(config.model)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.zero_()
        model.norm.weight.fill_(1)
        for state, (token, successor) in enumerate(pairwise(ids)):
            model.embedding.weight[token, state] = 1
            model.head.weight[successor, state] = 100
    return model.eval()


def saying(text: str, config: Config) -> Model:
    """A model that answers an empty prompt with `text` and the end of the document."""
    tokenizer = load_tokenizer()
    ids = tokenizer.encode(text)
    # The successor of the last token ends the document, which is also where it starts.
    model = scripted_model(config, [tokenizer.end_of_text, *ids])
    with torch.no_grad():
        model.embedding.weight[ids[-1], len(ids)] = 1
        model.head.weight[tokenizer.end_of_text, len(ids)] = 100
    return model


def publish(path: Path, model: Model, config: Config, step: int, val_loss: float) -> CheckpointInfo:
    content = {
        "step": step,
        "val_loss": val_loss,
        "config": msgspec.to_builtins(config),
        "model": model.state_dict(),
    }
    return checkpoint.save(path, content, MOMENT)


def empty_run(logs: Path) -> RunDir:
    run = RunDir.of_experiment(logs, "tiny")
    run.path.mkdir(parents=True)
    run.log.write_bytes(b'{"step": 100}\n')
    return run


def run_with_best(logs: Path, step: int = 100, seed: int = 0, seq_len: int = 64) -> RunDir:
    run = empty_run(logs)
    config = tiny_config(seq_len)
    publish(run.best, random_model(config, seed), config, step, val_loss=5.0)
    return run


def damage(path: Path) -> None:
    """Turn over one byte in the middle, as a bad disk does."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)
