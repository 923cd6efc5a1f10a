"""Predictions as Markdown, each under words that say so. Computes nothing."""

from collections.abc import Mapping, Sequence

from bench.scale.exchange import Gradients
from bench.scale.ground import Assumptions, Ground
from bench.scale.prediction import Prediction
from bench.scale.sharded import Sharded, state_bytes
from bench.speed.table import paragraph, percent, table
from trainer.config import ModelConfig
from trainer.flops import parameters

_WHAT = """\
**This is a PREDICTION: what is predicted was not measured.** It is arithmetic from {source}, and
from counted bytes: the float32 gradients of all {count:,} parameters, {size:.1f} MB, summed in a
ring over links that are assumed to carry {links} into and out of each GPU. Of S bytes each of N
GPUs sends and receives 2 (N-1)/N S."""
_HIDING = """\
What can hide behind the backward pass: gradients leave in the {count} buckets that
DistributedDataParallel fills (bucket_cap_mb {cap:g}), in the order in which they are ready:
{sizes}. The head's comes first and may hide behind the blocks' backward pass. The last bucket, the
one with the embedding's gradient, is ready when that pass ends, and nothing hides it."""
_PHASES = """\
A step is split into forward, backward of the head, backward of the blocks and optimizer as the
counted floor is split. Where compute is "scaled", all but the optimizer takes 1/N; "as measured" is
one GPU's own step on that batch, from the sweep above, and at least 1/N of the whole step."""
_NOTHING_HIDES = """\
All gradients fit one bucket of DistributedDataParallel's: they leave when the backward pass ends,
and nothing hides them."""
_LEFT_OUT = """\
Left out, and it makes N GPUs slower than this: the latency of each exchange, the lower rate of
links for small pieces, what an exchange takes from the GPU that computes meanwhile, waiting for the
slowest, reading of data, evaluation and saving, more than one machine. Left out too, though it
would be faster: gradients in bfloat16, the exchange of only those rows of the embedding that were
used."""
_LARGER = """\
**A PREDICTION: none of these models was trained here.** State is 16 bytes a parameter: weight,
gradient and AdamW's two moments in float32. Activations and logits come on top and are not counted,
nor are copies of weights in bfloat16."""
_SHARDED = """\
**A PREDICTION.** Sharded (FSDP), a batch of {batch} x {seq_len} on each GPU: into every GPU come
all weights in bfloat16 twice, (N-1)/N 4 P bytes for P parameters, and its share of the float32
gradients, (N-1)/N 4 P; together as much as an all-reduce would bring it if every GPU held
everything. Compute is the counted floor{missed}. A step takes from the larger of compute and link,
if all of the smaller hides behind it, to both, if nothing does. Left out is what is left out above,
and whether the activations fit."""
Larger = tuple[ModelConfig, Sequence[Sharded]]
"""A model on every number of GPUs and every link."""
Table = tuple[Sequence[Prediction], Mapping[int, float]]
"""Predictions, and measured seconds a step by the number of GPUs, where there are any."""


def prediction_part(
    model: ModelConfig,
    ground: Ground,
    assumed: Assumptions,
    sent: Sequence[Gradients],
    tables: tuple[Table, Table],
) -> list[str]:
    """Return the paragraphs; `tables`: the same batch over all, and the same on each."""
    size = sum(bucket.size_bytes for bucket in sent)
    links = " or ".join(f"{rate:g} GB/s ({name})" for name, rate in assumed.links.items())
    shared, each = tables
    return [
        "## PREDICTION: several GPUs",
        paragraph(
            _WHAT, source=ground.words, count=parameters(model), size=size / 1e6, links=links
        ),
        _hiding(sent, assumed.bucket_mb),
        paragraph(_PHASES),
        "Predicted, the same batch shared by all GPUs:",
        _predictions(*shared),
        "Predicted, the same batch on each GPU:",
        _predictions(*each),
        paragraph(_LEFT_OUT),
    ]


