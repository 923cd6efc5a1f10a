"""Copies what training changes to host memory, so that it can be written while training goes on."""

from typing import Any

import torch
from torch import Tensor

from trainer.device import synchronize


def snapshot(content: dict[str, Any], device: torch.device) -> dict[str, Any]:
    """Return `content` with every tensor in it copied to the host; the rest is shared.

    Args:
        content: nested dicts, lists and tuples of tensors and plain values.
        device: where most of the tensors are; copies from it run side by side.
    """
    copied = {key: _copied(value) for key, value in content.items()}
    synchronize(device)
    return copied


def _copied(value: Any) -> Any:
    if isinstance(value, Tensor):
        # Pinned: a copy from a GPU need not wait for the one before.
        host = torch.empty_like(value, device="cpu", pin_memory=value.is_cuda, requires_grad=False)
        return host.copy_(value.detach(), non_blocking=True)
    if isinstance(value, dict):
        return {key: _copied(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(_copied(inner) for inner in value)
    return value


def tensor_bytes(content: Any) -> int:
    """Return the bytes of all tensors in `content`: what a checkpoint of it takes at least."""
    if isinstance(content, Tensor):
        return content.numel() * content.element_size()
    if isinstance(content, dict):
        return sum(map(tensor_bytes, content.values()))
    if isinstance(content, (list, tuple)):
        return sum(map(tensor_bytes, content))
    return 0
