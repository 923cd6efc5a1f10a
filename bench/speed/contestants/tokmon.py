"""This repository's trainer: a bare `Session`, as the loop drives it, and nothing around it."""

from pathlib import Path

import msgspec

from bench.speed.clock import Clock
from bench.speed.job import Job
from trainer.config import Config
from trainer.corpus.store import Corpus
from trainer.device import find_device
from trainer.memory import keep_freed_memory
from trainer.session import Session
from trainer.tokenizer import load_tokenizer


def run(job: Job, clock: Clock) -> None:
    keep_freed_memory()
    config = _config(job)
    device = find_device(job.device)
    session = Session(config, Corpus.open(Path(job.corpus)), load_tokenizer(), device)
    clock.dtype = session.plan.dtype
    # How it computes; what was measured to choose that follows the colon.
    clock.notes.append(str(session.plan).partition(":")[0])
    while True:
        session.take_step()
        clock.tick()
        if session.step % config.log.every == 0:
            session.meter.take()


def _config(job: Job) -> Config:
    shape = job.shape
    model = {key: getattr(shape, key) for key in ("layers", "width", "heads", "mlp", "vocab")}
    data = {"corpus": job.corpus, "seq_len": shape.seq_len, "batch_size": shape.batch_size}
    content = {
        "experiment": "speed",
        "data": data,
        "model": model,
        "schedule": {"steps": 50_000, "warmup": 2_000},
        "device": {"device": job.device, **job.settings},
    }
    return msgspec.convert(content, Config)
