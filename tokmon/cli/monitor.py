"""Opens the monitor, for the commands that end in it."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tokmon.rundir.layout import RunDir

if TYPE_CHECKING:
    from tokmon.monitor.sources.tokmon_run import RunSource
    from tokmon.monitor.state import RunState


def open_monitor(run: RunDir) -> None:
    """Show `run` until the user leaves.

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
    _open(run, source, state=state)


def open_list(folders: Sequence[Path]) -> None:
    """Show the runs in some folders until the user leaves."""
    _open(None, folders=folders)


def _open(
    run: RunDir | None,
    source: RunSource | None = None,
    *,
    state: RunState | None = None,
    folders: Sequence[Path] = (),
) -> None:
    from tokmon.monitor.notify_settings import load, settings_path
    from tokmon.tui.app import TokmonApp
    from tokmon.tui.glyphs import suited_to
    from tokmon.tui.state_folder import state_folder
    from tokmon.tui.view_state import ViewMemory

    _forget_inherited_size()
    app = TokmonApp(
        run,
        source,
        state=state,
        folders=folders,
        glyphs=suited_to(os.environ),
        notify=load(settings_path(os.environ)),
        memory=ViewMemory(state_folder(os.environ)),
    )
    app.run()


def _forget_inherited_size() -> None:
    """Let the terminal tell its size, at the start and when it is resized.

    Textual believes COLUMNS and LINES first; a parent that exports them (a Python with readline
    does) froze the monitor at the size of that parent's terminal.
    """
    for name in ("COLUMNS", "LINES"):
        os.environ.pop(name, None)
