"""Whether there is a GPU for PyTorch. Asks in a process of its own, so that this one holds none."""

import subprocess
import sys

from tokmon.rundir.errors import TokmonError

_QUESTION = "import torch; print(torch.cuda.device_count() if torch.cuda.is_available() else 0)"


def require_device(device: str) -> int:
    """Return how many devices of that kind there are; a CPU is one.

    Raises:
        TokmonError: it is cuda, and there is none.
    """
    if device != "cuda":
        return 1
    asked = subprocess.run(
        [sys.executable, "-c", _QUESTION], capture_output=True, text=True, check=False
    )
    count = int(asked.stdout) if asked.returncode == 0 else 0
    if not count:
        fault = asked.stderr.strip().splitlines()[-1:]
        raise TokmonError(
            f"--device cuda: PyTorch finds no GPU here{''.join(f' ({line})' for line in fault)}",
            "see what `nvidia-smi` says, or take --device cpu",
        )
    return count
