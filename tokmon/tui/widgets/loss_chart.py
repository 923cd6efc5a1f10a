"""Training and validation loss: every value counts, the smallest spike is drawn."""

import numpy as np

from tokmon.tui.glyphs import Glyphs
from tokmon.tui.plot.spec import LOSS
from tokmon.tui.widgets.metric_chart import MetricChart


class LossChart(MetricChart):
    """The chart of the dashboard."""

    def __init__(self, glyphs: Glyphs, *, id: str | None = None) -> None:  # noqa: A002  Textual's
        super().__init__(LOSS, glyphs, id=id)

    def steps_in_sight(self) -> tuple[int, int]:
        """Return the first and the last logged step that the chart shows; 0, 0 without any."""
        places = self.places_of(self.window)
        whole = places.reach()
        if whole is None:
            return 0, 0
        low, high = self.window.over(whole)
        shown = places.steps[(np.asarray(places.x) >= low) & (np.asarray(places.x) <= high)]
        return (int(shown[0]), int(shown[-1])) if len(shown) else (0, 0)
