"""One contestant in a process of its own: `python -m bench.speed.child JOB` prints the outcome.

Standard output is the outcome alone, in JSON; what the program itself prints goes to stderr.
"""

import gc
import json
import platform
import sys
from collections.abc import Callable
from contextlib import redirect_stdout, suppress
from dataclasses import asdict
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version

import torch
from torch import nn

from bench.speed.clock import Clock, Enough
from bench.speed.job import Job, Outcome
from bench.speed.memory import peak_bytes

_PACKAGES = {"hf": ("transformers", "accelerate"), "litgpt": ("litgpt", "lightning")}


def main() -> None:
    job = Job.decode(sys.argv[1])
    with redirect_stdout(sys.stderr):
        outcome = measure(job)
    print(json.dumps(asdict(outcome)))


def measure(job: Job) -> Outcome:
    """Run the contestant until it has taken all steps."""
    try:
        contestant = import_module(f"bench.speed.contestants.{job.name}")
    except ImportError as error:
        return Outcome(missing=str(error).splitlines()[0])
    outcome = Outcome()
    clock = Clock(
        job.warmup, job.steps, job.block, _waiting_for(job.device), lambda: _weigh(outcome)
    )
    # The programs train on and on: this is how each of them ends.
    with suppress(Enough):
        contestant.run(job, clock)
    outcome.step_s, outcome.dtype, outcome.notes = clock.step_s, clock.dtype, clock.notes
    outcome.peak_bytes = peak_bytes(job.device)
    outcome.versions = _versions(job.name)
    outcome.threads = torch.get_num_threads()
    outcome.device = torch.cuda.get_device_name() if job.device == "cuda" else ""
    return outcome


def _waiting_for(device: str) -> Callable[[], None]:
    return torch.cuda.synchronize if device == "cuda" else lambda: None


def _weigh(outcome: Outcome) -> None:
    """Count the weights of the model: of all modules alive the one with the most parameters."""
    # type(), not isinstance: that asks every lazy proxy of every package for its class.
    modules = [module for module in gc.get_objects() if issubclass(type(module), nn.Module)]
    model = max(modules, key=_parameters)
    outcome.parameters = _parameters(model)
    linear = {
        id(part.weight): part.weight for part in model.modules() if isinstance(part, nn.Linear)
    }
    outcome.linear_weights = sum(weight.numel() for weight in linear.values())


def _parameters(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


def _versions(name: str) -> dict[str, str]:
    found = {"python": platform.python_version(), "torch": torch.__version__}
    for package in _PACKAGES.get(name, ()):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "unknown"
    return found


if __name__ == "__main__":
    main()
