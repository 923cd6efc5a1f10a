"""What N GPUs have to tell each other in a step, and when they can. Pure arithmetic.

Every GPU holds the whole model (DistributedDataParallel). The gradients, float32, are summed in a
ring: of S bytes each GPU sends and receives 2 (N-1)/N S (Patarasu & Yuan 2009, "Bandwidth optimal
all-reduce algorithms for clusters of workstations"). They go bucket by bucket, as the backward pass
makes them; what is not through when it ends, the optimizer waits for.
"""

from collections.abc import Iterable
from typing import NamedTuple

from trainer.config import ModelConfig

GRADIENT_BYTES = 4
FIRST_BUCKET_BYTES, BUCKET_BYTES = 2**20, 25 * 2**20
"""DistributedDataParallel's own: a bucket is full with the gradient that takes it to this size, the
first one earlier (torch.distributed._DEFAULT_FIRST_BUCKET_BYTES, bucket_cap_mb)."""


class Gradients(NamedTuple):
    """Some gradients, and when the last of them is there."""

    size_bytes: int
    depth: float
    """Share of the blocks' backward pass that is done: 0 after the head's, 1 at the end."""


def ready_gradients(model: ModelConfig) -> list[Gradients]:
    """Return every parameter's, in the order in which the backward pass makes them.

    A block's are taken to be there when its whole backward pass is done; the embedding's is last.
    """
    square, mlp = model.width**2, model.width * model.mlp
    block = (mlp, mlp, mlp, model.width, square, square, square, square, model.width)
    matrix = model.vocab * model.width
    found = [(matrix, 0.0), (model.width, 0.0)]
    for done in range(1, model.layers + 1):
        found += [(numbers, done / model.layers) for numbers in block]
    found.append((matrix, 1.0))
    return [Gradients(GRADIENT_BYTES * numbers, depth) for numbers, depth in found]


def buckets(
    gradients: Iterable[Gradients],
    cap_bytes: float = BUCKET_BYTES,
    first_bytes: float = FIRST_BUCKET_BYTES,
) -> list[Gradients]:
    """Return what goes over the link together, in this order, filled as DDP fills its buckets."""
    full: list[Gradients] = []
    open_bytes, depth = 0, 0.0
    for size_bytes, depth in gradients:
        open_bytes += size_bytes
        if open_bytes >= (cap_bytes if full else min(first_bytes, cap_bytes)):
            full.append(Gradients(open_bytes, depth))
            open_bytes = 0
    return [*full, Gradients(open_bytes, depth)] if open_bytes else full


def ring_bytes(gpus: int, size_bytes: float) -> float:
    """Return what each GPU sends, and receives, to sum `size_bytes` over all of them."""
    return 2 * (gpus - 1) / gpus * size_bytes
