"""Opens the monitor on a run, for the commands that end in it."""

import os
import sys
import time

import click

from tokmon.rundir.layout import RunDir


def open_monitor(run: RunDir, notice: str = "") -> None:
    """Show `run` until the user leaves; `notice` is told once at the start.

    The current numbers are printed first: they are there in half the time that the screen takes to
    load, and stand above the prompt when it is left.
    """
    # Deferred: textual and numpy cost 0.4 s that `tokmon --help` need not pay.
    from tokmon.monitor.sources.tokmon_run import RunSource
    from tokmon.monitor.visible import visible
    from tokmon.report.status import in_one_line

    source = RunSource(run)
    state = source.poll(time.time())
    if sys.stdout.isatty():
        click.echo(visible(in_one_line(state)))
    from tokmon.tui.app import TokmonApp
    from tokmon.tui.glyphs import suited_to

    TokmonApp(run, source, state=state, glyphs=suited_to(os.environ), notice=notice).run()
