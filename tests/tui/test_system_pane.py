"""GPUs and host, each field for itself: shown where it is known, never made up."""

from dataclasses import replace
from typing import Any, NamedTuple

import pytest
from textual.app import ComposeResult
from textual.screen import Screen

from tests.runs.builder import GIB, RunBuilder
from tests.tui.hosting import hosting
from tests.tui.screens import screen_text, state_of
from tokmon.monitor.state import RunState
from tokmon.rundir.records import Gpu, System, iso
from tokmon.tui.glyphs import ASCII, UNICODE, Glyphs
from tokmon.tui.widgets.gpu_lines import GpuLines
from tokmon.tui.widgets.system_pane import SystemPane

BASE: dict[str, Any] = {
    "name": "NVIDIA H200",
    "utilization_pct": 97.0,
    "memory_used_bytes": 12 * GIB,
    "memory_total_bytes": 140 * GIB,
    "power_w": 612.4,
    "power_limit_w": 700.0,
    "temperature_c": 61.0,
}


class Process(NamedTuple):
    pid: int
    name: str
    memory_bytes: int | None


class FullGpu(Gpu, frozen=True, kw_only=True):
    """A GPU of a host that tells more."""

    clock_sm_mhz: float | None = None
    clock_sm_max_mhz: float | None = None
    clock_memory_mhz: float | None = None
    processes: list[Process] | None = None


class PaneScreen(Screen[None]):
    def __init__(self, state: RunState, glyphs: Glyphs = UNICODE) -> None:
        super().__init__()
        self.state = state
        self.glyphs = glyphs

    def compose(self) -> ComposeResult:
        yield SystemPane(self.glyphs)

    def on_mount(self) -> None:
        self.query_one(SystemPane).state = self.state


@pytest.fixture
def state(builder: RunBuilder) -> RunState:
    return state_of(builder.run, builder.now)


def with_gpus(state: RunState, *gpus: Gpu, **fields: Any) -> RunState:
    system = System(**({"time": iso(state.now), "gpus": list(gpus)} | fields))
    return replace(state, systems=(system,))


async def shown(state: RunState, size: tuple[int, int] = (64, 12), glyphs: Glyphs = UNICODE) -> str:
    async with hosting(lambda _: PaneScreen(state, glyphs), size) as pilot:
        await pilot.pause()
        return screen_text(pilot)


async def test_clocks_and_processes_are_shown_where_they_are_known(state: RunState) -> None:
    gpu = FullGpu(
        index=0,
        clock_sm_mhz=1755.0,
        clock_sm_max_mhz=1980.0,
        clock_memory_mhz=2619.0,
        processes=[Process(777, "python", 2 * GIB), Process(4242, "python", 9 * GIB)],
        **BASE,
    )
    screen = await shown(with_gpus(state, gpu), (110, 12))

    assert "clock 1,755/1,980 MHz  mem clock 2,619 MHz" in screen
    assert "trainer 9.0 GiB  python 777 2.0 GiB" in screen
    assert "612/700 W" in screen


async def test_what_the_driver_does_not_say_has_no_number(state: RunState) -> None:
    screen = await shown(with_gpus(state, Gpu(index=0, name="card")))
    unknown = await shown(with_gpus(state, FullGpu(index=0, processes=[], **BASE)))

    assert "util   - %" in screen
    assert "-/- GiB" in screen
    assert "- W" in screen
    for words in ("clock", "MHz", "process"):
        assert words not in screen
    assert "no process on it" in unknown
    assert "clock" not in unknown


async def test_a_process_without_name_or_size_is_shown_as_such(state: RunState) -> None:
    crowd = [Process(pid, "[/x]\x1b", None) for pid in range(5)]
    screen = await shown(with_gpus(state, FullGpu(index=0, processes=crowd, **BASE)), (110, 12))

    assert "[/x]^[ 0 - GiB" in screen
    assert "+2 more" in screen


@pytest.mark.parametrize("count", [1, 2, 8])
@pytest.mark.parametrize("width", [20, 38, 64])
async def test_several_gpus_are_all_shown_or_counted(
    state: RunState, count: int, width: int
) -> None:
    cards = [FullGpu(index=index, clock_sm_mhz=1755.0, **BASE) for index in range(count)]
    screen = await shown(with_gpus(state, *cards), (width, 30))

    assert all(len(line) <= width for line in screen.splitlines())
    assert screen.count("97 %") == count
    small = await shown(with_gpus(state, *cards), (width, 6))
    assert small.count("97 %") == count or f"and {count - small.count('97 %')} more GPUs" in small


async def test_a_line_for_many_gpus_tells_their_range_and_the_hottest(state: RunState) -> None:
    cards = [
        Gpu(
            index=index, **(BASE | {"utilization_pct": 90.0 + index, "temperature_c": 84.0 + index})
        )
        for index in range(4)
    ]
    silent = [Gpu(index=0), Gpu(index=1), Gpu(index=2)]

    assert "4 GPUs 90 to 93 %  ! 87°C" in await shown(with_gpus(state, *cards), (30, 3))
    assert "3 GPUs - %" in await shown(with_gpus(state, *silent), (30, 3))
    four = await shown(with_gpus(state, *cards), (30, 5))
    assert four.count("GiB") == 4
    assert "host cpu" not in four


async def test_the_title_says_how_old_a_sample_is(state: RunState) -> None:
    def aged(age_s: float) -> RunState:
        return with_gpus(state, Gpu(index=0, **BASE), time=iso(state.now - age_s))

    assert "log" not in await shown(aged(3))
    assert "! from the run's log, 2 min ago" in await shown(aged(130))
    assert "GPU and host   ! log, 2 min ago" in await shown(aged(130), (40, 12))
    assert "GPU   ! log, 2 min ago" in await shown(aged(130), (30, 12))
    timeless = with_gpus(state, Gpu(index=0, **BASE), time="yesterday")
    assert "! from the run's log, time unknown" in await shown(timeless)


async def test_the_processes_of_the_run_are_marked(state: RunState) -> None:
    crowd = [Process(1, "other", 9 * GIB), Process(43, "python", GIB), Process(42, "python", None)]
    gpu = FullGpu(index=0, processes=crowd, **BASE)
    lines = GpuLines(
        system=System(time="", gpus=[gpu]), trainer_pid=42, own_pids={42, 43}, glyphs=UNICODE
    )

    told = lines.lines(110, 3)[-1].plain
    assert told.strip() == "trainer 43 1.0 GiB  trainer - GiB  other 1 9.0 GiB"


async def test_the_reason_stands_where_there_is_no_gpu(state: RunState) -> None:
    without = with_gpus(state, gpu_unavailable="NVML: Driver Not Loaded; nvidia-smi: not installed")

    assert "no GPU: NVML: Driver Not Loaded" in await shown(without)
    assert "no GPU: the sample names none" in await shown(with_gpus(state))


async def test_without_unicode_nothing_else_is_drawn(state: RunState) -> None:
    gpu = FullGpu(index=0, clock_sm_mhz=1755.0, processes=[Process(1, "x", 1)], **BASE)

    screen = await shown(with_gpus(state, gpu), glyphs=ASCII)
    assert screen.partition("\n")[2].isascii(), "the title line is the stylesheet's"
