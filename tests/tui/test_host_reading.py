"""The monitor's own look at this host: when, of what, and what it costs while nobody looks.

NVML is a stand-in; none of this was seen on a real GPU.
"""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import pytest
from textual.pilot import Pilot

from tests.fake_nvml import GIB, LIBRARY_NOT_FOUND, FakeNvml, card
from tests.runs.builder import RunBuilder
from tests.tui.screens import post, screen_text, showing, state_of, until
from tokmon.monitor.state import Health, Phase, RunState
from tokmon.rundir.records import Gpu, GpuProcess, RunInfo, System, iso
from tokmon.rundir.writer import this_process
from tokmon.tui.host_reader import HostReader, HostReading, own_pids, trainer_of
from tokmon.tui.host_source import allowed_age_s, is_reading_wanted, shown_sample
from tokmon.tui.host_watch import HostWatch
from tokmon.tui.screens.dashboard import DashboardScreen

HERE, PID, CREATED = this_process()
NOW = 1_790_000_000.0
SLEEPER = "import sys; print(1, flush=True); sys.stdin.read()"


def samples(*ages_s: float, **fields: Any) -> tuple[System, ...]:
    known: dict[str, Any] = {"gpu_unavailable": "none here"} | fields
    return tuple(System(time=iso(NOW - age_s), **known) for age_s in ages_s)


@pytest.fixture
def run_here(builder: RunBuilder) -> RunBuilder:
    """A run of this very process, whose last sample is as old as its last line."""
    builder.is_this_process = True
    builder.started = time.time() - builder.elapsed_s
    builder.heartbeat()
    builder.system()
    return builder


def of_this_host(state: RunState, systems: tuple[System, ...] = ()) -> RunState:
    info = RunInfo(experiment="v1", host=HERE, pid=PID, process_created=CREATED, phase="training")
    running = Health(Phase.RUNNING, "training")
    return replace(state, info=info, systems=systems, now=NOW, health=running)


@pytest.mark.parametrize(
    ("ages_s", "limit_s"),
    [((), 15), ((6, 0), 18), ((0,), 15), ((120, 60, 0), 180), ((900, 16, 11, 6, 1), 15)],
)
def test_a_log_is_judged_by_its_own_interval(ages_s: tuple[float, ...], limit_s: float) -> None:
    assert allowed_age_s(samples(*ages_s)) == pytest.approx(limit_s)


@pytest.mark.parametrize(
    ("systems", "is_wanted"),
    [
        ((), True),
        (samples(10, 5, 0), False),
        (samples(26, 21, 16), True),
        (samples(300, 240, 60), False),
        (samples(0, gpu_unavailable=None), True),
        ((System(time="yesterday"),), True),
    ],
    ids=["no log", "fresh", "old", "slow but fresh", "of another program", "no time"],
)
def test_this_host_is_read_where_the_log_is_no_help(
    builder: RunBuilder, systems: tuple[System, ...], is_wanted: bool
) -> None:
    state = of_this_host(state_of(builder.run, builder.now), systems)

    assert is_reading_wanted(state, HERE) is is_wanted
    assert not is_reading_wanted(state, "another"), "what is here says nothing of a run there"
    assert not is_reading_wanted(replace(state, info=None), HERE)
    assert not is_reading_wanted(replace(state, loaded_fraction=0.5), HERE)
    ended = replace(state, health=Health(Phase.FINISHED, "done"))
    assert not is_reading_wanted(ended, HERE), "the host does something else now"


def test_the_log_takes_over_when_it_is_fresh_again(builder: RunBuilder) -> None:
    reading = HostReading(samples(1)[0], frozenset({7}))
    old = of_this_host(state_of(builder.run, builder.now), samples(60))
    here = shown_sample(old, reading, HERE)
    again = shown_sample(replace(old, systems=samples(60, 2)), reading, HERE)
    stale = shown_sample(old, None, HERE)

    assert here
    assert (here.is_read_here, here.age_s, here.own_pids) == (True, pytest.approx(1), {7})
    assert again
    assert (again.is_read_here, again.is_old, again.own_pids) == (False, False, {PID})
    assert stale
    assert (stale.is_read_here, stale.is_old) == (False, True)


