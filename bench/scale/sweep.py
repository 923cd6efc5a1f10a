"""Which points there are around a base, one thing changed at a time. Pure."""

from collections.abc import Mapping, Sequence

from bench.scale.point import (
    BASE,
    BATCH,
    LAYERS,
    RANKS,
    RANKS_SAME_SHARE,
    SEQUENCE,
    WIDTH,
    Point,
)
from trainer.config import Config

Values = Mapping[str, Sequence[int]]
"""By dimension; of ranks there is one list for both."""


def points(base: Config, values: Values) -> list[Point]:
    """Return the base, then all that differ from it, in the order of their size."""
    found = [Point(BASE, 0)]
    for dimension, own, make in (
        (WIDTH, base.model.width, _width),
        (LAYERS, base.model.layers, _layers),
        (BATCH, base.data.batch_size, _batch),
        (SEQUENCE, base.data.seq_len, _sequence),
    ):
        wanted = sorted(set(values.get(dimension, ())) - {own})
        found += [Point(dimension, value, make(base, value)) for value in wanted]
    return found + _ranks(base, sorted(set(values.get(RANKS, ())) - {1}))


def own_value(base: Config, dimension: str) -> int:
    """Return where the base itself stands."""
    places = {
        WIDTH: base.model.width,
        LAYERS: base.model.layers,
        BATCH: base.data.batch_size,
        SEQUENCE: base.data.seq_len,
    }
    return places.get(dimension, 1)


def _width(base: Config, width: int) -> tuple[str, ...]:
    """Heads keep their size, the SwiGLU its ratio to the width."""
    model = base.model
    heads = max(1, width * model.heads // model.width)
    mlp = max(1, width * model.mlp // model.width)
    return (f"model.width={width}", f"model.heads={heads}", f"model.mlp={mlp}")


def _layers(base: Config, layers: int) -> tuple[str, ...]:
    del base
    return (f"model.layers={layers}",)


def _batch(base: Config, batch_size: int) -> tuple[str, ...]:
    del base
    return (f"data.batch_size={batch_size}",)


def _sequence(base: Config, seq_len: int) -> tuple[str, ...]:
    del base
    return (f"data.seq_len={seq_len}",)


def _ranks(base: Config, numbers: Sequence[int]) -> list[Point]:
    share = base.data.batch_size
    return [
        *(Point(RANKS, number, ranks=number) for number in numbers),
        *(Point(RANKS_SAME_SHARE, n, _batch(base, n * share), ranks=n) for n in numbers),
    ]
