"""Options that several commands share."""

from pathlib import Path

import click

logs = click.option(
    "--logs",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("logs"),
    envvar="TOKMON_LOGS",
    show_default=True,
    show_envvar=True,
    help="Folder of run directories.",
)
