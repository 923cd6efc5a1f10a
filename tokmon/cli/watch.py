"""`tokmon watch`: the monitor on a run."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tokmon.cli import options
from tokmon.cli.monitor import open_list, open_monitor
from tokmon.rundir.errors import TokmonError

if TYPE_CHECKING:
    from tokmon.monitor.discover import Located

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
@click.argument("paths", nargs=-1, metavar="[PATH]...", type=click.Path(path_type=Path))
@options.logs
@click.option(
    "--svg",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Render one screen to an SVG file and leave: of a run, or of the newest in a folder.",
)
@click.option(
    "--size", type=_Size(), default="160x45", show_default=True, help="Of the SVG, in characters."
)
def watch(paths: tuple[Path, ...], logs: Path, svg: Path | None, size: tuple[int, int]) -> None:
    """Watch a run, or list the runs in a folder, to choose from and to compare.

    PATH is a run directory, a folder of runs, or an experiment's name; several are listed together.
    Without one, the runs under --logs are listed. Leaving the monitor leaves the training alone.
    """
    # Deferred: textual and numpy cost 0.4 s that `tokmon --help` need not pay.
    from tokmon.monitor.discover import locate

    located = [locate(path, logs) for path in paths or (None,)]
    if svg is not None:
        if len(located) > 1:
            raise click.UsageError("--svg renders one run: name one")
        _render(located[0], svg, size)
    elif len(located) == 1 and located[0].candidates == 1:
        open_monitor(located[0].run)
    else:
        open_list([found.folder for found in located])


def _render(located: Located, svg: Path, size: tuple[int, int]) -> None:
    from tokmon.monitor.sources.tokmon_run import RunSource
    from tokmon.monitor.visible import visible
    from tokmon.tui.app import TokmonApp
    from tokmon.tui.snapshot import write_svg

    if located.notice:
        click.echo(visible(located.notice), err=True)
    try:
        write_svg(TokmonApp(located.run, RunSource(located.run)), svg, *size)
    except OSError as error:
        raise TokmonError(f"{svg}: cannot be written: {error.strerror}") from error
