"""Paints the drawing of a chart in the colours of the theme, and the crosshair over it.

Draws nothing itself: which character stands where comes from tokmon.tui.plot.
"""

from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region
from textual.strip import Strip

from tokmon.monitor.axis import Axis
from tokmon.tui.glyphs import Glyphs
from tokmon.tui.plot.reading import place_of, point_of_step
from tokmon.tui.plot.scales import column_of
from tokmon.tui.plot.sheet import Drawing, Layer
from tokmon.tui.widgets.chart_mouse import ChartMouse

_COMPONENTS = {layer: f"metric-chart--{layer.name.lower()}" for layer in Layer}


class ChartPainting(ChartMouse):
    """Subclasses say what the drawing is.

    Args:
        glyphs: the signs to draw with.
        id: of the widget.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = set(_COMPONENTS.values())
    DEFAULT_CSS = """
    ChartPainting > .metric-chart--raw { color: $chart-raw; }
    ChartPainting > .metric-chart--smooth { color: $chart-smooth; text-style: bold; }
    ChartPainting > .metric-chart--validation { color: $chart-validation; text-style: bold; }
    ChartPainting > .metric-chart--best { color: $chart-best; text-style: bold; }
    ChartPainting > .metric-chart--axis { color: $text-muted; }
    ChartPainting > .metric-chart--mark { color: $primary; }
    ChartPainting > .metric-chart--alert { color: $warning; text-style: bold; }
    ChartPainting > .metric-chart--crosshair { color: $foreground; }
    """

    def __init__(self, glyphs: Glyphs, *, id: str | None = None) -> None:  # noqa: A002  Textual's
        super().__init__(id=id)
        self.glyphs = glyphs
        self._blank_style = Style()

    def render_lines(self, crop: Region) -> list[Strip]:
        # Once for all lines: each look goes up to the screen, 0.1 ms.
        self._blank_style = self.rich_style
        return super().render_lines(crop)

    def render_line(self, y: int) -> Strip:
        drawing = self.drawing
        if y >= len(drawing.rows):
            return Strip.blank(self.size.width, self._blank_style)
        line = ":" if self.glyphs.is_ascii else "┆"
        runs = drawing.runs(y, self._crosshair_column(drawing), line)
        segments = [Segment(text, self._style(layer)) for text, layer in runs]
        return Strip(segments).adjust_cell_length(self.size.width, self._blank_style)

    def _crosshair_column(self, drawing: Drawing) -> int | None:
        line = self.primary
        if self.crosshair is None or drawing.area is None or line is None or self.scene is None:
            return None
        index, axis = point_of_step(line, self.crosshair), Axis(*self.scene.chart.span)
        x = None if index is None else place_of(line, index)
        is_in_sight = x is not None and axis.low <= x <= axis.high
        return column_of(x, axis, drawing.area) if is_in_sight and x is not None else None

    def _style(self, layer: Layer | None) -> Style:
        if layer is None:
            return self._blank_style
        return self.get_component_rich_style(_COMPONENTS[layer])
