"""The ways to compute a step that are compared, each the one before with one change."""

from typing import NamedTuple

from trainer.plan import Plan


class Way(NamedTuple):
    """One of them."""

    change: str
    """What is new in it."""
    plan: Plan
    keeps_memory: bool
    """See trainer.memory."""


_WHOLE = Plan(device="cpu", dtype="float32")
_CHUNKED = Plan(device="cpu", dtype="float32", head="chunked", rows=1024, columns=50304)
_BFLOAT16 = Plan(device="cpu", dtype="bfloat16", head="chunked", rows=1024, columns=50304)

WAYS = (
    Way("as PyTorch has it", _WHOLE, keeps_memory=False),
    Way("freed memory kept", _WHOLE, keeps_memory=True),
    Way(
        "logits 1,024 rows at a time, 50,304 columns, gradient in their place",
        _CHUNKED,
        keeps_memory=True,
    ),
    Way("products in bfloat16, weights in float32", _BFLOAT16, keeps_memory=True),
)
