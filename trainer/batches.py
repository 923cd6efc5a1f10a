"""Which tokens a step trains on: a pure function of (seed, step). Knows no model."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tokmon.rundir.errors import TokmonError

Tokens = NDArray[np.uint16]


class Windows:
    """A split cut into sequences of T tokens and the T tokens that follow them by one."""

    def __init__(self, tokens: Tokens, seq_len: int) -> None:
        self.count = (len(tokens) - 1) // seq_len
        if self.count < 1:
            raise TokmonError(
                f"the corpus is too small: {len(tokens)} tokens for sequences of {seq_len}",
                "lower data.seq_len or name a larger corpus",
            )
        self._tokens = tokens
        self._seq_len = seq_len

    def read(self, indices: NDArray[np.int64], device: torch.device) -> tuple[Tensor, Tensor]:
        """Return inputs and targets, each (len(indices), T) int64, on the device."""
        starts = indices * self._seq_len
        span = np.arange(self._seq_len + 1)
        rows = torch.from_numpy(self._tokens[starts[:, None] + span].astype(np.int64))
        if device.type == "cuda":
            rows = rows.pin_memory().to(device, non_blocking=True)
        else:
            rows = rows.to(device)
        return rows[:, :-1].contiguous(), rows[:, 1:].contiguous()


class BatchOrder:
    """Every window once an epoch, in an order drawn anew from (seed, epoch).

    The order is over all ranks and needs no state: to resume is to ask for a later step.
    """

    def __init__(self, window_count: int, batch_size: int, seed: int) -> None:
        self._window_count = window_count
        self._batch_size = batch_size
        self._seed = seed
        self._epoch = -1
        self._permutation = np.empty(0, dtype=np.int64)

    def batch(self, step: int) -> NDArray[np.int64]:
        """Return the windows of `step`, counted from 1, (B,); a batch may span two epochs."""
        first = (step - 1) * self._batch_size
        positions = np.arange(first, first + self._batch_size)
        epochs, places = np.divmod(positions, self._window_count)
        pairs = zip(epochs.tolist(), places.tolist(), strict=True)
        return np.array([self._order(epoch)[place] for epoch, place in pairs], dtype=np.int64)

    def epochs(self, steps: int) -> float:
        """Return how many passes over the split `steps` steps make."""
        return steps * self._batch_size / self._window_count

    def _order(self, epoch: int) -> NDArray[np.int64]:
        if epoch != self._epoch:
            generator = np.random.default_rng((self._seed, epoch))
            self._permutation = generator.permutation(self._window_count)
            self._epoch = epoch
        return self._permutation


def evenly_spread(count: int, wanted: int) -> NDArray[np.int64]:
    """Return `wanted` of `count` indices, evenly spread; all of them where wanted is 0 or more."""
    if wanted == 0 or wanted >= count:
        return np.arange(count)
    return np.arange(wanted) * count // wanted
