"""The command line. One file a command, imported only when that command or `--help` runs.

A command module imports click and light parts of tokmon at its top; textual and the trainer only
inside its function, so that `tokmon --help` answers at once.
"""

import importlib
import sys

import click

from tokmon.rundir.errors import TokmonError

_COMMANDS = (
    *("demo", "train", "watch", "status", "sample", "eval", "report"),
    *("compare", "runs", "ctl", "data", "bench"),
)
"""In the order of `tokmon --help`; command X is the function `X` in tokmon.cli.X."""


class _LazyGroup(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        command: click.Command = getattr(
            importlib.import_module(f"tokmon.cli.{cmd_name}"), cmd_name
        )
        return command

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except TokmonError as error:
            click.echo(f"Error: {error}", err=True)
            ctx.exit(1)


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="tokmon", prog_name="tokmon")
def main() -> None:
    """Train small language models of code and watch any run in the terminal."""
    # Samples and logs hold any character; a terminal of another encoding must not end a command.
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