@pytest.fixture
def children() -> Iterator[list[subprocess.Popen[str]]]:
    """Processes of this one: the first as a trainer, the second as another rank of it."""
    made = []
    for environment in ({"LOCAL_RANK": "0", "CUDA_VISIBLE_DEVICES": "1"}, {"LOCAL_RANK": "1"}, {}):
        child = subprocess.Popen(
            [sys.executable, "-c", SLEEPER],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | environment,
        )
        assert child.stdout
        child.stdout.readline()
        made.append(child)
    yield made
    for child in made:
        child.communicate(timeout=30)


def test_ranks_and_children_of_the_trainer_are_its_own_and_nobody_else(
    children: list[subprocess.Popen[str]],
) -> None:
    trainer, rank, stranger = (child.pid for child in children)
    processes = [GpuProcess(pid=pid) for pid in (trainer, rank, stranger, os.getpid(), 2**22 + 5)]
    gpus = [
        Gpu(index=0, processes=processes[:2]),
        Gpu(index=1, processes=processes[2:]),
        Gpu(index=2),
    ]

    assert own_pids(gpus, psutil.Process(trainer)) == {trainer, rank}
    assert own_pids(gpus, psutil.Process()) == {os.getpid(), trainer, rank, stranger}
    assert own_pids(gpus, None) == frozenset()


