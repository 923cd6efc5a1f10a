"""Training speed and memory beside nanoGPT, HF Trainer and litgpt; what monitoring costs.

    python bench/training_speed.py --nanogpt DIR [--peer-python PYTHON] [--out FILE.md]
    python bench/training_speed.py --overhead [--out FILE.md]

DIR is a checkout of karpathy/nanoGPT, PYTHON an interpreter that has `transformers accelerate
litgpt`; both lie outside this repository, and who is not there is said to be absent. With --out a
JSON file with all numbers is written beside the Markdown. Ctrl-C and SIGTERM end it early, with the
rounds that were whole. For numbers that mean something the machine has to be quiet. On a CPU a
batch is 4 sequences unless told otherwise, so that a step takes about a second; the reference's own
is --batch-size 32, the default on a GPU.

A contestant is a name and what it is told, all else is its own default: tokmon, nanogpt, hf,
litgpt; tokmon:dtype=float32,compile=on; nanogpt:compile=off.
"""

import argparse
import os
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.speed import against_peers, overhead
from bench.speed.cuda import require_device
from bench.speed.job import parse_contestant
from bench.speed.machine import command_line, describe_machine, revision
from bench.speed.output import Report, markdown_file, positive, run
from bench.speed.rounds import ROOT, Pit
from trainer.corpus.build import open_or_build


def main() -> int:
    options = parse()
    return run(lambda: measure(options), options.out)


def measure(options: argparse.Namespace) -> Report:
    require_device(options.device)
    facts = {"command": command_line(), "revision": revision(), "machine": describe_machine()}
    corpus = open_or_build(ROOT / "configs" / "corpora" / "stdlib.toml").folder
    program = overhead if options.overhead else against_peers
    with tempfile.TemporaryDirectory() as cache:
        pit = Pit(options.peer_python, options.threads, Path(cache))
        report = program.run(options, corpus, pit, facts)
    return report._replace(numbers=facts | {"busy_pct": pit.busy_pct} | report.numbers)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--overhead", action="store_true", help="measure a whole run beside its bare steps")
    add("--device", choices=("cpu", "cuda"), default="cpu")
    add("--batch-size", type=positive, help="sequences a step (4 on a CPU, 32 on a GPU)")
    add("--rounds", type=positive, default=3, help="turns of each (3)")
    add("--threads", type=positive, default=os.cpu_count(), help="CPU threads of each (all)")
    add("--out", type=markdown_file, metavar="FILE.md", help="where the page goes, beside it .json")
    peers = parser.add_argument_group("beside the others").add_argument
    peers("--contestants", nargs="+", type=contestant, metavar="NAME[:KEY=VALUE,...]")
    peers("--nanogpt", type=Path, metavar="DIR", help="a checkout of karpathy/nanoGPT")
    peers("--peer-python", default=sys.executable, metavar="PYTHON", help="(this one)")
    peers("--warmup", type=positive, help="steps that are not counted (2; 40 on a GPU)")
    peers("--steps", type=positive, help="steps a turn that are (5; 200 on a GPU)")
    whole = parser.add_argument_group("--overhead").add_argument
    whole("--dtype", choices=("auto", "float32", "bfloat16"), default="auto")
    whole("--compile", choices=("auto", "on", "off"), default="auto")
    whole(
        "--evaluations",
        type=positive,
        help="how many, each with the steps before it (1; 10 on a GPU)",
    )
    return parser.parse_args()


def contestant(text: str) -> str:
    try:
        parse_contestant(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
    return text


if __name__ == "__main__":
    sys.exit(main())
