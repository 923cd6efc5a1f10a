"""Sampling speed beside transformers' `generate`, with the same weights in the same process.

    python bench/sampling.py RUN|CKPT [--rounds N] [--threads N] [--out FILE.md]

Needs an interpreter with `tokmon[train]` and `transformers`. The contenders take turns; a ratio is
the median over rounds of one's tokens/s over the other's in the same round. Weights should be those
of a trained model: among tokens that are all as likely there is no nucleus to find. The machine has
to be quiet.
"""

import argparse
import os
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import torch

from bench.sampled import first_token
from bench.sampled.contenders import Contender, Ours, Task, Transformers, common_prefix
from bench.sampled.page import Row, page
from bench.speed.machine import command_line, describe_machine, revision
from bench.speed.output import Report, markdown_file, positive, run
from trainer.scoring.suite import load_suite
from trainer.tokenizer import load_tokenizer
from trainer.trained import load_trained


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("target", type=Path, metavar="RUN|CKPT")
    parser.add_argument("--rounds", type=positive, default=7)
    parser.add_argument("--new-tokens", type=positive, default=128)
    parser.add_argument("--batches", type=positive, nargs="+", default=[1, 8, 32])
    parser.add_argument("--threads", type=positive, default=os.cpu_count())
    parser.add_argument("--out", type=markdown_file, metavar="FILE.md")
    options = parser.parse_args()
    return run(lambda: measure(options), options.out)


def measure(options: argparse.Namespace) -> Report:
    torch.set_num_threads(options.threads)
    trained, tokenizer = load_trained(options.target, torch.device("cpu")), load_tokenizer()
    seq_len = trained.config.data.seq_len
    ours = Ours(trained.model, seq_len, tokenizer.vocab_size)
    theirs = Transformers(trained.model, seq_len)
    texts = [prompt.text for prompt in load_suite() if prompt.text]
    room = seq_len - options.new_tokens
    prompts = [ids for ids in map(tokenizer.encode, texts) if len(ids) <= room]
    rows = [
        compare(ours, theirs, Task(prompts[:batch], options.new_tokens, is_greedy), options.rounds)
        for is_greedy in (False, True)
        for batch in options.batches
    ]
    waits = first_token.measure(options.target, texts[0], rounds=5)
    facts = {
        "command": command_line(),
        "revision": revision(),
        "machine": describe_machine(),
        "threads": options.threads,
        "torch": torch.__version__,
        "peer": theirs.name,
        "rounds": options.rounds,
        "new_tokens": options.new_tokens,
        "step": trained.step,
        "val_loss": trained.val_loss,
    }
    numbers = facts | {"rows": [row._asdict() for row in rows], "waits": waits._asdict()}
    return Report(page(facts, rows, waits), numbers)


def compare(ours: Contender, theirs: Contender, task: Task, rounds: int) -> Row:
    """Let both write the same in turn, after one time that does not count."""
    texts = [contender.write(task) for contender in (ours, theirs)]
    same = min(map(common_prefix, *texts)) if task.is_greedy else None
    speeds: tuple[list[float], list[float]] = [], []
    for _ in range(rounds):
        for contender, found in zip((ours, theirs), speeds, strict=True):
            begin = time.perf_counter()
            contender.write(task)
            tokens = len(task.prompts) * task.new_tokens
            found.append(tokens / (time.perf_counter() - begin))
    return Row(len(task.prompts), task.is_greedy, *speeds, same)


if __name__ == "__main__":
    sys.exit(main())
