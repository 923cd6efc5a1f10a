"""Which tokens a step trains on: a pure function of (seed, step). Knows no model."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tokmon.rundir.errors import TokmonError
from trainer.window_starts import Starts, grid_windows, repeated_share

Tokens = NDArray[np.uint16]
_CPU = torch.device("cpu")


class Windows:
    """Sequences of T tokens of a split, each with the T tokens that follow it by one.

    The training split is read at `document_windows`. The held-out one stays a grid: there each
    token is scored at most once, so that the mean is over tokens and not over windows.

    On the host nothing is copied but the batch that is read. On a GPU the whole split lies on the
    device where it takes a quarter of the free memory or less: a batch then costs the host B
    numbers, and no copy that the step could wait for.

    Args:
        tokens: the split, (tokens,).
        seq_len: T.
        device: where batches are wanted.
        starts: where windows begin, ascending, (windows,); None is the grid 0, T, 2T, ...
        is_resident: whether to keep the split on the device; None decides as above.

    Raises:
        TokmonError: the split is too short for a grid.
    """

    def __init__(
        self,
        tokens: Tokens,
        seq_len: int,
        device: torch.device = _CPU,
        *,
        starts: Starts | None = None,
        is_resident: bool | None = None,
    ) -> None:
        self._starts = grid_windows(len(tokens), seq_len) if starts is None else starts
        self._seq_len = seq_len
        self._device = device
        self._views = np.lib.stride_tricks.sliding_window_view(tokens, seq_len + 1)
        if is_resident is None:
            is_resident = _fits(len(tokens), device)
        # int32: CUDA gathers no uint16.
        self._resident = (
            torch.from_numpy(tokens.astype(np.int32)).to(device) if is_resident else None
        )
        self._span = torch.arange(seq_len + 1, device=device)

    @property
    def count(self) -> int:
        """How many there are: one epoch."""
        return len(self._starts)

    @property
    def repeated_share(self) -> float:
        """Share of an epoch's targets that an earlier window has already, 0 to 1."""
        return repeated_share(self._starts, self._seq_len)

    @property
    def is_resident(self) -> bool:
        """Whether the split lies on the device."""
        return self._resident is not None

    def starts_of(self, indices: NDArray[np.int64]) -> Tensor:
        """Return where windows begin, in the shape of `indices`, int64 on the host."""
        return torch.from_numpy(self._starts[indices])

    def read(self, indices: NDArray[np.int64]) -> tuple[Tensor, Tensor]:
        """Return inputs and targets, each (len(indices), T) int64, on the device."""
        if self.is_resident:
            return self.gather(moved(self.starts_of(indices), self._device))
        rows = torch.from_numpy(self._views[self._starts[indices]].astype(np.int64))
        return _inputs_and_targets(moved(rows, self._device))

    def gather(self, places: Tensor) -> tuple[Tensor, Tensor]:
        """Return the same for windows that begin at `places`, (B,), out of the resident split."""
        assert self._resident is not None
        return _inputs_and_targets(self._resident[places[:, None] + self._span].long())


def _inputs_and_targets(rows: Tensor) -> tuple[Tensor, Tensor]:
    return rows[:, :-1].contiguous(), rows[:, 1:].contiguous()


def moved(host: Tensor, device: torch.device) -> Tensor:
    """Copy to the device without waiting, which CUDA does from pinned memory only."""
    if device.type == "cuda":
        return host.pin_memory().to(device, non_blocking=True)
    return host.to(device)


def _fits(tokens: int, device: torch.device) -> bool:
    if device.type != "cuda":
        return False
    free_bytes, _ = torch.cuda.mem_get_info(device)
    return tokens * 4 <= free_bytes // 4


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


def rank_share(batch: NDArray[np.int64], rank: int, ranks: int) -> NDArray[np.int64]:
    """Return what one rank reads of a step's batch, (B / ranks,): slices in the order of the ranks.

    Raises:
        TokmonError: the batch cannot be shared out evenly.
    """
    share, rest = divmod(len(batch), ranks)
    if rest:
        raise TokmonError(
            f"data.batch_size {len(batch)} is not a multiple of the {ranks} ranks",
            f"set data.batch_size to {(share + 1) * ranks}, or start another number of processes",
        )
    return batch[rank * share : (rank + 1) * share]


def evenly_spread(count: int, wanted: int) -> NDArray[np.int64]:
    """Return `wanted` of `count` indices, evenly spread; all of them where wanted is 0 or more."""
    if wanted == 0 or wanted >= count:
        return np.arange(count)
    return np.arange(wanted) * count // wanted
