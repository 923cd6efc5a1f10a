"""The Markdown of a GPU's results, and the table that closes bench/gpu.sh."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

REFERENCE = {
    100: (9.839, 19.4), 200: (8.420, 24.2), 300: (7.173, 26.3), 400: (5.739, 27.5),
    500: (4.351, 28.3),
}  # fmt: skip
"""Loss and steps/s of the reference run at its first steps, on one RTX 5090."""
Row = tuple[str, ...]


def page(result: dict[str, Any], tails: dict[str, list[str]]) -> str:
    """Return the whole page.

    Args:
        result: what stands in the JSON.
        tails: the last lines of the steps that failed, by name.
    """
    parts = [
        f"# {result['name']}",
        f"`{result['command']}`, {result['date']}, tokmon {result['revision'] or 'unknown'}.",
        *machine_lines(result["machine"]),
        table(("what", "measured"), closing_rows(result)),
        "## Steps",
        table(("step", "outcome", "seconds", "command"), step_rows(result["steps"])),
    ]
    if result["run"]:
        parts += ["## The reference run", run_text(result), table(*curve(result["run"]))]
    if result["bench"]:
        parts += ["## A step against the machine's limits", table(*bench_table(result["bench"]))]
    if result["trainer"]:
        link = f"gpu-{result['name']}/trainer.md"
        parts += ["## Beside other trainers", f"`bench/training_speed.py` wrote [{link}]({link})."]
    for name, lines in tails.items():
        parts += [f"## Failed: {name}", "\n".join(["```", *lines, "```"])]
    return "\n\n".join(parts) + "\n"


def closing_rows(result: dict[str, Any]) -> list[Row]:
    """Return what matters most, a row each; also what failed."""
    rows: list[Row] = []
    if tests := result["tests"]:
        rows.append(("CUDA tests", test_text(tests)))
    if bench := result["bench"]:
        rate = f"{bench['steps_per_sec']:,.4g} steps/s, {bench['tokens_per_sec']:,.0f} tokens/s"
        rows += [
            ("a step alone", f"{bench['step']['median_s'] * 1e3:,.3f} ms, {rate}"),
            ("floor", f"{bench['floor_s']['total'] * 1e3:,.3f} ms: {bench['floor_share']:.1%}"),
            ("model FLOPs utilisation", f"{bench['mfu']:.1%}"),
        ]
    run = result["run"]
    if run and (last := run["last_line"]):
        rows.append(("the run", f"step {last['step']:,} in {last['elapsed_s']:,.0f} s"))
        rows.append(("its speed", f"{number(last.get('steps_per_sec'))} steps/s at the end"))
        if best := run["best"]:
            rows.append(("its best validation", validation_text(best)))
    failed = [step["name"] for step in result["steps"] if not step["is_good"]]
    rows.append(("failed steps", ", ".join(failed) or "none"))
    return rows


def machine_lines(machine: dict[str, Any] | None) -> list[str]:
    """Return the paragraphs on machine and versions."""
    if not machine:
        return ["The machine was not recorded."]
    torch = machine["torch"]
    gpus = [f"{gpu['name']}, {gpu['memory_bytes'] / 1e9:.0f} GB" for gpu in torch.get("gpus", ())]
    cuda = f"CUDA {torch['cuda']}" if torch.get("cuda") else "no CUDA"
    versions = [f"{name} {version}" for name, version in machine["versions"].items()]
    where = (
        "; ".join(gpus) or "no GPU that PyTorch sees",
        f"{machine['processor']}, {machine['cpus']} CPUs",
        machine["platform"],
    )
    return [
        f"Machine: {'; '.join(where)}.",
        f"Versions: Python {machine['python']}, {cuda}, {', '.join(versions)}.",
    ]


def step_rows(steps: Iterable[dict[str, Any]]) -> list[Row]:
    """Return name, outcome, seconds and command of each step."""
    rows = []
    for step in steps:
        outcome = "good" if step["is_good"] else f"exit code {step['exit_code']}"
        outcome += ", ran out of time" if step["ran_out_of_time"] else ""
        program, *arguments = step["command"]
        command = " ".join([Path(program).name, *arguments]).replace("|", "\\|")
        rows.append((step["name"], outcome, f"{step['seconds']:.1f}", f"`{command}`"))
    return rows


def curve(run: dict[str, Any]) -> tuple[Row, list[Row]]:
    """Return the first lines of the log beside those of the reference, and the last one."""
    lines = [*run["first_lines"]]
    if run["last_line"] and run["last_line"] not in lines:
        lines.append(run["last_line"])
    rows = []
    for line in lines:
        loss, rate = REFERENCE.get(line["step"], (None, None))
        mine = (number(line.get("train_loss")), number(line.get("steps_per_sec")))
        rows.append((f"{line['step']:,}", *mine, number(loss), number(rate)))
    return ("step", "training loss", "steps/s", "reference loss", "its steps/s"), rows


def run_text(result: dict[str, Any]) -> str:
    """Return what the run was on."""
    corpus = result["corpus"]
    if not corpus:
        return "The corpus was not recorded; the reference's numbers are of one RTX 5090."
    return (
        f"On {corpus['name']}: {corpus['tokens']:,} tokens, fingerprint `{corpus['fingerprint']}`. "
        "The reference's numbers are of one RTX 5090 and 45.79M tokens."
    )


def bench_table(bench: dict[str, Any]) -> tuple[Row, list[Row]]:
    """Return the parts of a step with their counts and least times."""
    floor = bench["floor_s"]
    rows: list[Row] = [
        (name, f"{bench['flops'][name] / 1e9:,.3f} GFLOP", f"{floor[name] * 1e3:,.3f}")
        for name in ("head", "trunk", "attention")
    ]
    moved = {"loss": "loss", "activations": "trunk_least", "optimizer": "optimizer"}
    rows += [
        (name, f"{bench['bytes'][key] / 1e6:,.1f} MB", f"{floor[name] * 1e3:,.3f}")
        for name, key in moved.items()
    ]
    limits = bench["limits"]
    best = max(value for key, value in limits.items() if key.endswith("flops_per_sec"))
    rates = f"{best / 1e12:,.3f} TFLOP/s, {limits['copy_bytes_per_sec'] / 1e9:,.1f} GB/s"
    rows.append(("floor", rates, f"{floor['total'] * 1e3:,.3f}"))
    rows.append(("measured", bench["dtype"], f"{bench['step']['median_s'] * 1e3:,.3f}"))
    return ("part", "counted", "ms"), rows


def validation_text(line: dict[str, Any]) -> str:
    """Return the validation on a log line in words."""
    bits = f"{number(line.get('val_bpb'))} bits per byte"
    return f"{line['val_loss']:.4f} nats a token, {bits}, at step {line['step']:,}"


def test_text(tests: dict[str, Any]) -> str:
    """Return the counts in words."""
    if "error" in tests:
        return f"no counts ({tests['error']})"
    return f"{tests['passed']} passed, {tests['failed']} failed, {tests['skipped']} skipped"


def table(header: Row, rows: Iterable[Row]) -> str:
    """Return a Markdown table."""
    lines = [header, ("---",) * len(header), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def number(value: Any) -> str:
    """Return a number in four digits; empty for none."""
    return f"{value:,.4g}" if isinstance(value, int | float) else ""
