"""The lines above and below a chart: what is drawn how, and the values there. Draws nothing."""

from dataclasses import dataclass

import numpy as np
from textual.content import Content

from tokmon.monitor.arrays import Floats
from tokmon.monitor.packed import PackedFloats
from tokmon.monitor.places import XAxis
from tokmon.monitor.state import RunState
from tokmon.report import figures
from tokmon.tui.glyphs import Glyphs
from tokmon.tui.plot.chart import Chart
from tokmon.tui.plot.marks import NAMES, Mark, sign
from tokmon.tui.plot.reading import Point, points_at
from tokmon.tui.plot.sheet import Layer
from tokmon.tui.plot.spec import ChartSpec, Smoothing, usual_smoothing
from tokmon.tui.plot.window import Window
from tokmon.tui.text import MUTED, STRONG, Part, foreign, words

_STYLES = {
    Layer.RAW: "$chart-raw",
    Layer.SMOOTH: "$chart-smooth",
    Layer.VALIDATION: "$chart-validation",
}
_TAIL = 1024


@dataclass(frozen=True, slots=True)
class Title:
    """Everything that the lines around one chart are made of."""

    spec: ChartSpec
    state: RunState
    chart: Chart
    window: Window
    smoothing: Smoothing
    is_cut: bool
    """Whether a logarithmic axis leaves values out."""
    glyphs: Glyphs

    def legend(self) -> list[Part]:
        """Return the name, and each line with its sign and its newest value."""
        raw, smooth, validation = self.glyphs.legend
        parts = [self._name()]
        if self.chart.lines and self.chart.lines[0].layer is Layer.RAW:
            parts.append(Part(words((raw, "$chart-raw"), " raw"), 3))
        newest = _last_finite(self.chart.lines[-1 - bool(self.spec.validation)].curve.values)
        if newest is not None:
            parts.append(self._named(smooth, Layer.SMOOTH, self._train, newest))
        if (value := self.state.latest.get(self.spec.validation)) is not None:
            parts.append(self._named(validation, Layer.VALIDATION, "val", value))
        if self.chart.best and self.state.best:
            told = f"{self.spec.show(self.chart.best[1])} at {self.state.best.step:,}"
            best = words((f"{self.glyphs.best} ", "$chart-best"), "best ", (told, STRONG))
            parts.append(Part(best, 2))
        return parts

    def reading(self, step: int) -> list[Part]:
        """Return the name, and what each line says at a step."""
        signs = dict(zip(_STYLES, self.glyphs.legend, strict=True))
        value = "train" if self.spec.validation else "value"
        average = value if self.smoothing is Smoothing.OFF else "EMA"
        names = {Layer.RAW: value, Layer.SMOOTH: average, Layer.VALIDATION: "val"}
        parts = [Part(foreign(self.spec.title)), Part(words("step ", (f"{step:,}", STRONG)), 0)]
        for point in points_at(self.chart.lines, step):
            named = self._named(signs[point.layer], point.layer, names[point.layer], point.value)
            parts.append(Part(named.content + self._where(point, step), named.priority))
        if (lr := self._lr(step)) is not None:
            parts.append(Part(words("lr ", (figures.learning_rate(lr), STRONG)), 2))
        return parts

    def marks(self) -> list[Part]:
        """Return the signs on the x line that are in sight, with their names and how many."""
        low, high = self.chart.span
        seen = [marked.mark for marked in self.chart.marks if low <= marked.x <= high]
        return [self._mark(mark, seen.count(mark)) for mark in Mark if mark in seen]

    def _name(self) -> Part:
        name = [
            self.spec.title,
            *(["log y"] if self.chart.is_log else []),
            *(["values not above zero left out"] if self.is_cut else []),
            *([f"by {self.window.axis}"] if self.window.axis is not XAxis.STEP else []),
            *([self._smoothing()] if self._smoothing() else []),
            *(["following"] if self.window.is_following else []),
            *(["zoomed"] if self.window.span and not self.window.is_following else []),
        ]
        return Part(foreign(", ".join(name)), 0)

    def _smoothing(self) -> str:
        if self.smoothing is usual_smoothing(self.spec):
            return ""
        names = {Smoothing.OFF: "no average", Smoothing.DEFAULT: "average"}
        return names.get(self.smoothing, f"{self.smoothing.name.lower()} average")

    @property
    def _train(self) -> str:
        return "train" if self.spec.validation else self._average

    @property
    def _average(self) -> str:
        return "value" if self.smoothing is Smoothing.OFF else "average"

    def _named(self, sign: str, layer: Layer, name: str, value: float) -> Part:
        shown = self.spec.show(value) if np.isfinite(value) else "null"
        return Part(words((f"{sign} ", _STYLES[layer]), f"{name} ", (shown, STRONG)), 1)

    @staticmethod
    def _where(point: Point, step: int) -> Content:
        """Say so where a value is older than the step that was asked for."""
        return words() if point.step == step else words((f" at {point.step:,}", MUTED))

    def _lr(self, step: int) -> float | None:
        frame = self.state.frame
        row = int(frame.steps.searchsorted(step))
        column = frame.columns.get("lr")
        is_known = column is not None and row < len(frame) and frame.steps[row] == step
        if not is_known or column is None or self.spec.key == "lr":
            return None
        return float(column.values[row])

    def _mark(self, mark: Mark, count: int) -> Part:
        style = "bold $warning" if mark.is_alert else "$primary"
        drawn = sign(mark, is_ascii=self.glyphs.is_ascii)
        name = NAMES[mark] if count == 1 else f"{count:,} {NAMES[mark]}s"
        return Part(words((drawn, style), (f" {name}", MUTED)), 4)


def _last_finite(values: Floats | PackedFloats) -> float | None:
    for begin in (-_TAIL, 0):
        part = values[begin:]
        found = np.flatnonzero(np.isfinite(part))
        if len(found):
            return float(part[found[-1]])
    return None
