"""What a run costs beyond its steps, as Markdown. Computes nothing but shares."""

from bench.speed.overhead_plan import Overhead, Plan, Round
from bench.speed.table import percent, table

GOAL = 0.03
_METHOD = """\
In turn, {rounds} times, each in a fresh process, each as often first: bare steps of the run's own
session, and `python -m trainer` on the same config. Steps {first} to {last} count, {lines} at a
time as the log has lines; a step's time is the median over the lines of all rounds. The run's steps
are timed by its own log: steps_per_sec leaves out what the loop stands still for, elapsed_s does
not. An evaluation reads {windows:,} windows every {eval_every} steps, {share} of those trained on,
without a backward pass: that is work, and what it takes depends on eval.every and eval.windows."""


def overhead_report(plan: Plan, rounds: list[Round], overhead: Overhead, top: list[str]) -> str:
    """Return the whole page."""
    verdicts = [
        _verdict("log, events, heartbeats, samples of the system", overhead.steps),
        _verdict("with evaluation and saving", overhead.everything),
    ]
    parts = [
        "# What monitoring costs",
        *top,
        _shape_line(plan),
        _table(plan, rounds, overhead),
        "\n".join(verdicts),
        _resolution(overhead),
        "## How it was measured",
        _method(plan, len(rounds)),
    ]
    return "\n\n".join(parts) + "\n"


def _verdict(what: str, value: float) -> str:
    is_met = "met" if value <= GOAL else "NOT met"
    return f"- {what}: {percent(value, 2)} over bare steps, at most {percent(GOAL)} asked: {is_met}"


def _resolution(overhead: Overhead) -> str:
    """Say what these numbers can tell apart, and what the run itself says."""
    fastest_s, slowest_s, account = (
        overhead.fastest_bare_s,
        overhead.slowest_bare_s,
        overhead.account,
    )
    return (
        f"Bare steps alone took {_ms(fastest_s)} to {_ms(slowest_s)} ms, by the line: "
        f"differences below {percent(slowest_s / fastest_s - 1)} are the machine's.\n"
        "By the run's own marks, of its whole time: "
        f"{percent(account['gap'], 2)} in the gap between steps (log, bar, requests), "
        f"{percent(account['save'], 2)} waiting for checkpoints, "
        f"{percent(account['eval'], 2)} in evaluation."
    )


def _shape_line(plan: Plan) -> str:
    shape = plan.shape
    return (
        f"Shape: {shape.layers} layers, width {shape.width}, SwiGLU {shape.mlp}, {shape.vocab:,} "
        f"tokens, {shape.batch_size} x {shape.seq_len} = {shape.tokens_per_step:,} tokens a step; "
        f"dtype {plan.dtype}, compile {plan.compile}; log every {plan.log_every} steps, evaluation "
        f"every {plan.eval_every}, checkpoint every {plan.checkpoint_every:,} "
        "(by default 100, 500 and 5,000), all else by default."
    )


def _table(plan: Plan, rounds: list[Round], overhead: Overhead) -> str:
    work = f"{plan.evaluations} evaluations, {rounds[-1].saved} checkpoints, over all steps"
    bare_s, run_s = overhead.bare_s, overhead.run_s
    rows = [
        ["bare steps", _ms(bare_s), _ms(overhead.fastest_bare_s), ""],
        ["steps of the run", _ms(run_s), _ms(overhead.fastest_run_s), percent(overhead.steps, 2)],
        [work, _ms(overhead.interrupted_s), "", percent(overhead.interruption, 2)],
        ["together", _ms(run_s + overhead.interrupted_s), "", percent(overhead.everything, 2)],
    ]
    return table(["", "ms/step", "fastest line", "over bare"], rows)


def _ms(seconds: float) -> str:
    return f"{1e3 * seconds:.3f}"


def _method(plan: Plan, rounds: int) -> str:
    return _METHOD.format(
        rounds=rounds,
        first=plan.first + 1,
        last=plan.last,
        lines=plan.log_every,
        windows=plan.windows,
        eval_every=plan.eval_every,
        share=percent(plan.windows / (plan.eval_every * plan.shape.batch_size), 1),
    )