def test_the_gpus_that_the_trainer_may_use_are_read(
    children: list[subprocess.Popen[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    FakeNvml([card(), card(UUID="GPU-b")]).install(monkeypatch)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    trainer = RunInfo(experiment="v1", host=HERE, pid=children[0].pid, phase="training")
    gone = RunInfo(experiment="v1", host=HERE, pid=2**22 + 5, phase="training")
    with HostReader(tmp_path) as reader:
        here = reader.read(trainer).system
        nobody = reader.read(gone).system

    assert [gpu.index for gpu in here.gpus] == [1]
    assert here.process_memory_bytes
    assert [gpu.index for gpu in nobody.gpus] == [0, 1], "nobody says which: all"
    assert nobody.process_memory_bytes is None
    assert trainer_of(gone) is None


def test_nothing_is_read_and_no_thread_is_there_before_a_run_is_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = FakeNvml([card()]).install(monkeypatch)
    readings: list[HostReading] = []
    has_read = threading.Event()

    def take(reading: HostReading) -> None:
        readings.append(reading)
        has_read.set()

    threads = threading.active_count()
    watch = HostWatch(tmp_path, take)
    watch.follow(None)
    before = (fake.opened, threading.active_count())
    watch.follow(RunInfo(experiment="v1", host=HERE, pid=PID, phase="training"))
    assert has_read.wait(10)
    watch.follow(None)
    deadline = time.monotonic() + 10
    while fake.sessions and time.monotonic() < deadline:
        time.sleep(0.01)
    held = fake.sessions
    watch.stop()

    assert before == (0, threads)
    assert readings
    assert held == 0, "no session is held while nobody looks"


def reads(pilot: Pilot[None]) -> bool:
    dashboard = next(s for s in pilot.app.screen_stack if isinstance(s, DashboardScreen))
    return dashboard.is_reading_host


def two_cards(**answers: Any) -> list[dict[str, Any]]:
    crowd = [
        SimpleNamespace(pid=PID, usedGpuMemory=9 * GIB),
        SimpleNamespace(pid=1, usedGpuMemory=GIB),
    ]
    return [
        card(ComputeRunningProcesses=crowd, **answers),
        card(UUID="GPU-b", Temperature=88, ComputeRunningProcesses=[], **answers),
    ]


async def test_a_silent_log_of_this_host_is_replaced_by_a_reading(
    run_here: RunBuilder, monkeypatch: pytest.MonkeyPatch
) -> None:
    FakeNvml(two_cards()).install(monkeypatch)
    state = state_of(run_here.run, run_here.now + 40)
    async with showing(state) as pilot:
        await until(pilot, lambda: "read here" in screen_text(pilot))
        shown = screen_text(pilot)
        run_here.system()
        await post(pilot, state_of(run_here.run, run_here.now + 1))
        after = screen_text(pilot)
        has_stopped = not reads(pilot)

    assert "GPU and host   read here" in shown
    assert shown.count("NVIDIA H200") == 2
    assert "trainer 9.0 GiB" in shown
    assert "! 88" in shown
    assert "read here" not in after
    assert has_stopped


@pytest.mark.parametrize(("width", "height"), [(80, 24), (50, 14)])
async def test_two_gpus_fit_small_screens(
    run_here: RunBuilder, monkeypatch: pytest.MonkeyPatch, width: int, height: int
) -> None:
    FakeNvml(two_cards()).install(monkeypatch)
    async with showing(state_of(run_here.run, run_here.now + 40), (width, height)) as pilot:
        if width == 50:
            await pilot.press("v", "v")
        await until(pilot, lambda: "read here" in screen_text(pilot))
        screen = screen_text(pilot)

    assert screen.count("97 %") == 2
    assert all(len(line) <= width for line in screen.splitlines())


async def test_a_pane_out_of_sight_reads_nothing(
    run_here: RunBuilder, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = FakeNvml(two_cards()).install(monkeypatch)
    state = state_of(run_here.run, run_here.now + 40)
    async with showing(state, (50, 14)) as pilot:
        await post(pilot, state)
        before = (reads(pilot), fake.opened)
        await pilot.press("v", "v")
        await until(pilot, lambda: reads(pilot))
        await pilot.press("v")
        await until(pilot, lambda: not reads(pilot))
        await pilot.press("v", "v", "v")
        await until(pilot, lambda: reads(pilot))
        await pilot.press("i")
        await until(pilot, lambda: not reads(pilot))
        await post(pilot, state)
        stays = reads(pilot)
        await pilot.press("escape")
        await until(pilot, lambda: reads(pilot))

    assert before == (False, 0)
    assert not stays, "another screen lies over it"


async def test_a_fresh_log_and_another_host_are_never_read(
    run_here: RunBuilder, builder: RunBuilder, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = FakeNvml(two_cards()).install(monkeypatch)
    fresh = state_of(run_here.run, run_here.now + 1)
    async with showing(fresh) as pilot:
        await post(pilot, fresh)
        assert not reads(pilot)
        run_here.heartbeat(host="gpu-box-3")
        await post(pilot, state_of(run_here.run, run_here.now + 40))
        assert not reads(pilot)
        screen = screen_text(pilot)

    assert "! from the run's log, 40 s ago" in screen
    assert fake.opened == 0


async def test_without_nvml_the_reason_stands_and_the_host_is_read(
    run_here: RunBuilder, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = FakeNvml(fault=LIBRARY_NOT_FOUND).install(monkeypatch)
    async with showing(state_of(run_here.run, run_here.now + 40)) as pilot:
        await until(pilot, lambda: "read here" in screen_text(pilot))
        screen = screen_text(pilot)

    assert screen.count("no GPU: NVML: NVML Shared Library Not Found") == 1
    assert "disk free" in screen
    assert fake.opened == 1


async def test_a_driver_that_never_answers_does_not_hold_the_screen(
    run_here: RunBuilder, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = FakeNvml(two_cards()).install(monkeypatch)
    answers = threading.Event()
    monkeypatch.setattr(sys.modules["pynvml"], "nvmlDeviceGetCount", lambda: answers.wait(60) and 0)
    async with showing(state_of(run_here.run, run_here.now + 40)) as pilot:
        await until(pilot, lambda: fake.opened == 1)
        asked_at = time.monotonic()
        await pilot.press("y")
        assert "log y" in screen_text(pilot)
        await pilot.press("q")
    left_s = time.monotonic() - asked_at
    answers.set()

    assert left_s < 5
