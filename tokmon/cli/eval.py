"""`tokmon eval`: what trained weights are worth, beside human code. Imports no torch by itself.

stdout is the evaluation, as a table or as JSON; progress and notes go to stderr.
"""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tokmon.cli.extras import require_train_extra

if TYPE_CHECKING:
    from rich.console import Console

    from trainer.evaluation.command import Wish
    from trainer.evaluation.result import Result

_INTERRUPTED = 130  # 128 + SIGINT, as shells have it
_NOT_VALID = 1
_WIDTH = 120
"""Of what goes into a file or a pipe."""
_EXAMPLE_LINES = 8


@click.command(short_help="Judge trained weights on held-out text and on samples.")
@click.argument("target", metavar="RUN|CKPT|FOLDER", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print a line of JSON for each checkpoint.")
@click.option("--all", "is_all", is_flag=True, help="Evaluate each checkpoint of RUN.")
@click.option(
    "--corpus",
    metavar="DIR|RECIPE",
    type=click.Path(path_type=Path),
    help="Evaluate on this one, if the run's own is gone or another is meant.",
)
@click.option(
    "--suite",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Prompts to continue, as [[prompt]] tables; the shipped ones otherwise.",
)
@click.option(
    "-n",
    "--n",
    "count",
    metavar="N",
    type=click.IntRange(1, 1000),
    default=1,
    show_default=True,
    help="Samples per prompt.",
)
@click.option(
    "--seed",
    metavar="S",
    type=click.IntRange(min=0, max=2**32),
    default=0,
    show_default=True,
    help="Of the samples, the human pieces and the intervals.",
)
@click.option(
    "--device",
    metavar="D",
    default="auto",
    show_default=True,
    help="cpu, cuda, cuda:1 or mps; auto takes the first there is.",
)
@click.pass_context
def eval(  # noqa: A001 - the command is called so
    ctx: click.Context, /, as_json: bool, **options: Any
) -> None:
    """Evaluate the best checkpoint of RUN, CKPT (a .pt file), or a FOLDER in Hugging Face format.

    Prints loss, perplexity and bits per byte on held-out text, and what samples over a suite of
    prompts are worth, beside the same of human code cut alike. The causality gate and the loss that
    the run recorded say whether it can be believed: if not, the exit code is 1. Nothing is written.
    """
    require_train_extra("evaluating", "torch", "tiktoken")
    if (options["target"] / "config.json").is_file():
        require_train_extra("reading a folder in Hugging Face format", "safetensors")
    # Deferred: torch, which the help text need not pay.
    try:
        is_valid = _evaluate(options, as_json)
    except KeyboardInterrupt:
        ctx.exit(_INTERRUPTED)
    ctx.exit(0 if is_valid else _NOT_VALID)


def _evaluate(options: dict[str, Any], as_json: bool) -> bool:
    """Evaluate and print; return whether all of it can be believed."""
    from trainer.corpus.progress import showing_progress
    from trainer.evaluation.command import Wish, evaluations

    wish = Wish(**options)
    results: list[Result] = []
    # A line as soon as it is known; on a terminal that would run into the progress bar.
    is_streamed = as_json and not sys.stdout.isatty()
    with showing_progress() as progress:
        for result in evaluations(wish, progress, _say):
            results.append(result)
            if is_streamed:
                _print_json(result)
    if as_json and not is_streamed:
        for result in results:
            _print_json(result)
    if as_json:
        _say_faults(results)
    else:
        _print_tables(wish, results)
    return all(result.is_valid for result in results)


def _print_json(result: "Result") -> None:
    from trainer.evaluation.result import as_json

    click.echo(json.dumps(as_json(result), allow_nan=False))
    sys.stdout.flush()


def _say_faults(results: "list[Result]") -> None:
    for result in results:
        if not result.is_valid:
            _say(f"{result.checkpoint}: {result.conclusion}")


def _print_tables(wish: "Wish", results: "list[Result]") -> None:
    from rich.console import Console

    from trainer.evaluation.table import print_curve, print_result

    console = Console(highlight=False, width=None if sys.stdout.isatty() else _WIDTH)
    if wish.is_all:
        print_curve(console, results)
        return
    for result in results:
        print_result(console, result)
        _print_examples(console, result)


def _print_examples(console: "Console", result: "Result") -> None:
    """Print the beginnings of the first samples: what they look like says more than any number."""
    from rich.text import Text

    from tokmon.monitor.visible import visible
    from trainer.repetition import is_degenerate

    for sample in result.examples:
        verdict = "collapsed" if is_degenerate(sample.pieces, sample.text) else "not collapsed"
        console.print(Text(f"\nIt writes ({verdict}):", style="bold"))
        lines = visible(sample.whole, is_multiline=True).splitlines()
        for line in lines[:_EXAMPLE_LINES]:
            console.print(Text(f"  {line.rstrip()}"), soft_wrap=True)
        if len(lines) > _EXAMPLE_LINES:
            console.print(Text("  ...", style="dim"))


def _say(line: str) -> None:
    from tokmon.monitor.visible import visible

    click.echo(visible(line), err=True)