def _hiding(sent: Sequence[Gradients], bucket_mb: float) -> str:
    sizes = ", ".join(f"{bucket.size_bytes / 1e6:.1f} MB" for bucket in sent)
    if len(sent) == 1:
        return paragraph(_NOTHING_HIDES)
    return paragraph(_HIDING, count=len(sent), cap=bucket_mb, sizes=sizes)


def _predictions(found: Sequence[Prediction], measured: Mapping[int, float]) -> str:
    header = ["predicted", "link", "batch a GPU", "compute ms", "from", "all-reduce ms"]
    header += ["not hidden ms", "step ms", "tokens/s", "x one GPU", "efficiency"]
    rows = [_prediction(one) for one in found]
    if measured:
        header.append("measured here, step ms")
        for row, one in zip(rows, found, strict=True):
            row.append(_ms(measured[one.gpus]) if one.gpus in measured else "-")
    return table(header, rows)


def _prediction(one: Prediction) -> list[str]:
    is_alone = one.gpus == 1
    return [
        f"{one.gpus} GPU{'' if is_alone else 's'}",
        one.link,
        f"{one.batch_per_gpu:g}",
        _ms(one.compute_s),
        one.compute_from,
        "-" if is_alone else _ms(one.all_reduce_s),
        "-" if is_alone else _ms(one.exposed_s),
        _ms(one.step_s),
        f"{one.tokens_per_sec:,.0f}",
        f"{one.speedup:.2f}",
        percent(one.efficiency),
    ]


def larger_part(found: Sequence[Larger], ground: Ground) -> list[str]:
    """Return the paragraphs."""
    sizes = sorted({one.gpus for _, all_ in found for one in all_})
    header = ["", "P", "state GB", *(f"left of {name}" for name in ground.memories)]
    header += [f"state a GPU of {gpus}" for gpus in sizes]
    base = ground.base
    return [
        "## PREDICTION: larger models",
        paragraph(_LARGER),
        table(header, [_state(model, all_, ground) for model, all_ in found]),
        paragraph(_SHARDED, batch=base.batch_size, seq_len=base.seq_len, missed=ground.missed),
        _sharded(found),
    ]


def _state(model: ModelConfig, all_: Sequence[Sharded], ground: Ground) -> list[str]:
    state = state_bytes(model)
    shares = {one.gpus: one.state_bytes_per_gpu for one in all_}
    return [
        _name(model),
        f"{parameters(model):,}",
        f"{state / 1e9:.1f}",
        *(_left(memory - state) for memory in ground.memories.values()),
        *(f"{shares[gpus] / 1e9:.1f} GB" for gpus in sorted(shares)),
    ]


def _left(spare: float) -> str:
    return f"{spare / 1e9:.0f} GB" if spare > 0 else "**does not fit**"


def _sharded(found: Sequence[Larger]) -> str:
    links = list(dict.fromkeys(one.link for _, all_ in found for one in all_))
    header = ["predicted", "GPUs", "received GB", "compute ms"]
    header += [f"{link} {what}" for link in links for what in ("ms", "step ms")]
    rows = [
        _on_all_links(model, [one for one in all_ if one.gpus == gpus])
        for model, all_ in found
        for gpus in sorted({one.gpus for one in all_})
    ]
    return table(header, rows)


def _on_all_links(model: ModelConfig, all_: Sequence[Sharded]) -> list[str]:
    first = all_[0]
    row = [_name(model), str(first.gpus), f"{first.moved_bytes / 1e9:.2f}", _ms(first.compute_s)]
    for one in all_:
        row += [_ms(one.link_s), f"{_ms(one.least_s)} - {_ms(one.most_s)}"]
    return row


def _name(model: ModelConfig) -> str:
    return f"{parameters(model) / 1e9:.2f}B, {model.layers} x {model.width}"


def _ms(seconds: float) -> str:
    return f"{1e3 * seconds:,.2f}"
