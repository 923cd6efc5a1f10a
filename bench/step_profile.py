"""One training step of v1 on a CPU, before and after: what each change was to give, what it gave.

    python bench/step_profile.py [--batch-size 4] [--turns 3] [--out FILE.md]

Begins with the step as PyTorch has it (float32, all logits at once, freed memory given back to the
system) and makes one change after another. Before each, its gain is predicted from counted FLOP and
bytes and from this machine's rates; then it is measured: each way in processes of its own, in
turns, the parts by the marks that a run's log has (trainer.marks). The machine has to be quiet.
"""

import argparse
import json
import statistics
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.change.measured import Measured, measure
from bench.change.page import page
from bench.change.predicted import machine, predictions
from bench.change.ways import WAYS
from bench.speed.machine import command_line, describe_machine, revision
from bench.speed.output import markdown_file, positive


def main() -> int:
    """Measure in turns, or be one of the measured processes."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--batch-size", type=positive, default=4, help="sequences of 512 tokens (4)"
    )
    parser.add_argument(
        "--steps", type=positive, default=2, help="a turn, the first not counted (2)"
    )
    parser.add_argument("--turns", type=positive, default=3, help="of each way (3)")
    parser.add_argument("--out", type=markdown_file, metavar="FILE.md")
    parser.add_argument("--way", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.way is not None:
        print(json.dumps(measure(WAYS[options.way], options.batch_size, options.steps)._asdict()))
        return 0
    predicted = predictions(machine(), options.batch_size)
    turns: list[list[Measured]] = [[] for _ in WAYS]
    for _ in range(options.turns):
        for number, found in enumerate(turns):
            command = [sys.executable, *sys.argv, "--way", str(number)]
            found.append(Measured(**json.loads(subprocess.check_output(command, text=True))))
    text = page(
        predicted,
        [median_turn(found) for found in turns],
        (command_line(), revision(), describe_machine(), options),
    )
    print(text)
    if options.out:
        options.out.write_text(text, encoding="utf-8")
    return 0


def median_turn(turns: list[Measured]) -> Measured:
    middle = statistics.median_low([turn.step_s for turn in turns])
    return next(turn for turn in turns if turn.step_s == middle)


if __name__ == "__main__":
    sys.exit(main())
