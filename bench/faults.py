"""Do everything bad to a watched run, and write down what the screen said.

    python bench/faults.py [--out FILE.md]

Each fault has a run and a real tmux pane of its own. After it a line is appended as the trainer
does, and has to be on the screen.
"""

import argparse
import re
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.speed.machine import command_line, describe_machine, revision
from bench.speed.output import Report, markdown_file, run
from bench.watched.faults import FAULTS, FORBIDDEN, Fault, may_read_all
from bench.watched.pane import NotSeenError, Pane, pane
from tests.runs.builder import RunBuilder

_LINES = 30
_SETTLE_S = 1.5
_PATIENCE_S = 30.0
_PROGRAM = "from tokmon.cli import main; main()"
_PAGE = """# Faults of a watched run, and what the screen said

`{command}`, {date}, tokmon {revision}. Real files, a real tmux pane of 160x45 each.

| fault | the screen, 1.5 s later | a line appended after it |
| --- | --- | --- |
{rows}
"""


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=markdown_file, metavar="FILE.md")
    options = parser.parse_args()
    return run(measure, options.out)


def measure() -> Report:
    rows = [[fault.name, *suffered(fault)] for fault in FAULTS]
    facts = {"command": command_line(), "revision": revision(), "machine": describe_machine()}
    lines = "\n".join(f"| {' | '.join(row)} |" for row in rows)
    page = _PAGE.format(**facts, date=time.strftime("%Y-%m-%d"), rows=lines)
    return Report(page, facts | {"rows": rows})


def suffered(fault: Fault) -> tuple[str, str]:
    """Return what the screen said of a fault, and of the line after it."""
    if fault.name == FORBIDDEN and may_read_all():
        return "not tried: this user may read every file", ""
    with tempfile.TemporaryDirectory() as name:
        began = time.time() - _LINES * 100 / 28
        builder = RunBuilder(logs=Path(name), started=began, is_this_process=True)
        builder.write(_LINES)
        command = [sys.executable, "-c", _PROGRAM, "watch", str(builder.run.path)]
        with pane(command, Path(name)) as shown:
            shown.wait(lambda screen: "Best checkpoint" in screen, _PATIENCE_S)
            fault.make(builder)
            time.sleep(_SETTLE_S)
            said = told(shown, fault.said)
            fault.mend(builder)
            return said, after(shown, builder)


def told(shown: Pane, expected: str) -> str:
    """Return the head of the screen: state, alert, progress."""
    try:
        shown.wait(lambda screen: expected in screen, _PATIENCE_S)
    except NotSeenError:
        return f"NOT SAID: {expected}"
    head = [re.sub(r"\s{2,}", "; ", line.strip()) for line in shown.text().splitlines()[:4]]
    kept = [line for line in head if line and "━" not in line and not line.startswith("╭")]
    return "<br>".join(line.replace("|", "/") for line in kept)


def after(shown: Pane, builder: RunBuilder) -> str:
    """Append a line and say whether it came to the screen, and how soon."""
    record = builder.line()
    builder.heartbeat()
    begin = time.monotonic()
    try:
        seen_at = shown.wait(lambda screen: f"{record.step:,}/" in screen, _PATIENCE_S)
    except NotSeenError:
        return "NOT SHOWN"
    return f"step {record.step:,} after {1e3 * (seen_at - begin):.0f} ms"


if __name__ == "__main__":
    sys.exit(main())
