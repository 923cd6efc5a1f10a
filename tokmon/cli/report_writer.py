"""Writes the page of a run, once or whenever the run has changed. Touches nothing of the run."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tokmon.monitor.config_search import find_config
from tokmon.monitor.discover import locate
from tokmon.monitor.output_files import is_of_run, output_files
from tokmon.monitor.sources.tokmon_run import RunSource
from tokmon.monitor.state import Phase
from tokmon.monitor.visible import visible
from tokmon.report.html import as_html
from tokmon.report.markdown import as_markdown
from tokmon.report.publishing import publish
from tokmon.report.run_page import run_page
from tokmon.report.shell import Shell
from tokmon.report.subject import Subject
from tokmon.rundir.errors import TokmonError

if TYPE_CHECKING:
    from tokmon.monitor.state import RunState
    from tokmon.rundir.layout import RunDir

_LOOK_EVERY_S = 0.5
_WRITE_EVERY_S = 5.0
"""While it trains a run changes with every heartbeat; a new state is written at once."""
_MOST_OF_THE_TIME = 0.05
"""A page of a very long log takes seconds: writing it is to take no more than this share."""
_REFRESH_S = 15
_HTML_SUFFIXES = frozenset({".html", ".htm"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What the user asked for."""

    run: Path
    """A run directory, or an experiment's name."""
    against: Path | None = None
    """Another one."""
    logs: Path = Path("logs")
    """Where names are looked up."""
    page: Path | None = None
    """None for stdout."""
    is_html: bool = False
    is_watched: bool = False
    commands: frozenset[str] = frozenset()
    """Commands of this tokmon."""

    @property
    def as_html(self) -> bool:
        """Whether HTML is wanted, by the option or by the file's name."""
        return self.is_html or (
            self.page is not None and self.page.suffix.lower() in _HTML_SUFFIXES
        )


class ReportWriter:
    """One run, perhaps another one beside it, and where the page goes.

    Raises:
        TokmonError: a run is not there, or the page would take the place of a file of the run.
    """

    def __init__(self, wish: Wish) -> None:
        self.wish = wish
        run = _one(wish.run, wish.logs)
        if wish.page is not None and is_of_run(wish.page, run):
            raise TokmonError(f"{wish.page}: is a file of the run", "name another place with -o")
        self._source = RunSource(run)
        self._other: RunSource | None = None
        if wish.against is not None:
            self._other = RunSource(_another(wish.against, wish.logs, run))

    def look(self) -> RunState:
        """Return the state after all of the log is read."""
        return _whole(self._source)

    def write(self, state: RunState) -> None:
        """Write the page of one moment."""
        document, wish = run_page(self._subject(state)), self.wish
        if wish.page is None and wish.as_html:
            # Bytes: the page says that it is UTF-8, whatever the terminal has.
            click.echo(as_html(document).encode(), nl=False)
        elif wish.page is None:
            click.echo(as_markdown(document, {}), nl=False)
        else:
            is_followed = wish.is_watched and state.health.phase.is_live
            refresh_s = _REFRESH_S if is_followed else None
            publish(document, wish.page, is_html=wish.as_html, refresh_s=refresh_s)

    def _subject(self, state: RunState) -> Subject:
        folder = Path.cwd()
        config = state.info.config if state.info else {}
        return Subject(
            state=state,
            shell=Shell(folder=folder, commands=self.wish.commands),
            files=output_files(state.run),
            config=find_config(state.experiment, config, folder) if config else None,
            against=None if self._other is None else _whole(self._other),
            page=self.wish.page,
        )


class Follower:
    """Keeps a page current.

    Args:
        writer: of the page.
        say: tells people a line.
    """

    def __init__(self, writer: ReportWriter, say: Callable[[str], None]) -> None:
        self._writer = writer
        self._say = say
        self._written: RunState | None = None
        self._fault = ""
        self._next_at = 0.0

    def follow(self) -> None:
        """Write whenever the run has changed, until it has ended."""
        while True:
            state = self._writer.look()
            if self._is_due(state):
                self._write(state)
            if not state.health.phase.is_live and not self._fault:
                return
            time.sleep(_LOOK_EVERY_S)

    def _is_due(self, state: RunState) -> bool:
        if self._written is None:
            return True
        if _turn(state) is not _turn(self._written) and not self._fault:
            return True
        return state.revision != self._written.revision and time.monotonic() >= self._next_at

    def _write(self, state: RunState) -> None:
        begun = time.monotonic()
        try:
            self._writer.write(state)
        except TokmonError as error:
            # At first it is the user's mistake; later a full disk, which may pass.
            if self._written is None:
                raise
            self._tell_fault(str(error))
        else:
            self._fault = ""
            self._tell_phase(state)
            self._written = state
        taken_s = time.monotonic() - begun
        self._next_at = begun + max(_WRITE_EVERY_S, taken_s / _MOST_OF_THE_TIME)

    def _tell_fault(self, fault: str) -> None:
        if fault != self._fault:
            self._say(f"Error: {fault}")
        self._fault = fault

    def _tell_phase(self, state: RunState) -> None:
        if self._written is None or _turn(state) is not _turn(self._written):
            phase = state.health.phase
            self._say(visible(f"{self._writer.wish.page}: {state.experiment} is {phase}"))


def _turn(state: RunState) -> Phase:
    """Return the phase; evaluating and saving are parts of running, and come and go."""
    phase = state.health.phase
    return Phase.RUNNING if phase.is_progressing else phase


def _whole(source: RunSource) -> RunState:
    state = source.poll(time.time())
    while state.is_loading:
        state = source.poll(time.time())
    return replace(state, now=time.time())


def _one(path: Path, logs: Path) -> RunDir:
    """Return the run at a path or of a name.

    Raises:
        TokmonError: there is none, or there are several.
    """
    found = locate(path, logs)
    if found.candidates > 1:
        raise TokmonError(
            f"{found.folder}: holds {found.candidates} runs",
            f"name one of them, such as the newest, {found.run.path}",
        )
    return found.run


def _another(path: Path, logs: Path, run: RunDir) -> RunDir:
    found = _one(path, logs)
    if found.path.resolve() == run.path.resolve():
        raise TokmonError(f"{path}: is the run itself", "name another one with --against")
    return found
