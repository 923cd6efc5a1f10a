"""What a step of v1 costs on a CPU with and without freed memory being kept (trainer.memory).

python bench/freed_memory.py [--batch-size 4] [--steps 3]

Each way in processes of its own, in turns; prints the median seconds a step and their ratio.
"""

import argparse
import statistics
import subprocess
import sys
import time
from pathlib import Path

import torch

from trainer.config_file import load_config
from trainer.memory import keep_freed_memory
from trainer.model import Model
from trainer.optim import make_optimizer
from trainer.plan import Plan
from trainer.step import TrainStep

_CONFIG = Path(__file__).parents[1] / "configs" / "v1_token_bigdata.toml"
_TURNS = 3


def main() -> int:
    """Measure in turns, or be one of the measured processes."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--batch-size", type=int, default=4)
    parser.add_argument("--steps", type=int, default=3)
    parser.add_argument("--way", choices=("kept", "given back"))
    options = parser.parse_args()
    if options.way:
        print(measure(options.batch_size, options.steps, is_kept=options.way == "kept"))
        return 0
    seconds: dict[str, list[float]] = {"given back": [], "kept": []}
    for _ in range(_TURNS):
        for way, found in seconds.items():
            command = [sys.executable, *sys.argv, "--way", way]
            found.append(float(subprocess.check_output(command, text=True)))
    given_back, kept = (statistics.median(found) for found in seconds.values())
    print(
        f"v1, {options.batch_size} x 512 tokens, float32, {torch.get_num_threads()} threads, "
        f"PyTorch {torch.__version__}: freed memory given back {given_back:.2f} s a step, "
        f"kept {kept:.2f} s; {given_back / kept:.2f} times as fast"
    )
    return 0


def measure(batch_size: int, steps: int, *, is_kept: bool) -> float:
    """Return the median seconds of a step, the first left out."""
    if is_kept:
        keep_freed_memory()
    config = load_config(_CONFIG)
    model = Model(config.model)
    model.initialize(torch.Generator().manual_seed(0))
    optimizer, device = make_optimizer(model, config.optim), torch.device("cpu")
    step = TrainStep(model, optimizer, config, device, Plan(device="cpu", dtype="float32"))
    tokens = torch.randint(config.model.vocab, (batch_size, config.data.seq_len + 1))
    inputs, targets = tokens[:, :-1].contiguous(), tokens[:, 1:].contiguous()
    seconds = []
    for _ in range(steps + 1):
        begin = time.perf_counter()
        step(inputs, targets, lr=1e-4)
        seconds.append(time.perf_counter() - begin)
    return statistics.median(seconds[1:])


if __name__ == "__main__":
    sys.exit(main())
