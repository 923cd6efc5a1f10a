"""How a step is computed on a machine. Chooses nothing (see trainer.plan_choice).

A plan changes the last bits of a loss. So a run keeps the one it began with, over resumes, and a
machine the one it found for a shape.
"""

from typing import Annotated, Literal

import msgspec
import torch
from msgspec import Meta

from trainer.config import Config
from trainer.head import HeadKind

DtypeName = Literal["float32", "bfloat16"]

_HEADS: dict[HeadKind, str] = {
    "whole": "all logits at once",
    "chunked": "logits {rows} rows at a time",
    "linear_cross_entropy": "PyTorch's linear_cross_entropy, {rows} rows at a time",
    "cut_cross_entropy": "cut cross-entropy",
}


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What was chosen."""

    device: str
    """The type of device it is for."""
    dtype: DtypeName
    """Of activations and matrix products; weights stay float32."""
    head: HeadKind = "whole"
    """How head and loss are computed (see trainer.head)."""
    rows: Annotated[int, Meta(ge=0)] = 0
    """How many tokens' logits are held at a time, where they are made in chunks."""
    columns: Annotated[int, Meta(ge=0)] = 0
    """Logits a token is given, for rows that a device likes; 0 is the vocabulary."""
    is_compiled: bool = False
    """Whether torch.compile makes the kernels of the trunk."""
    is_head_compiled: bool = False
    """Whether it makes those of head and loss."""
    is_captured: bool = False
    """Whether to try the whole step as one CUDA graph (see trainer.capture)."""
    reason: str = ""
    """Why, for people, with what was measured."""

    def suits(self, config: Config, device: torch.device) -> bool:
        """Say whether a run that began with this plan can go on with it under `config`."""
        return device.type == self.device and config.device.dtype in ("auto", self.dtype)

    @property
    def torch_dtype(self) -> torch.dtype:
        """The dtype as PyTorch names it."""
        return torch.bfloat16 if self.dtype == "bfloat16" else torch.float32

    def __str__(self) -> str:
        how = "compiled" if self.is_compiled else "eager"
        return f"{self.dtype}, {how}, {self.head_words()}: {self.reason}"

    def head_words(self) -> str:
        """Return how head and loss are computed, for people."""
        words = _HEADS[self.head].format(rows=self.rows)
        return f"{words}, compiled" if self.is_head_compiled else words
