"""torch.compile with its results kept where tokmon keeps things, so that a later start has them."""

import os
from collections.abc import Callable
from typing import Any

from trainer.corpus.cache import cache_folder

_FOLDER_VARIABLE = "TORCHINDUCTOR_CACHE_DIR"


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return `function` compiled for the shapes it is first called with.

    PyTorch's own folder for what it compiled lies with temporary files, and is gone after a reboot.
    """
    import torch

    os.environ.setdefault(_FOLDER_VARIABLE, str(cache_folder() / "inductor"))
    return torch.compile(function, dynamic=False)
