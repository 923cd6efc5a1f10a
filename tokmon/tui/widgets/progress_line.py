"""How far the run is, how fast it goes, and when it will be done."""

from textual.content import Content
from textual.geometry import Size

from tokmon.monitor.durations import duration
from tokmon.monitor.state import RunState
from tokmon.report import figures
from tokmon.tui.text import MUTED, STRONG, Part, bar, clock, fit, words
from tokmon.tui.widgets.pane import Pane

_MIN_BAR = 8
_TWO_LINES = 2


class ProgressLine(Pane):
    """Percent and a bar, its numbers behind it or on a second line where there is one."""

    def draw(self, state: RunState, size: Size) -> Content:
        width, height = size
        fraction = self._fraction(state)
        percent = words((f"{100 * fraction:.1f} %", STRONG)) if fraction is not None else Content()
        if height >= _TWO_LINES:
            full = bar(fraction or 0.0, width - percent.cell_length - 1, self.glyphs)
            facts = fit(self._facts(state), width)
            return words(percent, " ", full, "\n", facts)
        facts = fit(self._facts(state), width - percent.cell_length - _MIN_BAR - 3, gap="  ")
        room = width - percent.cell_length - facts.cell_length - 3
        full = bar(fraction or 0.0, max(0, room), self.glyphs)
        return words(percent, " ", full, "  ", facts)

    def _fraction(self, state: RunState) -> float | None:
        if state.step is None or not state.max_steps:
            return None
        return state.step / state.max_steps

    def _facts(self, state: RunState) -> list[Part]:
        of_all = f"/{state.max_steps:,}" if state.max_steps else ""
        parts = [Part(words("step ", (f"{figures.count(state.step)}{of_all}", STRONG)), 1)]
        if state.eta:
            ends = clock(state.eta.ends_at, state.now)
            parts.append(Part(words("ETA ", (state.eta.in_words(), STRONG), (f" ({ends})", MUTED))))
            earliest, latest = (
                clock(state.now + left_s, state.now)
                for left_s in (state.eta.earliest_s, state.eta.latest_s)
            )
            if earliest != latest:
                parts.append(Part(words((f"likely {earliest} to {latest}", MUTED)), 6))
        if state.steps_per_sec is not None:
            parts.append(Part(words((figures.rate(state.steps_per_sec), STRONG), " steps/s"), 2))
        if state.tokens_per_sec is not None:
            speed = figures.compact(state.tokens_per_sec)
            parts.append(Part(words((speed, STRONG), " tokens/s"), 3))
        if (elapsed_s := state.latest.get("elapsed_s")) is not None:
            parts.append(Part(words("trained ", (duration(elapsed_s), STRONG)), 4))
        if (epoch := state.latest.get("epoch")) is not None:
            parts.append(Part(words("epoch ", (f"{epoch:.2f}", STRONG)), 5))
        return parts
