"""`tokmon watch`: the monitor on a run."""

import re
from pathlib import Path
from typing import Any

import click

from tokmon.cli import options
from tokmon.cli.monitor import open_monitor
from tokmon.rundir.errors import TokmonError

_MIN_COLUMNS, _MIN_ROWS = 20, 6
_MAX_SIDE = 1000


class _Size(click.ParamType[tuple[int, int]]):
    name = "COLSxROWS"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, int]:
        if isinstance(value, tuple):
            return value
        match = re.fullmatch(r"(\d+)[xX](\d+)", str(value))
        columns, rows = (int(match[1]), int(match[2])) if match else (0, 0)
        if not (_MIN_COLUMNS <= columns <= _MAX_SIDE and _MIN_ROWS <= rows <= _MAX_SIDE):
            self.fail(f"{value!r} is not a size like 160x45 (at least 20x6)", param, ctx)
        return columns, rows


@click.command()
@click.argument("path", required=False, type=click.Path(path_type=Path))
@options.logs
@click.option(
    "--svg",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Render one screen to an SVG file and leave.",
)
@click.option(
    "--size", type=_Size(), default="160x45", show_default=True, help="Of the SVG, in characters."
)
def watch(path: Path | None, logs: Path, svg: Path | None, size: tuple[int, int]) -> None:
    """Watch a run: PATH, or the newest run under --logs.

    PATH is a run directory, a folder of runs (the newest is taken), or an experiment's name.
    Leaving the monitor leaves the training alone.
    """
    # Deferred: textual and numpy cost 0.4 s that `tokmon --help` need not pay.
    from tokmon.monitor.discover import locate
    from tokmon.monitor.sources.tokmon_run import RunSource
    from tokmon.monitor.visible import visible
    from tokmon.tui.app import TokmonApp
    from tokmon.tui.snapshot import write_svg

    located = locate(path, logs)
    if svg is None:
        open_monitor(located.run, located.notice)
        return
    if located.notice:
        click.echo(visible(located.notice), err=True)
    try:
        write_svg(TokmonApp(located.run, RunSource(located.run)), svg, *size)
    except OSError as error:
        raise TokmonError(f"{svg}: cannot be written: {error.strerror}") from error
