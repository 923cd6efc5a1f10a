"""The first line: which run, how it is, where and since when, and how old the data are."""

from textual.content import Content
from textual.geometry import Size

from tokmon.monitor.durations import age
from tokmon.monitor.state import Phase, RunState
from tokmon.tui.text import (
    MUTED,
    PHASE_STYLES,
    STRONG,
    Part,
    clock,
    foreign,
    shortened,
    spread,
    words,
)
from tokmon.tui.widgets.pane import Pane

# Of the others the name says enough, or an alert gives the reason.
_EXPLAINED_PHASES = {Phase.STARTING, Phase.PAUSED, Phase.STOPPED}
_OLD_S = 10


class RunHeader(Pane):
    """One line."""

    def draw(self, state: RunState, size: Size) -> Content:
        width = size.width
        phase = state.health.phase
        name_width = max(8, width - len(phase) - 4)
        parts = [
            Part(words((shortened(state.experiment, name_width, self.glyphs), STRONG))),
            Part(words((f"{self.glyphs.phases[phase]} {phase}", PHASE_STYLES[phase]))),
        ]
        if phase in _EXPLAINED_PHASES:
            parts.append(Part(foreign(state.health.reason), 2))
        about = [*self._loading(state), *self._device(state), *self._start(state)]
        return spread(parts, [*about, *self._age(state)], width)

    def _loading(self, state: RunState) -> list[Part]:
        if not state.is_loading:
            return []
        return [Part(words((f"reading log {state.loaded_fraction:.0%}", "$primary")), 1)]

    def _device(self, state: RunState) -> list[Part]:
        device = state.info.device if state.info else {}
        name, dtype = device.get("name") or device.get("type"), device.get("dtype")
        known = [str(word) for word in (name, dtype) if word]
        return [Part(foreign(f" {self.glyphs.dot} ".join(known), MUTED), 5)] if known else []

    def _start(self, state: RunState) -> list[Part]:
        if state.started is None:
            return []
        return [Part(words((f"started {clock(state.started, state.now)}", MUTED)), 4)]

    def _age(self, state: RunState) -> list[Part]:
        """Tell the age of the data, or when a run ended whose data age no more."""
        if state.updated is None:
            return []
        if not state.health.phase.is_live:
            return [Part(words((f"ended {clock(state.updated, state.now)}", MUTED)), 3)]
        age_s = max(0.0, state.now - state.updated)
        style = "$warning" if age_s >= _OLD_S else MUTED
        return [Part(words((f"data {age(age_s)} old", style)), 3)]
