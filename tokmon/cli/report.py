"""`tokmon report`: the status page of a run, once or kept current."""

from pathlib import Path
from typing import Any

import click

from tokmon.cli import options

_INTERRUPTED = 130  # 128 + SIGINT, as shells have it


@click.command(short_help="Write the status page of a run.")
@click.argument("run", metavar="RUN", type=click.Path(path_type=Path))
@click.option(
    "--against",
    metavar="RUN",
    type=click.Path(path_type=Path),
    help="Hold it against another run, at the same steps.",
)
@click.option(
    "-o",
    "--output",
    "page",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write it there, with its curves as FILE_loss.svg and so on; .html implies --html.",
)
@click.option("--html", "is_html", is_flag=True, help="One HTML file with everything in it.")
@click.option("--watch", "is_watched", is_flag=True, help="Keep FILE current until the run ends.")
@options.logs
@click.pass_context
def report(ctx: click.Context, /, **wished: Any) -> None:
    """Write the status page of RUN, in Markdown, to the terminal or to FILE.

    RUN is a run directory or an experiment's name. The page has its configuration, progress, what
    stands out, what was expected, timeline, files, samples and next steps. Nothing of the run is
    touched.
    """
    if wished["is_watched"] and wished["page"] is None:
        raise click.UsageError("--watch keeps a file current: name it with -o")
    # Deferred: numpy costs 0.1 s that `tokmon --help` need not pay.
    from tokmon.cli import main
    from tokmon.cli.report_writer import Follower, ReportWriter, Wish

    wish = Wish(**wished, commands=frozenset(main.list_commands(ctx)))
    try:
        writer = ReportWriter(wish)
        if wish.is_watched:
            Follower(writer, lambda line: click.echo(line, err=True)).follow()
        else:
            writer.write(writer.look())
    except KeyboardInterrupt:
        if wish.is_watched:
            click.echo(f"stopped; {wish.page} is as it was written last", err=True)
        ctx.exit(_INTERRUPTED)
