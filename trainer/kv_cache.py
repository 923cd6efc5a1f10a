"""What attention has computed for the positions seen so far, kept for those to come."""

import torch
from torch import Tensor

from trainer.config import ModelConfig


class Cache:
    """Keys and values of the positions seen so far, for generation one token at a time.

    Rows of different length end in the same column: a shorter one has padding on its left, which
    no position of it sees, and counts its positions from behind that.
    """

    def __init__(
        self,
        config: ModelConfig,
        batch: int,
        capacity: int,
        like: Tensor | None = None,
        padding: Tensor | None = None,
    ) -> None:
        """Make room.

        Args:
            config: of the model.
            batch: rows.
            capacity: columns that fit.
            like: has the device and precision; None takes PyTorch's defaults.
            padding: columns of it on the left of each row, (B,) int64; None is none.
        """
        shape = (config.layers, batch, config.heads, capacity, config.width // config.heads)
        device, dtype = (like.device, like.dtype) if like is not None else (None, None)
        self.keys = torch.empty(shape, device=device, dtype=dtype)
        self.values = torch.empty_like(self.keys)
        self._padding: Tensor | None = None
        if padding is not None and bool(padding.any()):
            self._padding = padding.to(self.keys.device)[:, None]
        self.length = 0
        """Columns seen."""

    @property
    def capacity(self) -> int:
        """Columns that fit."""
        return self.keys.shape[3]

    def extend(self, layer: int, keys: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
        """Store (B, H, T, D) after the columns seen; return all of this layer's."""
        end = self.length + keys.shape[2]
        self.keys[layer, :, :, self.length : end] = keys
        self.values[layer, :, :, self.length : end] = values
        return self.keys[layer, :, :, :end], self.values[layer, :, :, :end]

    def positions(self, count: int) -> Tensor:
        """Return the positions of the next `count` columns, (count,), or (B, count) if padded."""
        columns = torch.arange(self.length, self.length + count, device=self.keys.device)
        return columns if self._padding is None else (columns - self._padding).clamp_min(0)

    def mask(self, count: int) -> Tensor | None:
        """Return what the next `count` columns see of all, (count, S) or (B, 1, count, S).

        None where that is everything, or everything before and the column itself from the first
        column on. A column of padding sees itself alone, since a softmax needs something.
        """
        if self._padding is None and (count == 1 or not self.length):
            return None
        columns = torch.arange(self.length + count, device=self.keys.device)
        new = columns[self.length :, None]
        if self._padding is None:
            return columns <= new
        is_text = (columns >= self._padding)[:, None, None]
        return (columns <= new) & (is_text | (columns == new))

    def keep(self, rows: Tensor) -> None:
        """Forget all rows but these, (kept,) int64."""
        self.keys, self.values = self.keys[:, rows], self.values[:, rows]
        self._padding = None if self._padding is None else self._padding[rows]
