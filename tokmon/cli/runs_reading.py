"""Reads all runs of a folder for `tokmon runs`, and speaks on stderr."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tokmon.rundir.errors import TokmonError

if TYPE_CHECKING:
    from tokmon.monitor.run_list import RunListState


def read_runs(logs: Path) -> RunListState:
    """Return all runs of a folder.

    Raises:
        TokmonError: the folder is not there, or cannot be read.
    """
    from tokmon.monitor.run_list import RunList

    listed = RunList([logs])
    state = listed.poll(time.time())
    while state.is_reading:
        state = listed.poll(time.time())
    if state.faults and not state.runs:
        raise TokmonError(state.faults[0], "name the folder of runs with --logs")
    return state


def say(line: str) -> None:
    """Tell people something; foreign text in it is made harmless."""
    from tokmon.monitor.visible import visible

    click.echo(visible(line), err=True)
