"""What `tokmon bench` found out: the record, and the table that people read. No torch."""

import math

import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

from trainer.flops import Floor, Parts, Traffic


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What this machine does at best, measured."""

    square_flops_per_sec: float
    """A large square matrix product."""
    head_flops_per_sec: float
    """The products of the head, forward and backward."""
    trunk_flops_per_sec: float
    """The products of the blocks' linear layers, forward and backward."""
    rows: int
    """Tokens in the head's products."""
    copy_bytes_per_sec: float
    """A large copy, reading and writing counted."""


class StepTimes(msgspec.Struct, frozen=True, kw_only=True):
    """How long real training steps took."""

    first_s: float
    """The first one, which compiles."""
    steps: int
    """Timed, in blocks that the device was waited for at the end of."""
    median_s: float
    """Of a step, over the blocks."""
    best_s: float
    """Of a step, in the best block."""
    parts_s: dict[str, float]
    """Of a step in the mean, by part: input, trunk, head, optimizer (see trainer.marks)."""
    peak_memory_bytes: int | None
    """Most GPU memory held; None elsewhere."""


class BenchResult(msgspec.Struct, frozen=True, kw_only=True):
    """The whole answer; its keys are stable."""

    experiment: str
    """Of the config."""
    tokens_from: str
    """`random`, or the name of the corpus."""
    device: str
    """Its name."""
    dtype: str
    """Of the products."""
    plan: str
    """How the step is computed, and why so."""
    versions: dict[str, str]
    """python, torch, platform."""
    parameters: int
    """Of the model."""
    tokens_per_step: int
    """Batch size times sequence length."""
    limits: Limits
    """Measured."""
    flops: dict[str, float]
    """Of a step, counted: head, trunk, attention, total."""
    bytes: dict[str, float]
    """Of a step, counted: loss, trunk_least, trunk_most, optimizer."""
    floor_s: dict[str, float]
    """Least time of a step by part: head, trunk, attention, loss, activations, optimizer, total;
    `unfused`: the total with `trunk_most`."""
    step: StepTimes
    """Measured."""
    steps_per_sec: float
    """1 / median."""
    tokens_per_sec: float
    """Trained on."""
    floor_share: float
    """floor / median: 1 is what no step can beat."""
    mfu: float
    """Model FLOPs utilisation: counted FLOP over those of the best measured product in the same
    time (Chowdhery et al. 2022, arXiv 2204.02311, with half of attention, as it is causal)."""


def summarise(
    flops: Parts, traffic: Traffic, floors: tuple[Floor, Floor]
) -> dict[str, dict[str, float]]:
    """Return the counts of a step as they stand in a BenchResult; `floors`: fused, unfused."""
    fused, unfused = floors
    seconds = {name.removesuffix("_s"): value for name, value in fused._asdict().items()}
    return {
        "flops": flops._asdict() | {"total": flops.total},
        "bytes": traffic._asdict(),
        "floor_s": seconds | {"total": fused.total_s, "unfused": unfused.total_s},
    }


def print_result(console: Console, result: BenchResult) -> None:
    """Print the answer for people."""
    console.print(Text(f"{result.experiment} on {result.device}, {result.dtype}", style="bold"))
    console.print(
        Text(
            f"{result.parameters:,} parameters, {result.tokens_per_step:,} tokens a step, "
            f"{result.tokens_from} tokens"
        )
    )
    console.print(Text(f"plan: {result.plan}"), soft_wrap=True)
    console.print(_limits_table(result.limits))
    console.print(_step_table(result))
    if result.step.parts_s:
        console.print(_parts_table(result))
    memory = result.step.peak_memory_bytes
    console.print(
        Text(
            f"{result.steps_per_sec:,.4g} steps/s, {result.tokens_per_sec:,.0f} tokens/s, "
            f"model FLOPs utilisation {result.mfu:.1%}"
            + (f", {memory / 1e9:.2f} GB of GPU memory" if memory else "")
            + f"; {result.step.steps:,} steps timed, the first took {result.step.first_s:.1f} s"
        ),
        soft_wrap=True,
    )


def _limits_table(limits: Limits) -> Table:
    table = Table(box=None, show_header=False, title="this machine", title_justify="left")
    table.add_column()
    table.add_column(justify="right")
    rates = {
        "square product": limits.square_flops_per_sec,
        f"products of the head, {limits.rows:,} tokens": limits.head_flops_per_sec,
        "products of the trunk": limits.trunk_flops_per_sec,
    }
    for name, rate in rates.items():
        table.add_row(name, _counted(rate, "FLOP/s"))
    table.add_row("copy", _counted(limits.copy_bytes_per_sec, "B/s"))
    return table


def _step_table(result: BenchResult) -> Table:
    table = Table(box=None, title="one step", title_justify="left")
    table.add_column("")
    for heading in ("counted", "at least", "share"):
        table.add_column(heading, justify="right")
    floor = result.floor_s
    for name in ("head", "trunk", "attention"):
        _add_part(table, name, _counted(result.flops[name], "FLOP"), floor)
    moved = {"loss": "loss", "activations": "trunk_least", "optimizer": "optimizer"}
    for name, key in moved.items():
        _add_part(table, name, _counted(result.bytes[key], "B"), floor)
    table.add_row("floor", _counted(result.flops["total"], "FLOP"), _ms(floor["total"]), "")
    table.add_row("floor, unfused activations", "", _ms(floor["unfused"]), "")
    share = f"{result.floor_share:.1%} of floor"
    table.add_row("measured, median", "", _ms(result.step.median_s), share)
    table.add_row("measured, best", "", _ms(result.step.best_s), "")
    return table


_FLOORS_OF_PART = {
    "head": ("head", "loss"),
    "trunk": ("trunk", "attention", "activations"),
    "optimizer": ("optimizer",),
    "input": (),
}


def _parts_table(result: BenchResult) -> Table:
    """Return what the parts take beside what they take at least, as a run's log has them."""
    table = Table(box=None, title="where the time goes", title_justify="left")
    table.add_column("")
    for heading in ("at least", "measured", "share", "of floor"):
        table.add_column(heading, justify="right")
    parts_s = result.step.parts_s
    mean_s = max(result.step.median_s, sum(parts_s.values()))
    for part, floors in _FLOORS_OF_PART.items():
        least_s, took_s = sum(result.floor_s[name] for name in floors), parts_s.get(part, 0.0)
        reached = f"{least_s / took_s:.0%}" if least_s and took_s else ""
        least = _ms(least_s) if least_s else ""
        table.add_row(part, least, _ms(took_s), f"{took_s / mean_s:.0%}", reached)
    gap_s = mean_s - sum(parts_s.values())
    table.add_row("gap", "", _ms(gap_s), f"{gap_s / mean_s:.0%}", "")
    return table


def _add_part(table: Table, name: str, counted: str, floor: dict[str, float]) -> None:
    table.add_row(name, counted, _ms(floor[name]), f"{floor[name] / floor['total']:.0%}")


def _ms(seconds: float) -> str:
    return f"{seconds * 1e3:,.3f} ms"


def _counted(value: float, unit: str) -> str:
    """Return a count in four digits with the prefix of a thousand that fits it."""
    prefixes = ("", "k", "M", "G", "T", "P")
    power = min(len(prefixes) - 1, max(0, math.floor(math.log10(value) / 3))) if value else 0
    return f"{value / 1000**power:,.4g} {prefixes[power]}{unit}"
