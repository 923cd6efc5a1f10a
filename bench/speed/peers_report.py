"""A comparison as Markdown. Computes nothing."""

from bench.speed.job import Job, Shape
from bench.speed.result import Comparison, Result
from bench.speed.table import percent, table, times

GOAL_SPEED, GOAL_MEMORY, GOAL_GEMM = 1.3, 0.5, 0.85
_WHO = {
    "tokmon": "this repository's training step",
    "nanogpt": "karpathy/nanoGPT's own train.py, its defaults",
    "hf": "transformers' Trainer with LlamaForCausalLM of the same shape, its defaults",
    "litgpt": "litgpt's own pretrain, Llama-shaped, its defaults",
}
_METHOD = """\
Every contestant runs in a fresh process, in turn ({turns}), {rounds} times. {warmup}
steps are not counted, then {steps} are, {block}; tokens/s is the median over all rounds, "rounds"
the lowest and highest median of a round. All read the same tokens with the same number of threads;
each pads the vocabulary, ties the embedding and compiles as its own defaults say. Peak memory is
what was {memory}.

Share of GEMM is the FLOP of the linear layers (6 x weights x tokens) over the time of a step,
against the same for the machine's own matrix products of v1's step alone, in the same dtype and
these rounds: for each linear layer forward, dX and dW, into memory already there. Attention is in
neither count of FLOP, but it is in the time of a step."""


def comparison_report(
    comparison: Comparison, job: Job, top: list[str], everyone: list[str], rounds: int
) -> str:
    """Return the whole page: `top`, what was measured, who was absent, goals, method."""
    parts = [
        "# Training speed, beside the programs people would pick instead",
        *top,
        _shape_line(job.shape),
        _contestants(comparison),
        _products(comparison),
        "\n".join(_absences(comparison)),
        "\n".join(_goals(comparison) if job.device == "cpu" else []),
        "## How it was measured",
        _method(job, everyone, rounds),
        "\n".join(f"- {name}: {what}" for name, what in _WHO.items()),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _method(job: Job, everyone: list[str], rounds: int) -> str:
    on_gpu = job.device == "cuda"
    return _METHOD.format(
        turns=", ".join(everyone),
        rounds=rounds,
        warmup=job.warmup,
        steps=job.steps,
        block="each timed alone" if job.block == 1 else f"timed {job.block} at a time",
        memory="allocated by torch on the GPU" if on_gpu else "resident, of the whole process",
    )


def _shape_line(shape: Shape) -> str:
    return (
        f"Shape: {shape.layers} layers, width {shape.width}, {shape.heads} heads, SwiGLU "
        f"{shape.mlp}, {shape.vocab:,} tokens; {shape.batch_size} x {shape.seq_len} = "
        f"{shape.tokens_per_step:,} tokens a step."
    )


def _contestants(comparison: Comparison) -> str:
    header = ["", "tokens/s", "rounds", "x nanoGPT", "s/step", "peak MB", "of nanoGPT's"]
    header += ["dtype", "share of GEMM", "M parameters", "MFLOP/token", "notes"]
    rows = [_row(one, comparison) for one in comparison.results]
    return table(header, rows) if rows else ""


def _row(one: Result, comparison: Comparison) -> list[str]:
    return [
        one.contestant,
        f"{one.tokens_per_sec:,.0f}",
        f"{min(one.rounds):,.0f}-{max(one.rounds):,.0f}",
        times(comparison.speed_ratio(one)),
        f"{one.step_s:.4g}",
        _peak(one),
        percent(comparison.memory_ratio(one)),
        one.dtype,
        percent(comparison.gemm_share(one)),
        f"{one.parameters / 1e6:.2f}",
        f"{6 * one.linear_weights / 1e6:.1f}",
        "; ".join(one.notes),
    ]


def _peak(one: Result) -> str:
    """Return the most of all rounds, and the least where that is another number."""
    most, least = one.peak_bytes / 1e6, one.least_peak_bytes / 1e6
    return f"{most:,.0f}" if least > 0.9 * most else f"{most:,.0f} (least {least:,.0f})"


def _products(comparison: Comparison) -> str:
    header = ["matrix products of a step", "GFLOP/s", "s", "peak MB"]
    rows = [
        [
            dtype,
            f"{one.flop_per_sec / 1e9:,.0f}",
            f"{one.step_s:.4g}",
            f"{one.peak_bytes / 1e6:,.0f}",
        ]
        for dtype, one in comparison.gemms.items()
    ]
    return table(header, rows) if rows else ""


def _absences(comparison: Comparison) -> list[str]:
    return [f"- {name} was not measured: {why}" for name, why in comparison.absent.items()]


def _goals(comparison: Comparison) -> list[str]:
    """Return what is asked of tokmon on a CPU and whether it is met, a line each."""
    lines = []
    for one in comparison.results:
        if one.contestant.partition(":")[0] != "tokmon":
            continue
        verdicts = [
            _verdict(
                comparison.speed_ratio(one), GOAL_SPEED, "x nanoGPT's tokens/s", is_least=True
            ),
            _verdict(comparison.memory_ratio(one), GOAL_MEMORY, "x its memory", is_least=False),
            _verdict(comparison.gemm_share(one), GOAL_GEMM, "x the GEMM rate", is_least=True),
        ]
        lines += [f"- {one.contestant}: {verdict}" for verdict in verdicts if verdict]
    return ["Asked of tokmon on a CPU:", "", *lines] if lines else []


def _verdict(value: float | None, goal: float, what: str, *, is_least: bool) -> str:
    if value is None:
        return ""
    is_met = value >= goal if is_least else value < goal
    asked = f"at least {goal}" if is_least else f"under {goal}"
    return f"{value:.2f} {what}, {asked} asked: {'met' if is_met else 'NOT met'}"
