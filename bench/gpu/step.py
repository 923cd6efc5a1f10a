"""Runs one step of bench/gpu.sh within a time limit and records what became of it.

    python -m bench.gpu.step [--may-run-out] WORK NAME LIMIT_S COMMAND...

Writes WORK/NAME.out and WORK/NAME.err as they come, then WORK/NAME.step.json. At the limit the
command gets SIGTERM, and SIGKILL half a minute later. Exits as the command did; 0 where it ran out
of time and may. Needs nothing but Python.
"""

import argparse
import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

GRACE_S = 30.0
TAIL_LINES = 12
NOT_STARTED = 127
RAN_OUT = 124


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--may-run-out", action="store_true")
    parser.add_argument("work", type=Path)
    parser.add_argument("name")
    parser.add_argument("limit_s", type=float)
    parser.add_argument("command", nargs=argparse.REMAINDER)
    arguments = parser.parse_args()
    print(f"== {arguments.name}, {arguments.limit_s:.0f} s at most", flush=True)
    begin = time.perf_counter()
    exit_code, ran_out = run(arguments.command, arguments.limit_s, arguments.work / arguments.name)
    is_good = exit_code == 0 or (ran_out and arguments.may_run_out)
    record = {
        "name": arguments.name,
        "command": arguments.command,
        "exit_code": exit_code,
        "ran_out_of_time": ran_out,
        "is_good": is_good,
        "seconds": round(time.perf_counter() - begin, 2),
        "limit_s": arguments.limit_s,
    }
    path = arguments.work / f"{arguments.name}.step.json"
    path.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    tell(record, arguments.work)
    return 0 if is_good else (exit_code or RAN_OUT)


def run(command: list[str], limit_s: float, output: Path) -> tuple[int, bool]:
    """Return the exit code, and whether the limit was what ended the command."""
    with (
        output.with_name(f"{output.name}.out").open("wb") as out,
        output.with_name(f"{output.name}.err").open("wb") as err,
    ):
        if limit_s <= 0:
            err.write(b"not started: no time was left\n")
            return NOT_STARTED, False
        try:
            process = subprocess.Popen(
                command, stdout=out, stderr=err, stdin=subprocess.DEVNULL, start_new_session=True
            )
        except OSError as error:
            err.write(f"{error}\n".encode())
            return NOT_STARTED, False
        try:
            return process.wait(limit_s), False
        except subprocess.TimeoutExpired:
            return stopped(process), True
        finally:
            end_group(process.pid)


def stopped(process: subprocess.Popen[bytes]) -> int:
    """Ask the command itself to end: a trainer saves, its helpers do not need to know."""
    process.terminate()
    try:
        return process.wait(GRACE_S)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()


def end_group(pid: int) -> None:
    """End what the command started and left: tests that ran out of time have trainers running."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)


def tell(record: dict[str, object], work: Path) -> None:
    outcome = "good" if record["is_good"] else "FAILED"
    ran_out = ", ran out of time" if record["ran_out_of_time"] else ""
    print(
        f"   {outcome}: exit code {record['exit_code']}{ran_out}, {record['seconds']} s", flush=True
    )
    if not record["is_good"]:
        print("\n".join(f"   | {line}" for line in tail(work, str(record["name"]))), flush=True)


def tail(work: Path, name: str) -> list[str]:
    """Return the last lines that a step wrote, those on stderr after those on stdout."""
    lines = []
    for suffix in ("out", "err"):
        text = (work / f"{name}.{suffix}").read_text(encoding="utf-8", errors="replace")
        lines += text.splitlines()[-TAIL_LINES:]
    return lines


if __name__ == "__main__":
    sys.exit(main())
