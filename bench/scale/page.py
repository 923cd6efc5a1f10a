"""A sweep as Markdown. Computes nothing."""

from collections.abc import Sequence

from bench.scale.measured import Row
from bench.scale.point import (
    BASE,
    BATCH,
    LAYERS,
    RANKS,
    RANKS_SAME_SHARE,
    SEQUENCE,
    WIDTH,
    Task,
)
from bench.scale.sweep import own_value
from bench.speed.table import paragraph, percent, table, times
from trainer.config import Config

_TITLES = {
    WIDTH: ("Width", "Heads keep their size, the SwiGLU its ratio to the width."),
    LAYERS: ("Layers", ""),
    BATCH: ("Batch", "Sequences a step."),
    SEQUENCE: ("Sequence", "Tokens a sequence; as many sequences a step, so more tokens."),
    RANKS: (
        "Ranks, the same batch",
        "Processes that share the base's batch, started by torchrun{cores}.",
    ),
    RANKS_SAME_SHARE: (
        "Ranks, the same batch each",
        "Processes that have the base's batch each, started by torchrun{cores}.",
    ),
}
_CORES = ", and share this machine's cores: what it does at best is theirs together"
_METHOD = """\
Each point runs in processes of its own, one point after the other, on random tokens. {warmup} steps
are not counted, then {steps} are, {block}; ms/step is the median, beside it the fastest and the
slowest. Peak memory is what was {memory}, of the rank that took most. MFU is counted FLOP over what
the best matrix product measured here does in the same time, "of floor" the least time the counts
allow at the rates measured here over the time taken (docs/BENCH.md says what is counted); rates
were measured after the base and again at the end. {plan}"""
_PLANS = {
    True: "Every point computes as the base does.",
    False: "Every point chooses how it computes, as a run would.",
}


def sweep_page(rows: Sequence[Row], base: Config, top: Sequence[str], *, has_gpu: bool) -> str:
    """Return the title, `top`, the base, and a table for each dimension."""
    of_base = next(row for row in rows if row.point.dimension == BASE)
    cores = "" if has_gpu else _CORES
    parts = ["# Speed and memory over the size of model, batch and machine", *top, _shape(base)]
    swept = list(dict.fromkeys(row.point.dimension for row in rows if row is not of_base))
    for dimension in swept:
        title, note = _TITLES[dimension]
        own = [row for row in rows if row.point.dimension == dimension]
        here = own_value(base, dimension)
        lines = [(here, of_base), *((row.point.value, row) for row in own)]
        parts += [
            f"## {title}",
            note.format(cores=cores),
            _table(sorted(lines, key=_first), of_base),
        ]
    if not swept:
        parts += ["## The base", _table([(0, of_base)], of_base)]
    return "\n\n".join(part for part in parts if part)


def method(task: Task, *, has_gpu: bool, is_one_plan: bool) -> str:
    """Say how it was measured."""
    return paragraph(
        _METHOD,
        warmup=task.warmup,
        steps=task.steps,
        block="each timed alone" if task.block == 1 else f"timed {task.block} at a time",
        memory="allocated by torch on the GPU" if has_gpu else "resident, of the whole process",
        plan=_PLANS[is_one_plan],
    )


def _first(line: tuple[int, Row]) -> int:
    return line[0]


def _shape(base: Config) -> str:
    model, data = base.model, base.data
    return (
        f"The base: {base.experiment}, {model.layers} layers, width {model.width}, {model.heads} "
        f"heads, SwiGLU {model.mlp}, {model.vocab:,} tokens; {data.batch_size} x {data.seq_len} = "
        f"{base.tokens_per_step:,} tokens a step; 1 rank."
    )


def _table(lines: Sequence[tuple[int, Row]], base: Row) -> str:
    header = ["", "M parameters", "tokens a step", "tokens/s", "x base", "ms/step", "from - to"]
    header += ["peak MB", "MFU", "of floor", "how"]
    return table(header, [_line(value, row, base) for value, row in lines])


def _line(value: int, row: Row, base: Row) -> list[str]:
    name = f"{value:,} (base)" if row is base else f"{value:,}"
    name = "base" if row is base and not value else name
    sizes = [f"{row.parameters / 1e6:.2f}", f"{row.tokens_per_step:,}"] if row.config else ["-"] * 2
    one = row.numbers
    if one is None:
        return [name, *sizes, *["-"] * 7, f"**not measured:** {_cell(row.failed)}"]
    whole = base.numbers
    return [
        name,
        *sizes,
        f"{one.tokens_per_sec:,.0f}",
        times(one.tokens_per_sec / whole.tokens_per_sec if whole is not None else None),
        f"{1e3 * one.step_s:.4g}",
        f"{1e3 * one.fastest_s:.4g} - {1e3 * one.slowest_s:.4g}",
        f"{one.peak_bytes / 1e6:,.0f}",
        percent(one.mfu, 1),
        percent(one.floor_share, 1),
        one.how,
    ]


def _cell(text: str) -> str:
    """Return what programs said so that it stays within its cell."""
    return text.replace("|", "\\|").replace("\n", " ")
