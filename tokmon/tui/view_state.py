"""What a person had set, run by run, between two visits: a small file in the state folder.

A file that cannot be read is never fatal: it is replaced, and that is said. Knows no widget.
"""

import math
from pathlib import Path
from typing import TypeVar

import msgspec

from tokmon.rundir.atomic import write_atomic
from tokmon.rundir.layout import RunDir
from tokmon.tui.state_folder import tilde

MAX_RUNS = 200
FILE_NAME = "views.json"
_SCHEMA_VERSION = 2
"""2 added `is_following` and `charts`; a file of version 1 is read as it stands."""

Range = tuple[float, float]


class WindowView(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What of the x axis was in sight; None is what the program would choose."""

    x_axis: str | None = None
    """step, tokens or a time."""
    chart_range: Range | None = None
    """In the unit of the axis; None for all of it."""
    is_following: bool = False
    """Whether the right edge stayed at the newest point: the range says how much was shown."""


class DrawnView(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How one curve was drawn."""

    is_log: bool = False
    """Whether its y axis was logarithmic."""
    smoothing: float | None = None
    """Weight of the past in the average, 0 for none; None is as usual."""


class ChartsView(WindowView, frozen=True, kw_only=True, omit_defaults=True):
    """How the screen of charts was left."""

    keys: tuple[str, ...] = ()
    """The metrics that had a chart, in order; foreign text."""
    current: str | None = None
    """The one that the keys acted on."""
    is_alone: bool = False
    """Whether it had the screen to itself."""
    drawn: dict[str, DrawnView] = {}
    """By metric, what was not as usual."""


class View(WindowView, frozen=True, kw_only=True, omit_defaults=True):
    """How one run was looked at."""

    visited_at: float = 0.0
    """End of the last visit, seconds since 1970; 0 if there was none."""
    is_log: bool = False
    """Whether the loss axis was logarithmic."""
    view: str | None = None
    """The pane that a small terminal showed."""
    smoothing: float | None = None
    """Of the loss, as in DrawnView."""
    focused: str | None = None
    """Id of the pane that had the focus."""
    charts: ChartsView | None = None
    """None if they were never opened."""


W = TypeVar("W", bound=WindowView)


class _Views(msgspec.Struct, frozen=True, kw_only=True):
    version: int = _SCHEMA_VERSION
    theme: str | None = None
    runs: dict[str, View] = {}


class ViewMemory:
    """Reads at the start, writes at the end; other monitors may have written in between."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE_NAME
        self.notice = ""
        """What the user should know of the file; mostly nothing."""
        self._is_newer = False

    def view_of(self, run: RunDir) -> View:
        """Return how `run` was left; the defaults if it was never seen."""
        return self._read().runs.get(_key(run), View())

    @property
    def theme(self) -> str | None:
        """The theme that was chosen last, for all runs."""
        return self._read().theme

    def keep(self, run: RunDir, view: View, *, theme: str | None = None) -> str:
        """Write how `run` is left, and drop the runs that were not seen for longest.

        Returns:
            Why it could not be written; nothing if it was.
        """
        views = self._read()
        if self._is_newer:
            return f"{tilde(self.path)}: left as it is, for the newer tokmon that wrote it"
        runs = views.runs | {_key(run): _writable(view)}
        newest = sorted(runs, key=lambda key: runs[key].visited_at)[-MAX_RUNS:]
        kept = _Views(theme=theme or views.theme, runs={key: runs[key] for key in newest})
        try:
            content = msgspec.json.format(msgspec.json.encode(kept), indent=1)
            self.path.parent.mkdir(parents=True, exist_ok=True)
            write_atomic(self.path, content)
        except OSError as error:
            return f"{tilde(self.path)}: views are not kept: {error.strerror or error}"
        except UnicodeEncodeError:
            return f"{tilde(self.path)}: the view is not kept: a name in it is not Unicode"
        return ""

    def _read(self) -> _Views:
        try:
            views = msgspec.json.decode(self.path.read_bytes(), type=_Views)
        except FileNotFoundError:
            return _Views()
        except (OSError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            self.notice = f"{tilde(self.path)}: cannot be read ({error}); views start afresh"
            return _Views()
        self._is_newer = views.version > _SCHEMA_VERSION
        if self._is_newer:
            self.notice = f"{tilde(self.path)}: written by a newer tokmon; views are not kept"
            return _Views()
        return views


def _writable(view: View) -> View:
    """Return the view without what JSON cannot hold: an infinite range would cost the file."""
    charts = view.charts and _finite(view.charts)
    return msgspec.structs.replace(_finite(view), charts=charts)


def _finite(view: W) -> W:
    is_finite = view.chart_range is None or all(map(math.isfinite, view.chart_range))
    return view if is_finite else msgspec.structs.replace(view, chart_range=None)


def _key(run: RunDir) -> str:
    return str(run.path.absolute())
