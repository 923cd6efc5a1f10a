"""What a run costs beyond its bare steps: `python -m trainer` as users start it, beside them.

The run writes everything that it writes by default. Its own log says how long its steps took with
all that happens beside them (steps_per_sec leaves evaluation and saving out) and how long
everything took (elapsed_s).
"""

import argparse
import json
import sys
import tempfile
from dataclasses import asdict
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

from bench.speed.heading import heading
from bench.speed.job import Shape
from bench.speed.output import Report
from bench.speed.overhead_plan import Plan, Round, overhead_of
from bench.speed.overhead_report import overhead_report
from bench.speed.rounds import Pit
from bench.speed.stop import Stopped
from tokmon.rundir.errors import TokmonError
from tokmon.rundir.layout import RunDir


def run(options: argparse.Namespace, corpus: Path, pit: Pit, facts: dict[str, Any]) -> Report:
    """Measure run and bare steps in turn.

    Raises:
        Stopped: before the first round was whole.
        TokmonError: the trainer failed.
    """
    plan = _plan(options, corpus)
    rounds: list[Round] = []
    stopped = None
    try:
        while len(rounds) < options.rounds:
            rounds.append(_measure(plan, pit, len(rounds) + 1))
    except Stopped as stop:
        if not rounds:
            raise
        stopped = stop
        facts["cut_short"] = f"{stop.name} came after {len(rounds)} of {options.rounds} rounds"
    overhead = overhead_of(rounds, plan)
    page = overhead_report(plan, rounds, overhead, heading(facts, {}, pit, ""))
    numbers = {"plan": asdict(plan) | {"corpus": "stdlib"}, "overhead": asdict(overhead)}
    return Report(page, numbers | {"rounds": [asdict(one) for one in rounds]}, stopped)


def _plan(options: argparse.Namespace, corpus: Path) -> Plan:
    is_cpu = options.device == "cpu"
    return Plan(
        # Not a smaller model, where nothing but luck with memory's layout decides: 15 % either way.
        shape=Shape(batch_size=options.batch_size or (4 if is_cpu else 32)),
        device=options.device,
        dtype=options.dtype,
        compile=options.compile,
        corpus=corpus.as_posix(),
        # On a CPU all of it more often than by default, so that so short a run has it.
        log_every=10 if is_cpu else 100,
        eval_every=100 if is_cpu else 500,
        evaluations=options.evaluations or (1 if is_cpu else 10),
        checkpoint_every=100 if is_cpu else 5000,
    )


def _measure(plan: Plan, pit: Pit, number: int) -> Round:
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "speed.toml"
        config.write_text(plan.config(), encoding="utf-8")
        span = [str(plan.first), str(plan.last), str(plan.log_every)]
        bare = ["bench.speed.bare", str(config), *span]
        run = ["trainer", str(config), "--logs", folder]
        # Each is first as often as the other: what the machine does next is not up to us.
        if number % 2:
            said = _python(bare, plan, pit)
            _python(run, plan, pit)
        else:
            _python(run, plan, pit)
            said = _python(bare, plan, pit)
        bare_s = json.loads(said)
        one = _read(RunDir.of_experiment(Path(folder), "speed"), plan, bare_s)
    sys.stderr.write(
        f"round {number}  bare {median(one.bare_s) * 1e3:.3f} ms a step, the run's steps "
        f"{median(one.run_s) * 1e3:.3f} ms, evaluation and saving {one.interrupted_s:.2f} s\n"
    )
    return one


def _python(words: list[str], plan: Plan, pit: Pit) -> str:
    ended = pit.start([sys.executable, "-m", *words], plan.device)
    if ended.fault:
        raise TokmonError(f"{words[0]} failed: {ended.fault}")
    return ended.stdout.splitlines()[-1] if ended.stdout else ""


def _read(run: RunDir, plan: Plan, bare_s: list[float]) -> Round:
    lines = [json.loads(line) for line in run.log.read_bytes().splitlines()]
    elapsed_s = {line["step"]: line["elapsed_s"] for line in lines}
    run_s = [1 / line["steps_per_sec"] for line in lines if _counts(line, plan)]
    events = [json.loads(line) for line in run.events.read_bytes().splitlines()]
    saved = [event for event in events if event["event"] in ("best", "checkpoint")]
    return Round(
        bare_s=bare_s,
        run_s=run_s,
        interrupted_s=elapsed_s[plan.last] - elapsed_s[plan.first] - plan.log_every * sum(run_s),
        saved=sum(_counts(event, plan) for event in saved),
        account=_account([line for line in lines if _counts(line, plan)]),
    )


def _account(lines: list[dict[str, Any]]) -> dict[str, float]:
    """Return the run's own shares over these lines, each weighted by the time it is about."""
    elapsed_s = [line["elapsed_s"] for line in lines]
    weights = [after - before for before, after in pairwise(elapsed_s)]
    return {
        part: sum(w * line[f"{part}_share"] for w, line in zip(weights, lines[1:], strict=True))
        / sum(weights)
        for part in ("gap", "save", "eval")
    }


def _counts(record: dict[str, Any], plan: Plan) -> bool:
    step: int = record["step"]
    return plan.first < step <= plan.last
