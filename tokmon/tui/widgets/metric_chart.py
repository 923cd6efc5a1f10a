"""One metric as a chart that can be looked into: zoom, pan, crosshair, other axes.

What is drawn comes from tokmon.tui.plot; this turns states and what the user chose into it.
"""

from typing import ClassVar

from textual.binding import BindingType
from textual.geometry import Size
from textual.reactive import reactive

from tokmon.monitor.curve_book import CurveBook
from tokmon.monitor.places import Places, XAxis
from tokmon.monitor.state import RunState
from tokmon.tui.glyphs import Glyphs
from tokmon.tui.plot.chart import Chart, draw
from tokmon.tui.plot.scene import Scene, scene
from tokmon.tui.plot.sheet import Drawing
from tokmon.tui.plot.spec import ChartSpec, Smoothing
from tokmon.tui.plot.window import Window
from tokmon.tui.text import MUTED, Part, fit, foreign, words
from tokmon.tui.widgets.chart_keys import CHART_BINDINGS
from tokmon.tui.widgets.chart_painting import ChartPainting
from tokmon.tui.widgets.chart_title import Title

_TITLE_MARGIN = 6


class MetricChart(ChartPainting, can_focus=True):
    """Raw values as a band, their debiased average as a line, validation dashed, the best marked.

    Args:
        spec: what is drawn.
        glyphs: the signs to draw with.
        book: curves that are shared with other charts of the run.
        id: of the widget.
    """

    BINDINGS: ClassVar[list[BindingType]] = CHART_BINDINGS

    state: reactive[RunState | None] = reactive(None, init=False, repaint=False)
    """Whose metric to draw."""
    note: reactive[str] = reactive("", init=False, repaint=False)
    """What else the screen has to say in the title; our own text."""

    def __init__(
        self,
        spec: ChartSpec,
        glyphs: Glyphs,
        book: CurveBook | None = None,
        *,
        id: str | None = None,  # noqa: A002  Textual's
    ) -> None:
        super().__init__(glyphs, id=id)
        self.spec = spec
        self.book = book or CurveBook()
        self._scene: Scene | None = None
        self._drawing: Drawing | None = None
        self._drawn_size = Size(0, 0)
        self._is_parked = False
        if not spec.is_smoothed:
            self.set_reactive(MetricChart.smoothing, Smoothing.OFF)

    def watch_state(self, before: RunState | None, state: RunState) -> None:
        self.book.follow(state)
        if before is None or _drawn_of(before) != _drawn_of(state):
            self.renew()

    def watch_is_log(self) -> None:
        self.renew()

    def watch_window(self) -> None:
        self.renew()

    def watch_smoothing(self) -> None:
        self.renew()

    def watch_crosshair(self) -> None:
        self.refresh()
        self._entitle()

    def watch_note(self) -> None:
        self._entitle()

    def on_mount(self) -> None:
        self._entitle()

    def on_resize(self) -> None:
        self._entitle()

    def on_hide(self) -> None:
        self._is_parked = True

    def on_show(self) -> None:
        self._is_parked = False
        self.renew()

    def renew(self) -> None:
        """Draw again: what is drawn has changed."""
        self._scene = self._drawing = None
        self.refresh()
        self._entitle()

    @property
    def scene(self) -> Scene | None:
        """What is drawn, and within which bounds; None before the first state."""
        if self._scene is None and self.state is not None:
            self._scene = scene(
                self.book,
                self.spec,
                self.state,
                self.window,
                self.smoothing,
                is_log=self.is_log,
            )
            if not self._scene.is_complete:
                self.call_later(self.renew)
        return self._scene

    def axes(self) -> list[XAxis]:
        return self.book.axes()

    def places_of(self, window: Window) -> Places:
        is_of_host = self.book.is_of_host(self.spec.key)
        return (self.book.host_places if is_of_host else self.book.places)(window.axis)

    @property
    def drawing(self) -> Drawing:
        """The characters for the present size."""
        size = self.size
        if self._drawing is None or self._drawn_size != size:
            chart = self.scene.chart if self.scene else Chart()
            self._drawing = draw(chart, size.width, size.height, self.glyphs)
            self._drawn_size = size
        return self._drawing

    def _entitle(self) -> None:
        """Name each line in the border, with the sign that it is drawn with."""
        room = max(1, self.outer_size.width - _TITLE_MARGIN)
        if self._is_parked or not self.size or self.scene is None or self.state is None:
            self.border_title = foreign(self.spec.title)
            return
        title = Title(
            self.spec,
            self.state,
            self.scene.chart,
            self.window,
            self.smoothing,
            self.drawing.is_cut,
            self.glyphs,
        )
        note = [Part(words((self.note, MUTED)), 1)] if self.note else []
        parts = title.legend() if self.crosshair is None else title.reading(self.crosshair)
        has_bottom = self.styles.border_bottom[0] not in ("", "none", "hidden")
        self.border_title = fit([*parts, *note, *([] if has_bottom else title.marks())], room)
        self.border_subtitle = fit(title.marks() if has_bottom else [], room)


def _drawn_of(state: RunState) -> tuple[object, ...]:
    return id(state.frame), state.best, state.events, state.systems
