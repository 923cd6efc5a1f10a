"""The monitor beside W&B's LEET, TensorBoard and tail, in a real tmux pane.

    python bench/monitor.py [--lines N] [--peers PYTHON] [--patience S] [--out FILE.md]

PYTHON is an interpreter that has `wandb` and `tensorboard`; without it they are left out. A million
lines take LEET minutes: `--patience` is when to give up. The machine has to be quiet.
"""

import argparse
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.speed.machine import command_line, describe_machine, revision
from bench.speed.output import Report, markdown_file, positive, run
from bench.watched import logs, programs
from bench.watched.measures import Opening, following, opening
from bench.watched.page import page


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--lines", type=positive, default=1_000_000)
    parser.add_argument("--appends", type=positive, default=40)
    parser.add_argument("--peers", type=Path, metavar="PYTHON")
    parser.add_argument("--patience", type=float, default=400.0, metavar="SECONDS")
    parser.add_argument("--out", type=markdown_file, metavar="FILE.md")
    options = parser.parse_args()
    return run(lambda: measure(options), options.out)


def measure(options: argparse.Namespace) -> Report:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        made = logs.made_run(folder, options.lines)
        shown = [programs.tokmon(made, options.lines), programs.tail(made, options.lines)]
        openings = {each.name: opening(each, folder, options.patience) for each in shown}
        followings = {}
        lines = options.lines
        for each in (programs.tokmon, programs.tail):
            program = each(made, lines)
            followings[program.name] = following(program, made.log, lines, options.appends, folder)
            lines = last_step(made.log)
        if options.peers is not None:
            openings |= of_peers(options, folder)
    facts = {
        "command": command_line(),
        "revision": revision(),
        "machine": describe_machine(),
        "lines": options.lines,
        "patience_s": options.patience,
    }
    numbers = facts | {
        "openings": {name: found._asdict() for name, found in openings.items()},
        "followings": {name: found._asdict() for name, found in followings.items()},
    }
    return Report(page(facts, openings, followings), numbers)


def of_peers(options: argparse.Namespace, folder: Path) -> dict[str, Opening]:
    """Let the others open as long a log."""
    events = logs.made_events(options.peers, folder / "events", options.lines)
    board_s, board_bytes = programs.until_tensorboard_has_all(
        options.peers, events, options.lines, options.patience
    )
    offline = logs.made_wandb(options.peers, folder / "wandb", options.lines)
    leet = programs.leet(options.peers, offline, options.lines)
    return {
        "TensorBoard": Opening(board_s, board_s, None, board_bytes),
        leet.name: opening(leet, folder, options.patience),
    }


def last_step(log: Path) -> int:
    """Return the step of a log's last line."""
    with log.open("rb") as file:
        file.seek(-2000, 2)
        newest = file.read().splitlines()[-1]
    return int(newest.split(b":")[1].split(b",")[0])


if __name__ == "__main__":
    sys.exit(main())
