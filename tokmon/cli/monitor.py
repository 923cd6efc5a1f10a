"""Opens the monitor on a run, for the commands that end in it."""

import os

from tokmon.rundir.layout import RunDir


def open_monitor(run: RunDir, notice: str = "") -> None:
    """Show `run` until the user leaves; `notice` is told once at the start."""
    # Deferred: textual and numpy cost 0.4 s that `tokmon --help` need not pay.
    from tokmon.monitor.sources.tokmon_run import RunSource
    from tokmon.tui.app import TokmonApp
    from tokmon.tui.glyphs import suited_to

    TokmonApp(run, RunSource(run), glyphs=suited_to(os.environ), notice=notice).run()
