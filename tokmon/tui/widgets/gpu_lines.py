"""The GPUs of a sample as lines: three or two a card where there is room, else one. Pure."""

import textwrap
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from textual.content import Content

from tokmon.monitor.visible import visible
from tokmon.report import figures
from tokmon.rundir.records import Gpu, System
from tokmon.tui.glyphs import Glyphs
from tokmon.tui.text import MUTED, STRONG, Part, bar, fit, foreign, shortened, words
from tokmon.tui.widgets.gpu_details import clock_parts, has_more, process_parts

_ROWS = 2
"""Name, heat and power; then use and memory. One more where clocks or processes are known."""
_REASON_ROWS = 3
_HOT_C = 85
_BAR_ROOM = 46
_INDENT = "  "


@dataclass(frozen=True, slots=True, kw_only=True)
class GpuLines:
    """One sample's GPUs, or why there are none."""

    system: System
    trainer_pid: int | None
    """The process that writes the run."""
    own_pids: AbstractSet[int]
    """All processes on the GPUs that are known to be the run's."""
    glyphs: Glyphs

    def wanted_rows(self, width: int) -> int:
        """Return the height that shows everything."""
        gpus = self.system.gpus
        return self._whole_rows() if gpus else len(self._reason(width, _REASON_ROWS))

    def lines(self, width: int, height: int) -> list[Content]:
        """Return as much as there is room for; never fewer lines than one."""
        gpus = self.system.gpus
        if not gpus:
            return self._reason(width, height)
        if height >= self._whole_rows():
            return [line for gpu in gpus for line in self._all_lines(gpu, width)]
        if height >= _ROWS * len(gpus):
            return [line for gpu in gpus for line in self._two_lines(gpu, width)]
        shown = [self._one_line(gpu, width) for gpu in gpus]
        if len(shown) <= max(1, height):
            return shown
        if height <= 1:
            return [self._in_one_line(width)]
        rest = len(shown) - height + 1
        return [*shown[: height - 1], words((f"and {rest} more GPUs", MUTED))]

    def _whole_rows(self) -> int:
        return sum(_ROWS + has_more(gpu) for gpu in self.system.gpus)

    def _reason(self, width: int, height: int) -> list[Content]:
        """Say why there is no GPU, on as many lines as there are."""
        reason = visible(f"no GPU: {self.system.gpu_unavailable or 'the sample names none'}")
        lines = textwrap.wrap(reason, width)
        shown, rest = lines[: max(1, height)], lines[max(1, height) :]
        if rest:
            shown[-1] = shortened(f"{shown[-1]} {rest[0]}", width, self.glyphs)
        return [words((line, MUTED)) for line in shown]

    def _all_lines(self, gpu: Gpu, width: int) -> list[Content]:
        lines = self._two_lines(gpu, width)
        if has_more(gpu):
            room = max(1, width - len(_INDENT))
            processes = process_parts(gpu, self.trainer_pid, self.own_pids)
            lines.append(words(_INDENT, fit([*clock_parts(gpu), *processes], room, gap="  ")))
        return lines

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
        used = (f"{figures.percent(gpu.utilization_pct):>3} %", STRONG)
        parts = [
            Part(words((f"{gpu.index} ", MUTED), used)),
            Part(_memory(gpu), 1),
            Part(_heat(gpu, self.glyphs.degree), 2),
            Part(_power(gpu), 3),
        ]
        return fit(parts, width, gap="  ")

    def _in_one_line(self, width: int) -> Content:
        """Tell of several cards the range that they are in, and the hottest of them."""
        gpus = self.system.gpus
        busy = [gpu.utilization_pct for gpu in gpus if gpu.utilization_pct is not None]
        ends = [min(busy), max(busy)] if busy else [None]
        used = " to ".join(dict.fromkeys(map(figures.percent, ends)))
        hottest = max(gpus, key=lambda gpu: gpu.temperature_c or 0)
        parts = [
            Part(words((f"{len(gpus)} GPUs ", MUTED), (f"{used} %", STRONG))),
            Part(_heat(hottest, self.glyphs.degree), 1),
        ]
        return fit(parts, width, gap="  ")


def _utilization(gpu: Gpu) -> Content:
    return words((f"{figures.percent(gpu.utilization_pct):>3} %", STRONG))


def _memory(gpu: Gpu) -> Content:
    used, total = map(figures.gibibytes, (gpu.memory_used_bytes, gpu.memory_total_bytes))
    return words((f"{used}/{total} GiB", STRONG))


def _power(gpu: Gpu) -> Content:
    limit = f"/{gpu.power_limit_w:.0f}" if gpu.power_limit_w is not None else ""
    power = figures.UNKNOWN if gpu.power_w is None else f"{gpu.power_w:.0f}"
    return words((power, STRONG), f"{limit} W")


def _heat(gpu: Gpu, degree: str) -> Content:
    is_hot = (gpu.temperature_c or 0) >= _HOT_C
    sign = "! " if is_hot else ""
    style = "bold $warning" if is_hot else STRONG
    return words((f"{sign}{figures.percent(gpu.temperature_c)}{degree}", style))
