"""One point in processes of its own: `python -m bench.scale.child TASK` prints the outcome.

Several ranks are started by torchrun; the first one prints, and any that fails. Standard output is
the outcome alone, in JSON.
"""

import json
import os
import platform
import sys
from contextlib import redirect_stdout, suppress
from dataclasses import asdict
from pathlib import Path
from typing import NoReturn

import msgspec
import torch

from bench.scale.point import Outcome, Task
from bench.speed.clock import Clock, Enough
from bench.speed.memory import peak_bytes
from tokmon.rundir.errors import TokmonError
from trainer.bench_corpus import random_corpus
from trainer.config import Config
from trainer.config_file import load_config
from trainer.device import find_device, synchronize
from trainer.distributed import Group, joined
from trainer.memory import keep_freed_memory
from trainer.plan import Plan
from trainer.session import Session
from trainer.tokenizer import load_tokenizer

_STDOUT = 1
_ENDLESS = 2**40
"""Steps of the schedule: timing is not to run into its end."""
_TOKENS, _STEPS_OF_TOKENS = 2**20, 4
"""Of the corpus: so many, or so many steps' where that is more."""
_MEMORY_SIGNS = ("can't allocate memory", "out of memory", "not enough memory")
"""What PyTorch's allocators say; the one for CPUs has no exception type for it."""


def main() -> None:
    task = Task.decode(sys.argv[1])
    with redirect_stdout(sys.stderr):
        try:
            with joined() as group:
                _answer(task, group)
        except TokmonError as error:  # the others cannot be reached
            _fail(error)


def _answer(task: Task, group: Group) -> None:
    try:
        outcome = _measured(task, group)
    except (TokmonError, RuntimeError, MemoryError) as error:
        _fail(error)
    if group.is_main:
        _print(outcome)
    if group.size > 1:
        # As the trainer does: a thread of gloo may abort an interpreter that ends around it.
        _leave(0)


def _fail(error: BaseException) -> NoReturn:
    _print(Outcome(failed=_reason(error)))
    # At once: the end of a group waits for ranks that wait for this one.
    _leave(1)


def _leave(code: int) -> NoReturn:
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _print(outcome: Outcome) -> None:
    # In one write: ranks share the file.
    os.write(_STDOUT, f"{json.dumps(asdict(outcome))}\n".encode())


def _reason(error: BaseException) -> str:
    if isinstance(error, MemoryError):
        return "out of memory"
    text = (str(error).strip() or type(error).__name__).splitlines()[0]
    is_memory = any(sign in text.lower() for sign in _MEMORY_SIGNS)
    return f"out of memory ({text})" if is_memory else text


def _measured(task: Task, group: Group) -> Outcome:
    keep_freed_memory()  # as a run does
    config = load_config(Path(task.config), task.overrides)
    if config.device.threads:
        torch.set_num_threads(config.device.threads)
    session = _session(config, task, group)
    device = session.device
    clock = Clock(task.warmup, task.steps, task.block, lambda: synchronize(device), lambda: None)
    with suppress(Enough):
        while True:
            session.take_step()
            clock.tick()
            if session.step % config.log.every == 0:
                session.meter.take()
    on_gpu = device.type == "cuda"
    return Outcome(
        step_s=clock.step_s,
        peak_bytes=group.agree([peak_bytes(device.type)])[0],
        dtype=session.plan.dtype,
        plan=msgspec.to_builtins(session.plan),
        how=str(session.plan).partition(":")[0],
        versions=_versions(on_gpu=on_gpu),
        gpu=torch.cuda.get_device_name(device) if on_gpu else "",
        gpu_bytes=torch.cuda.get_device_properties(device).total_memory if on_gpu else 0,
    )


def _versions(*, on_gpu: bool) -> dict[str, str]:
    found = {"python": platform.python_version(), "torch": str(torch.__version__)}
    if on_gpu:
        found["CUDA"] = str(torch.version.cuda)
        found["NCCL"] = ".".join(map(str, torch.cuda.nccl.version()))  # type: ignore[no-untyped-call]  # torch leaves it so
    return found


def _session(config: Config, task: Task, group: Group) -> Session:
    device = _own_device(config.device.device, group)
    tokenizer = load_tokenizer()
    tokens = max(_TOKENS, _STEPS_OF_TOKENS * config.tokens_per_step)
    corpus = random_corpus(tokenizer, config.model.vocab, tokens, config.seed)
    schedule = msgspec.structs.replace(config.schedule, steps=_ENDLESS)
    endless = msgspec.structs.replace(config, schedule=schedule)
    plan = msgspec.convert(task.plan, Plan) if task.plan is not None else None
    return Session(endless, corpus, tokenizer, device, group=group, plan=plan)


def _own_device(name: str, group: Group) -> torch.device:
    """Return the device of this rank: of several GPUs the one of its number."""
    if name != "cuda" or group.size == 1:
        return find_device(name)
    device = find_device(f"cuda:{group.local_rank}")
    torch.cuda.set_device(device)
    return device


if __name__ == "__main__":
    main()
