"""The process behind the panel: where it computes, that it may die, and what it has loaded."""

import dataclasses
import re
from functools import partial

import psutil
import pytest

from tests.runs.builder import GIB, RunBuilder
from tests.sampling.children import children
from tests.sampling.tiny import run_with_best
from tests.tui.fake_sampler import FakeSampler
from tests.tui.screens import post, screen_text, showing, state_of, until
from tests.tui.test_generation import AREA, generated, requests
from tokmon.rundir.records import Gpu, System
from tokmon.tui.sampling import sampler_client
from tokmon.tui.sampling_device import chosen_device
from tokmon.tui.widgets.generation_form import GenerationForm

pytestmark = pytest.mark.slow

IDLE = Gpu(index=1, utilization_pct=0, memory_used_bytes=GIB // 2, memory_total_bytes=32 * GIB)


@pytest.mark.parametrize(("phase", "device"), [("training", "cpu"), ("finished", "auto")])
async def test_a_live_run_keeps_its_gpu(builder: RunBuilder, phase: str, device: str) -> None:
    builder.heartbeat(phase)
    async with showing(state_of(builder.run, builder.now), AREA) as pilot:
        await generated(pilot, "g", "enter")
        is_told = "the trainer fills the only GPU" in screen_text(pilot)

    assert [client.device for client in FakeSampler.opened] == [device]
    assert is_told == (device == "cpu")


async def test_another_device_is_another_process(builder: RunBuilder) -> None:
    async with showing(state_of(builder.run, builder.now), AREA) as pilot:
        await generated(pilot, "g", "enter")
        pilot.app.screen.query_one("#generation #device").value = "cuda"
        await generated(pilot, "enter")

    assert [client.device for client in FakeSampler.opened] == ["cpu", "cuda"]
    assert FakeSampler.opened[0].is_closed


def test_a_second_gpu_is_taken_only_if_it_is_idle(builder: RunBuilder) -> None:
    state = state_of(builder.run, builder.now)
    busy = state.systems[-1].gpus[0]

    def with_gpus(*gpus: Gpu) -> str:
        newest = System(time="", gpus=list(gpus))
        return chosen_device(dataclasses.replace(state, systems=(newest,)), "auto").name

    unknown = Gpu(index=1, memory_total_bytes=32 * GIB)
    assert with_gpus(busy) == "cpu"
    assert with_gpus(busy, busy) == "cpu"
    assert with_gpus(busy, unknown) == "cpu"
    assert with_gpus(busy, IDLE) == "cuda:1"
    assert with_gpus() == "cpu"
    assert chosen_device(state, "cuda").name == "cuda"
    assert chosen_device(None, "auto").name == "auto"


async def test_a_process_that_dies_is_told_and_another_stands_ready(builder: RunBuilder) -> None:
    dying = partial(FakeSampler, pieces=("one ", "two ", "three "), dies_after=2)
    async with showing(state_of(builder.run, builder.now), AREA, new_client=dying) as pilot:
        await pilot.press("g", "enter")
        await until(pilot, lambda: "another is ready" in screen_text(pilot))
        died = screen_text(pilot)
        await generated(pilot, "enter")

        assert "one two three" in screen_text(pilot)
    for words in ("was killed", "out of memory", "one two", "broken off"):
        assert words in died
    assert len(FakeSampler.opened) == 2


async def test_a_process_that_died_unasked_is_replaced_without_a_lost_text(
    builder: RunBuilder,
) -> None:
    async with showing(state_of(builder.run, builder.now), AREA) as pilot:
        await generated(pilot, "g", "enter")
        FakeSampler.opened[0].has_ended = True
        await generated(pilot, "enter", count=2)
        await until(pilot, lambda: "another was started" in screen_text(pilot))

        assert "not collapsed" in screen_text(pilot)
    assert len(FakeSampler.opened) == 2


async def test_a_killed_child_is_replaced_by_another(tmp_path) -> None:
    run = run_with_best(tmp_path)
    run.run_info.write_text('{"experiment": "tiny", "phase": "finished"}')
    async with showing(state_of(run, 0.0), AREA, new_client=sampler_client) as pilot:
        await pilot.press("g")
        form = pilot.app.screen.query_one(GenerationForm)
        form.query_one("#device").value = "cpu"
        form.query_one("#max_new_tokens").value = "4096"
        await pilot.press("enter")
        await until(pilot, lambda: "tokens  " in screen_text(pilot))
        (child,) = children()
        child.kill()
        await until(pilot, lambda: "another is ready" in screen_text(pilot))
        died = screen_text(pilot)
        form.query_one("#max_new_tokens").value = "20"
        form.query_one("#samples").value = "2"
        await pilot.press("enter")
        await until(pilot, lambda: len(re.findall("COLLAPSED|not coll", screen_text(pilot))) == 2)

    assert "was killed" in died
    assert "broken off" in died
    psutil.wait_procs(children(), timeout=10)
    assert children() == []


async def test_a_new_best_is_offered_and_waits_for_the_person(builder: RunBuilder) -> None:
    newer = partial(FakeSampler, newest_step=19_500)
    state = state_of(builder.run, builder.now)
    async with showing(state, AREA, new_client=newer) as pilot:
        FakeSampler.opened.clear()
        await generated(pilot, "g", "enter")
        assert "new best" not in screen_text(pilot)

    assert requests()[0].is_following is True

    FakeSampler.opened.clear()
    assert state.best is not None
    later = dataclasses.replace(
        state, best=dataclasses.replace(state.best, step=19_500, file_step=19_500, val_loss=2.01)
    )
    async with showing(state, AREA) as pilot:
        await generated(pilot, "g", "enter")
        await post(pilot, later)
        assert "new best: step 19,500, val loss 2.010" in screen_text(pilot)
        await generated(pilot, "enter")
        assert "new best: step 19,500" in screen_text(pilot)
        FakeSampler.opened[0]._newest_step = 19_500
        await pilot.press("ctrl+n")
        assert "new best: step" not in screen_text(pilot)
        await generated(pilot, "enter")
        await until(pilot, lambda: "step 19,500   val loss" in screen_text(pilot))

    assert [request.is_following for request in requests()] == [True, False, True]
