"""This machine's best rates: `python -m bench.scale.peaks TASK DTYPE...` prints them in JSON.

In a process of its own, for what it takes is no part of a point's memory.
"""

import json
import sys
from pathlib import Path

import torch

from bench.scale.point import Task
from trainer.config_file import load_config
from trainer.device import find_device
from trainer.peak import measure_peaks


def main() -> None:
    task = Task.decode(sys.argv[1])
    config = load_config(Path(task.config), task.overrides)
    if config.device.threads:
        torch.set_num_threads(config.device.threads)
    device = find_device(config.device.device)
    tokens = config.tokens_per_step
    peaks = {
        dtype: measure_peaks(config.model, tokens, device, getattr(torch, dtype))
        for dtype in sys.argv[2:]
    }
    print(json.dumps({dtype: found.rates._asdict() for dtype, found in peaks.items()}))


if __name__ == "__main__":
    main()
