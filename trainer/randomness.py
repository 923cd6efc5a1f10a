"""Seeds and states of the random number generators."""

from typing import Any

import torch


def seed_everything(seed: int, *, deterministic: bool) -> torch.Generator:
    """Seed PyTorch on every device; return a CPU generator for the initial weights."""
    torch.manual_seed(seed)
    torch.use_deterministic_algorithms(deterministic)
    return torch.Generator().manual_seed(seed)


def states() -> dict[str, Any]:
    """Return the generators' states, for a checkpoint."""
    cuda = torch.cuda.get_rng_state_all() if torch.cuda.is_available() else []
    return {"cpu": torch.get_rng_state(), "cuda": cuda}


def restore(saved: dict[str, Any]) -> None:
    """Go on from what `states` returned; CUDA states only where as many devices are there."""
    torch.set_rng_state(saved["cpu"])
    if saved["cuda"] and torch.cuda.device_count() == len(saved["cuda"]):
        torch.cuda.set_rng_state_all(saved["cuda"])
