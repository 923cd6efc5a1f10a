"""`tokmon ctl`: ask a running trainer for something, and wait for its answer."""

from pathlib import Path

import click

from tokmon.rundir.control import ACTIONS, Action, Answers, ask
from tokmon.rundir.errors import TokmonError
from tokmon.rundir.layout import RunDir
from tokmon.rundir.records import BadLineError, RunInfo, decode
from tokmon.rundir.writer import is_alive


@click.command(short_help="Ask a running trainer to pause, save, evaluate, sample or stop.")
@click.argument("run", type=click.Path(path_type=Path))
@click.argument("action", type=click.Choice(ACTIONS))
@click.option(
    "--timeout",
    "timeout_s",
    type=click.FloatRange(min=0),
    default=60.0,
    show_default=True,
    help="Seconds to wait for the answer.",
)
def ctl(run: Path, action: Action, timeout_s: float) -> None:
    """Ask the trainer of RUN, a run directory, and wait for its answer.

    It looks between steps: while it evaluates, saves or compiles, the answer comes later. `sample`
    continues the prompts that rounds of samples continue, also where the run has no time for one.
    """
    folder = RunDir.open(run)
    info = _info(folder)
    if is_alive(info) is False:
        raise TokmonError(
            f"{run}: no trainer runs (its last phase is {info.phase or 'unknown'})",
            "start it again with `tokmon train`",
        )
    answers = Answers(folder)
    request = ask(folder, action)
    answer = answers.wait(request, timeout_s)
    if answer is None:
        raise TokmonError(
            f"{run}: no answer to {action} within {timeout_s:g} s (phase {_info(folder).phase})",
            "the request stands; the trainer answers between steps, in the events file",
        )
    if answer.extra.get("outcome") != "done":
        raise TokmonError(f"{run}: {answer.message}")
    click.echo(answer.message)


def _info(run: RunDir) -> RunInfo:
    try:
        return decode(run.run_info.read_bytes(), RunInfo)
    except (OSError, BadLineError) as error:
        raise TokmonError(
            f"{run.run_info}: cannot be read ({error})",
            "only runs of tokmon's trainer can be asked",
        ) from error
