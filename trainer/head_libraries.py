"""Other people's fused head and loss, where they are installed. Chooses none of them."""

import importlib.util

import torch
from torch import Tensor
from torch.nn import functional


def has_library_loss() -> bool:
    """Say whether this PyTorch has `linear_cross_entropy` in chunks (2.13 and newer)."""
    return hasattr(torch.nn, "LinearCrossEntropyOptions")


def library_loss(hidden: Tensor, weight: Tensor, targets: Tensor, rows: int) -> Tensor:
    """Return the mean loss by `torch.nn.functional.linear_cross_entropy`.

    Its own choice of chunks at v1's shape is 128 rows: hundreds of small launches. So `rows` is
    always given. Arguments and result are those of `trainer.head.mean_loss`.
    """
    dtype = _autocast_dtype(hidden)
    options = torch.nn.LinearCrossEntropyOptions(
        batch_chunk_size=min(rows, len(hidden)), chunking_method=None
    )
    loss = functional.linear_cross_entropy(
        hidden.to(dtype), weight.to(dtype), targets, options=options
    )
    return loss.float()


def has_cut_loss() -> bool:
    """Say whether cut cross-entropy is installed."""
    return importlib.util.find_spec("cut_cross_entropy") is not None


def cut_loss(hidden: Tensor, weight: Tensor, targets: Tensor) -> Tensor:
    """Return the mean loss by cut cross-entropy (Wijmans et al. 2024, arXiv 2411.09009).

    In the form that leaves out no small gradients, which its authors advise for pre-training.
    Arguments and result are those of `trainer.head.mean_loss`.
    """
    from cut_cross_entropy import linear_cross_entropy

    dtype = _autocast_dtype(hidden)
    loss = linear_cross_entropy(
        hidden.to(dtype), weight.to(dtype), targets, impl="cce_kahan_full_c"
    )
    return loss.float()


def _autocast_dtype(tensor: Tensor) -> torch.dtype:
    device = tensor.device.type
    return torch.get_autocast_dtype(device) if torch.is_autocast_enabled(device) else tensor.dtype
