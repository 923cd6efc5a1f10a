"""`tokmon status`: one look at a run, for people and for scripts."""

import time
from pathlib import Path

import click

from tokmon.cli import options


@click.command()
@click.argument("path", required=False, type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of text.")
@options.logs
@click.pass_context
def status(context: click.Context, path: Path | None, as_json: bool, logs: Path) -> None:
    """Say how a run is doing: PATH, or the newest run under --logs.

    PATH is a run directory, a folder of runs (the newest is taken), or an experiment's name.

    Exit code: 0 running or ended well, 3 stalled, 4 crashed or killed.
    """
    # Deferred: numpy costs 0.1 s that `tokmon --help` need not pay.
    from tokmon.monitor.discover import locate
    from tokmon.monitor.sources.tokmon_run import RunSource
    from tokmon.monitor.visible import visible
    from tokmon.report import status as report

    located = locate(path, logs)
    if located.notice:
        click.echo(visible(located.notice), err=True)
    source = RunSource(located.run)
    state = source.poll(time.time())
    while state.is_loading:
        state = source.poll(time.time())
    if as_json:
        click.echo(report.as_json(state))
    else:
        for line in report.as_text(state):
            click.echo(visible(line))
    context.exit(report.exit_code(state))
