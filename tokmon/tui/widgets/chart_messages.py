"""What a chart tells the screen it stands on. Past tense; the screen decides."""

from dataclasses import dataclass

from textual.message import Message
from textual.widget import Widget

from tokmon.tui.plot.window import Window


@dataclass
class ChartMessage(Message):
    """Something that the user did in a chart."""

    chart: Widget

    @property
    def control(self) -> Widget:
        """The chart, for the selectors of Textual's `on` decorator."""
        return self.chart


@dataclass
class CrosshairMoved(ChartMessage):
    """The crosshair points at another step."""

    step: int | None
    """Training step; None where it was taken away."""


@dataclass
class WindowChanged(ChartMessage):
    """Another part of the x axis, or another x axis, is in sight."""

    window: Window


@dataclass
class PickerRequested(ChartMessage):
    """The user wants to choose a metric."""
