"""GPUs and host of a run, and where the sample is from. Never invents a number."""

import platform
from dataclasses import dataclass, replace

from textual.content import Content
from textual.geometry import Size
from textual.message import Message
from textual.reactive import reactive

from tokmon.monitor.durations import age
from tokmon.monitor.state import RunState
from tokmon.report import figures
from tokmon.rundir.records import System
from tokmon.tui.host_reader import HostReading
from tokmon.tui.host_source import ShownSample, shown_sample
from tokmon.tui.text import MUTED, Part, fit, foreign, words
from tokmon.tui.widgets.gpu_lines import GpuLines
from tokmon.tui.widgets.pane import Pane

_TITLE = "GPU and host"
_TITLE_MARGIN = 4
_HOST_ROWS = 2


class SystemPane(Pane):
    """Lines for the GPUs, the host below; the title says if the sample is old or not of the log."""

    BORDER_TITLE = _TITLE
    _wanted_lines = 1
    _is_in_sight = False
    _shown: tuple[ShownSample | None, Size] | None = None
    """What is on the screen, but for its age: most ticks bring nothing else."""

    reading: reactive[HostReading | None] = reactive(None, init=False, repaint=False)
    """What the monitor has read of this host itself, for when the run's log has nothing newer."""

    @dataclass
    class SightChanged(Message):
        """The pane has come into sight, or has gone."""

        is_in_sight: bool

    def on_show(self) -> None:
        self._tell_sight(bool(self.size))  # none yet, where the screen is still to be arranged

    def on_hide(self) -> None:
        self._tell_sight(False)

    def _tell_sight(self, is_in_sight: bool) -> None:
        if is_in_sight != self._is_in_sight:
            self._is_in_sight = is_in_sight
            self.post_message(self.SightChanged(is_in_sight))

    def on_resize(self) -> None:
        self._tell_sight(bool(self.size))
        if self.state is not None:
            self._entitle(self._sample(self.state))

    def get_content_height(self, *_: object) -> int:
        return self._wanted_lines

    def watch_reading(self) -> None:
        if self.state is not None:
            self.watch_state(self.state)

    def watch_state(self, state: RunState) -> None:
        sample = self._sample(state)
        if self._shown == (shown := (_without_age(sample), self.content_size)):
            return
        self._shown = shown
        wanted = self._lines_for(sample, state)
        if wanted != self._wanted_lines:
            self._wanted_lines = wanted
            self.refresh(layout=True)
        self._entitle(sample)
        super().watch_state(state)

    def _sample(self, state: RunState) -> ShownSample | None:
        return shown_sample(state, self.reading, platform.node())

    def _lines_for(self, sample: ShownSample | None, state: RunState) -> int:
        """Return the height that shows everything."""
        if sample is None:
            return 1
        return self._gpus(sample, state).wanted_rows(max(1, self.content_size.width)) + _HOST_ROWS

    def draw(self, state: RunState, size: Size) -> Content:
        width, height = size
        sample = self._sample(state)
        if sample is None:
            return _nothing(state, width)
        host = _host(sample.system, width)[: _host_rows(len(sample.system.gpus), height)]
        lines = [*self._gpus(sample, state).lines(width, height - len(host)), *host]
        return Content("\n").join(lines[:height])

    def _gpus(self, sample: ShownSample, state: RunState) -> GpuLines:
        return GpuLines(
            system=sample.system,
            trainer_pid=state.info.pid if state.info else None,
            own_pids=sample.own_pids,
            glyphs=self.glyphs,
        )

    def _entitle(self, sample: ShownSample | None) -> None:
        """Say in the border where the sample is from, in as many words as there is room for."""
        room = self.outer_size.width - _TITLE_MARGIN
        titles = [words(_TITLE)] if sample is None else [*_titles(sample), words(_TITLE)]
        title = next((one for one in titles if one.cell_length <= room), titles[-1])
        if self.border_title != title.markup:
            self.border_title = title


def _host_rows(gpus: int, height: int) -> int:
    """Return how many lines the GPUs leave to the host: none where each of several just fits."""
    if height >= _HOST_ROWS + max(1, gpus):
        return _HOST_ROWS
    return 0 if gpus == height > 1 else 1


def _without_age(sample: ShownSample | None) -> ShownSample | None:
    """Leave out an age that is not told: it alone is no reason to draw anew."""
    if sample is None or sample.is_old or sample.age_s is None:
        return sample
    return replace(sample, age_s=0.0)


def _titles(sample: ShownSample) -> list[Content]:
    """Return the title at several lengths, the longest first.

    A sample of the run's log that is as new as they are says nothing: that is the usual one.
    """
    if not sample.is_read_here and not sample.is_old:
        return []
    told_age = ", time unknown" if sample.age_s is None else f", {age(sample.age_s)} ago"
    ago = told_age if sample.is_old else ""
    origins = ["read here"] if sample.is_read_here else ["from the run's log", "log"]
    sign, style = ("! ", "$warning") if sample.is_old else ("", MUTED)
    told = [(f"{sign}{origin}{ago}", style) for origin in origins]
    return [words(f"{_TITLE}   ", one) for one in told] + [words("GPU   ", told[-1])]


def _nothing(state: RunState, width: int) -> Content:
    """Say that there is no sample, and whose it would be."""
    host = state.info.host if state.info else None
    parts = [Part(words(("no GPU or host sample yet", MUTED)))]
    if host and host != platform.node():
        parts.append(Part(foreign(f"from {host}", MUTED), 1))
    return fit(parts, width, gap=" ")


def _host(system: System, width: int) -> list[Content]:
    host = [
        _fact("host cpu", f"{figures.percent(system.cpu_pct)} %"),
        _fact("mem", _of(system.memory_used_bytes, system.memory_total_bytes), 1),
        _fact("disk free", f"{figures.gibibytes(system.disk_free_bytes)} GiB", 2),
    ]
    trainer = [
        _fact("trainer cpu", f"{figures.percent(system.process_cpu_pct)} %"),
        _fact("mem", f"{figures.gibibytes(system.process_memory_bytes)} GiB", 1),
    ]
    return [fit(host, width, gap="  "), fit(trainer, width, gap="  ")]


def _fact(name: str, value: str, priority: int = 0) -> Part:
    return Part(words((f"{name} ", MUTED), value), priority)


def _of(used: int | None, total: int | None) -> str:
    return f"{figures.gibibytes(used)}/{figures.gibibytes(total)} GiB"
