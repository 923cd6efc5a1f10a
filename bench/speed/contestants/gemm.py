"""What this machine's own matrix products take: those of one step of v1, and nothing else.

For every linear layer of the model X W^T (forward), dY W (dX) and dY^T X (dW), one after the other,
into memory that is there already. Attention's products are left out, and so is its FLOP.
"""

import torch
from torch import Tensor, nn

from bench.speed.clock import Clock
from bench.speed.job import Job
from trainer.config import ModelConfig
from trainer.model import Model


class Products:
    """The three products of one linear layer."""

    def __init__(self, rows: int, layer: nn.Linear, buffers: "Buffers") -> None:
        outputs, inputs = layer.weight.shape
        self._x, self._dx = buffers.filled("x", rows, inputs), buffers.filled("dx", rows, inputs)
        self._y = buffers.filled("y", rows, outputs)
        self._w, self._dw = buffers.new(outputs, inputs), buffers.new(outputs, inputs)

    def multiply(self) -> None:
        torch.mm(self._x, self._w.t(), out=self._y)
        torch.mm(self._y, self._w, out=self._dx)
        torch.mm(self._y.t(), self._x, out=self._dw)


class Buffers:
    """Memory for operands; layers of one shape share activations, as a step's allocator would."""

    def __init__(self, device: str, dtype: torch.dtype) -> None:
        self._like = {"device": device, "dtype": dtype}
        self._shared: dict[tuple[str, int, int], Tensor] = {}

    def filled(self, role: str, rows: int, columns: int) -> Tensor:
        key = (role, rows, columns)
        if key not in self._shared:
            self._shared[key] = self.new(rows, columns)
        return self._shared[key]

    def new(self, rows: int, columns: int) -> Tensor:
        return torch.randn(rows, columns, **self._like).mul_(0.02)


@torch.no_grad()
def run(job: Job, clock: Clock) -> None:
    clock.dtype = job.settings.get("dtype", "float32")
    shape = job.shape
    config = ModelConfig(
        layers=shape.layers,
        width=shape.width,
        heads=shape.heads,
        mlp=shape.mlp,
        vocab=shape.vocab,
    )
    with torch.device("meta"):
        model = Model(config)
    buffers = Buffers(job.device, getattr(torch, clock.dtype))
    layers = [part for part in model.modules() if isinstance(part, nn.Linear)]
    products = [Products(shape.tokens_per_step, layer, buffers) for layer in layers]
    while True:
        for product in products:
            product.multiply()
        clock.tick()
