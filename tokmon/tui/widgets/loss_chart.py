"""Training and validation loss by step: every value counts, the smallest spike is drawn."""

from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Size
from textual.reactive import reactive
from textual.strip import Strip
from textual.widget import Widget

from tokmon.monitor.state import RunState
from tokmon.report import figures
from tokmon.tui.glyphs import Glyphs
from tokmon.tui.plot.chart import Curves, Drawing, Layer, draw
from tokmon.tui.text import STRONG, Part, fit, words

_COMPONENTS = {
    Layer.RAW: "loss-chart--raw",
    Layer.SMOOTH: "loss-chart--smooth",
    Layer.VALIDATION: "loss-chart--validation",
    Layer.BEST: "loss-chart--best",
    Layer.AXIS: "loss-chart--axis",
}


class LossChart(Widget, can_focus=True):
    """Raw loss as a band, its debiased average as a line, validation dashed, the best marked."""

    COMPONENT_CLASSES: ClassVar[set[str]] = set(_COMPONENTS.values())
    BORDER_TITLE = "Loss"

    state: reactive[RunState | None] = reactive(None, init=False, repaint=False)
    """Whose loss to draw."""
    is_log: reactive[bool] = reactive(False)
    """Whether the loss axis is logarithmic."""

    def __init__(self, glyphs: Glyphs, *, id: str | None = None) -> None:  # noqa: A002  Textual's
        super().__init__(id=id)
        self._glyphs = glyphs
        self._drawing: Drawing | None = None
        self._drawn_size = Size(0, 0)

    def watch_state(self, before: RunState | None, state: RunState) -> None:
        if before is None or before.frame is not state.frame or before.best != state.best:
            self._drawing = None
            self.refresh()
            self._entitle()

    def watch_is_log(self) -> None:
        self._drawing = None
        self._entitle()

    def on_mount(self) -> None:
        self._entitle()

    def on_resize(self) -> None:
        self._entitle()

    def render_line(self, y: int) -> Strip:
        size = self.size
        if self._drawing is None or self._drawn_size != size:
            self._drawing, self._drawn_size = self._draw(size), size
        if y >= len(self._drawing.rows):
            return Strip.blank(size.width, self.rich_style)
        return self._strip(self._drawing, y)

    def _draw(self, size: Size) -> Drawing:
        curves = Curves() if self.state is None else Curves.of(self.state)
        return draw(curves, size.width, size.height, self._glyphs, is_log=self.is_log)

    def _strip(self, drawing: Drawing, y: int) -> Strip:
        segments = [Segment(text, self._style(layer)) for text, layer in drawing.runs(y)]
        return Strip(segments).adjust_cell_length(self._drawn_size.width, self.rich_style)

    def _style(self, layer: Layer | None) -> Style:
        if layer is None:
            return self.rich_style
        return self.get_component_rich_style(_COMPONENTS[layer])

    def _entitle(self) -> None:
        """Name each line in the border, with the sign that it is drawn with."""
        name = Part(words("Loss, log y" if self.is_log else "Loss"))
        parts = [name, *(self._legend(self.state) if self.state else [])]
        self.border_title = fit(parts, max(1, self.outer_size.width - 6))

    def _legend(self, state: RunState) -> list[Part]:
        raw, smooth, validation = self._glyphs.legend
        train = state.frame.smooth("train_loss").finite().values
        parts = [Part(words((raw, "$chart-raw"), " raw"), 3)]
        if len(train):
            value = figures.loss(float(train[-1]))
            parts.append(_named(smooth, "$chart-smooth", "train", value, 1))
        if (val_loss := state.latest.get("val_loss")) is not None:
            value = figures.loss(val_loss)
            parts.append(_named(validation, "$chart-validation", "val", value, 1))
        if state.best:
            value = f"{figures.loss(state.best.val_loss)} at {state.best.step:,}"
            parts.append(_named(self._glyphs.best, "$chart-best", "best", value, 2))
        return parts


def _named(sign: str, style: str, name: str, value: str, priority: int) -> Part:
    return Part(words((f"{sign} ", style), f"{name} ", (value, STRONG)), priority)
