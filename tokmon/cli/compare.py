"""`tokmon compare`: runs side by side, for people and for scripts."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tokmon.cli import options
from tokmon.cli.output_file import write_output
from tokmon.rundir.errors import TokmonError

if TYPE_CHECKING:
    from tokmon.monitor.compared import Compared
    from tokmon.monitor.eval_results import EvalResult

_AXES = ("step", "tokens", "time")


@click.command(short_help="Put runs side by side: configuration, curves, results, seeds, cost.")
@click.argument(
    "paths", nargs=-1, required=True, metavar="RUN RUN...", type=click.Path(path_type=Path)
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of Markdown.")
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write there instead of to stdout.",
)
@click.option(
    "--along",
    type=click.Choice(_AXES),
    help="Align the curves by this alone; by all three otherwise.",
)
@click.option(
    "--eval",
    "evals",
    metavar="FILE",
    multiple=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="What `tokmon eval RUN --json` printed, for its intervals; may be given several times.",
)
@options.logs
def compare(
    paths: tuple[Path, ...],
    as_json: bool,
    output: Path | None,
    along: str | None,
    evals: tuple[Path, ...],
    logs: Path,
) -> None:
    """Compare two to eight runs; the first is the reference.

    RUN is a run directory or an experiment's name; a folder of runs stands for all of them. Runs
    whose configurations differ in the seed alone are taken together, with mean, standard deviation
    and a test between the groups.

    \b
    tokmon compare logs/train_small logs/train_large
    tokmon compare logs/sweep --json -o sweep.json
    tokmon compare small large --along tokens --eval small.json --eval large.json
    """  # noqa: D301  the backslash is click's
    # Deferred: numpy costs 0.1 s that `tokmon --help` need not pay.
    from tokmon.monitor.alignment import Along
    from tokmon.monitor.comparison import compare as compared_all
    from tokmon.monitor.eval_results import of_runs
    from tokmon.report.comparison_json import as_json as in_json
    from tokmon.report.comparison_page import comparison_page
    from tokmon.report.markdown import as_markdown

    results = _evaluations(evals)
    runs = _read(paths, logs)
    matched, remarks = of_runs([run.state.run for run in runs], results) if results else ((), ())
    axes = (Along(along),) if along else tuple(Along)
    found, now = compared_all(runs, axes, matched, remarks), time.time()
    text = in_json(found, now) + "\n" if as_json else as_markdown(comparison_page(found, now), {})
    if output is None:
        click.echo(text, nl=False)
    else:
        write_output(output, text)


def _evaluations(paths: tuple[Path, ...]) -> list[EvalResult]:
    from tokmon.monitor.eval_results import read_eval_results

    return [result for path in paths for result in read_eval_results(path)]


def _read(paths: tuple[Path, ...], logs: Path) -> list[Compared]:
    """Return the runs with their logs read in full.

    Raises:
        TokmonError: there are too few, too many, one twice, or one that cannot be compared.
    """
    from tokmon.monitor.choice_of_runs import chosen_runs
    from tokmon.monitor.reading import read_for_comparison

    chosen = chosen_runs(paths, logs)
    runs = []
    for run in chosen.runs:
        found = read_for_comparison(run, time.time)
        if not isinstance(found, str):
            runs.append(found)
        elif run in chosen.named:
            raise TokmonError(found)
        else:
            _say(f"left out: {found}")
    versions = {run.state.info.schema_version for run in runs if run.state.info}
    if len(versions) > 1:
        raise TokmonError(_versions(runs), "compare runs of one schema version")
    if len(runs) < 2:
        raise TokmonError(
            f"{len(runs)} of {len(chosen.runs)} runs can be compared: two are needed at least"
        )
    return runs


def _versions(runs: list[Compared]) -> str:
    told = [
        f"{run.state.run.path.name} has {run.state.info.schema_version}"
        for run in runs
        if run.state.info
    ]
    return f"the runs are of different schema versions: {', '.join(told)}"


def _say(line: str) -> None:
    from tokmon.monitor.visible import visible

    click.echo(visible(line), err=True)
