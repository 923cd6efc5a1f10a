"""GPUs and host, from the samples that the trainer's own host takes. Never invents a number."""

import textwrap

from textual.content import Content
from textual.geometry import Size

from tokmon.monitor.durations import age
from tokmon.monitor.state import RunState
from tokmon.monitor.visible import visible
from tokmon.report import figures
from tokmon.rundir.records import Gpu, System, moment
from tokmon.tui.text import MUTED, STRONG, Part, bar, fit, foreign, shortened, words
from tokmon.tui.widgets.gpu_details import clock_parts, has_more, process_parts
from tokmon.tui.widgets.pane import Pane

_OLD_S = 30
_HOT_C = 85
_GPU_ROWS = 2
"""Name, heat and power; then use and memory. One more where clocks or processes are known."""
_HOST_ROWS = 2
_REASON_ROWS = 3
_BAR_ROOM = 46
_INDENT = "  "


class SystemPane(Pane):
    """Two or three lines a GPU where there is room, else one; the host below."""

    BORDER_TITLE = "GPU and host"
    _wanted_lines = 1

    def get_content_height(self, *_: object) -> int:
        return self._wanted_lines

    def watch_state(self, state: RunState) -> None:
        wanted = self._lines_for(state)
        if wanted != self._wanted_lines:
            self._wanted_lines = wanted
            self.refresh(layout=True)
        super().watch_state(state)

    def _lines_for(self, state: RunState) -> int:
        """Return the height that shows everything."""
        if not state.systems:
            return 1
        system = state.systems[-1]
        width = max(1, self.content_size.width)
        gpu_rows = sum(_GPU_ROWS + has_more(gpu) for gpu in system.gpus)
        gpu_rows = gpu_rows or len(self._reason(system, width, _REASON_ROWS))
        return gpu_rows + _HOST_ROWS + len(self._age(system, state))

    def draw(self, state: RunState, size: Size) -> Content:
        width, height = size
        if not state.systems:
            return words(("no GPU or host sample yet", MUTED))
        system = state.systems[-1]
        host = self._host(system, width, is_brief=height < 2 + max(1, len(system.gpus)))
        host += self._age(system, state)
        trainer_pid = state.info.pid if state.info else None
        lines = [*self._gpus(system, width, height - len(host), trainer_pid), *host]
        return Content("\n").join(lines[:height])

    def _gpus(
        self, system: System, width: int, height: int, trainer_pid: int | None
    ) -> list[Content]:
        if not system.gpus:
            return self._reason(system, width, height)
        if height >= sum(_GPU_ROWS + has_more(gpu) for gpu in system.gpus):
            return [
                line for gpu in system.gpus for line in self._all_lines(gpu, width, trainer_pid)
            ]
        if height >= _GPU_ROWS * len(system.gpus):
            return [line for gpu in system.gpus for line in self._two_lines(gpu, width)]
        shown = [self._one_line(gpu, width) for gpu in system.gpus]
        if len(shown) <= max(1, height):
            return shown
        rest = len(shown) - height + 1
        return [*shown[: height - 1], words((f"and {rest} more GPUs", MUTED))]

    def _all_lines(self, gpu: Gpu, width: int, trainer_pid: int | None) -> list[Content]:
        lines = self._two_lines(gpu, width)
        if has_more(gpu):
            room = max(1, width - len(_INDENT))
            more = fit([*clock_parts(gpu), *process_parts(gpu, trainer_pid)], room, gap="  ")
            lines.append(words(_INDENT, more))
        return lines

    def _reason(self, system: System, width: int, height: int) -> list[Content]:
        """Say why there is no GPU, on as many lines as there are."""
        reason = visible(f"no GPU: {system.gpu_unavailable or 'the sample names none'}")
        lines = textwrap.wrap(reason, width)
        shown, rest = lines[: max(1, height)], lines[max(1, height) :]
        if rest:
            shown[-1] = shortened(f"{shown[-1]} {rest[0]}", width, self.glyphs)
        return [words((line, MUTED)) for line in shown]

    def _two_lines(self, gpu: Gpu, width: int) -> list[Content]:
        facts = fit([Part(_heat(gpu, self.glyphs.degree)), Part(_power(gpu), 1)], width, gap="  ")
        room = width - facts.cell_length - 2
        name = shortened(f"{gpu.index} {gpu.name}", max(1, room), self.glyphs)
        head = foreign(name) + Content(" " * max(2, width - len(name) - facts.cell_length)) + facts
        return [head, self._bars(gpu, width)]

    def _bars(self, gpu: Gpu, width: int) -> Content:
        if width < _BAR_ROOM:
            parts = [Part(words("  util ", _utilization(gpu))), Part(_memory(gpu), 1)]
            return fit(parts, width, gap="  ")
        utilization = words("  util ", _utilization(gpu), " ")
        memory = words("  mem ", _memory(gpu), " ")
        room = width - utilization.cell_length - memory.cell_length
        used, total = gpu.memory_used_bytes, gpu.memory_total_bytes
        return (
            utilization
            + bar((gpu.utilization_pct or 0) / 100, room // 2, self.glyphs)
            + memory
            + bar(used / total if used and total else 0, room - room // 2, self.glyphs)
        )

    def _one_line(self, gpu: Gpu, width: int) -> Content:
        parts = [
            Part(
                words(
                    (f"{gpu.index} ", MUTED),
                    (f"{figures.percent(gpu.utilization_pct):>3} %", STRONG),
                )
            ),
            Part(_memory(gpu), 1),
            Part(_heat(gpu, self.glyphs.degree), 2),
            Part(_power(gpu), 3),
        ]
        return fit(parts, width, gap="  ")

    def _host(self, system: System, width: int, *, is_brief: bool) -> list[Content]:
        host = [
            _fact("host cpu", f"{figures.percent(system.cpu_pct)} %"),
            _fact("mem", _of(system.memory_used_bytes, system.memory_total_bytes), 1),
            _fact("disk free", f"{figures.gibibytes(system.disk_free_bytes)} GiB", 2),
        ]
        trainer = [
            _fact("trainer cpu", f"{figures.percent(system.process_cpu_pct)} %"),
            _fact("mem", f"{figures.gibibytes(system.process_memory_bytes)} GiB", 1),
        ]
        lines = [fit(host, width, gap="  "), fit(trainer, width, gap="  ")]
        return lines[:1] if is_brief else lines

    def _age(self, system: System, state: RunState) -> list[Content]:
        taken = moment(system.time)
        if taken is None or state.now - taken < _OLD_S or not state.health.phase.is_live:
            return []
        return [words((f"this sample is {age(state.now - taken)} old", "$warning"))]


def _utilization(gpu: Gpu) -> Content:
    return words((f"{figures.percent(gpu.utilization_pct):>3} %", STRONG))


def _fact(name: str, value: str, priority: int = 0) -> Part:
    return Part(words((f"{name} ", MUTED), value), priority)


def _memory(gpu: Gpu) -> Content:
    return words((_of(gpu.memory_used_bytes, gpu.memory_total_bytes), STRONG))


def _of(used: int | None, total: int | None) -> str:
    return f"{figures.gibibytes(used)}/{figures.gibibytes(total)} GiB"


def _power(gpu: Gpu) -> Content:
    limit = f"/{gpu.power_limit_w:.0f}" if gpu.power_limit_w is not None else ""
    power = figures.UNKNOWN if gpu.power_w is None else f"{gpu.power_w:.0f}"
    return words((power, STRONG), f"{limit} W")


def _heat(gpu: Gpu, degree: str) -> Content:
    is_hot = (gpu.temperature_c or 0) >= _HOT_C
    sign = "! " if is_hot else ""
    style = "bold $warning" if is_hot else STRONG
    return words((f"{sign}{figures.percent(gpu.temperature_c)}{degree}", style))
