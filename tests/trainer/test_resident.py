"""Steps whose data lies on the device: the same batches, rates and weights as the host's steps."""

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from trainer.batches import BatchOrder, Windows
from trainer.capture import Capture
from trainer.config import (
    Config,
    DataConfig,
    EvalConfig,
    LogConfig,
    ModelConfig,
    OptimConfig,
    ScheduleConfig,
)
from trainer.distributed import ALONE, Group
from trainer.marks import ClockMarks
from trainer.meter import Meter
from trainer.model import Model
from trainer.optim import make_optimizer, optimizer_state, restore_optimizer
from trainer.plan import Plan
from trainer.resident import Feed, ResidentSteps
from trainer.step import TrainStep
from trainer.steps import Agenda, HostSteps, Parts

CPU = torch.device("cpu")
CONFIG = Config(
    experiment="x",
    data=DataConfig(corpus="none", seq_len=8, batch_size=4),
    model=ModelConfig(layers=1, width=16, heads=2, mlp=16, vocab=53),
    optim=OptimConfig(lr=1e-2, min_lr=1e-3),
    schedule=ScheduleConfig(steps=40, warmup=5),
    log=LogConfig(every=6),
    eval=EvalConfig(every=6),
)
TOKENS = np.random.default_rng(1).integers(0, 53, 1000, dtype=np.uint16)


class Trained:
    """A model with all that steps it, its split on the host or on the device."""

    def __init__(self, *, is_resident: bool, group: Group = ALONE) -> None:
        windows = Windows(TOKENS, CONFIG.data.seq_len, CPU, is_resident=is_resident)
        self.model = Model(CONFIG.model)
        self.model.initialize(torch.Generator().manual_seed(0))
        self.optimizer = make_optimizer(self.model, CONFIG.optim)
        plan, marks = Plan(device="cpu", dtype="float32"), ClockMarks()
        step = TrainStep(self.model, self.optimizer, CONFIG, CPU, plan, marks=marks)
        order = BatchOrder(windows.count, CONFIG.data.batch_size, seed=7)
        meter = Meter(CONFIG.log.every)
        self.parts = Parts(Agenda(CONFIG, order, group), windows, step, meter, marks)


def test_resident_steps_train_as_the_hosts_do() -> None:
    one, other = Trained(is_resident=False), Trained(is_resident=True)
    by_host, resident = HostSteps(one.parts), ResidentSteps(other.parts, CPU, is_captured=False)

    for step in range(1, 31):
        by_host.take(step)
        resident.take(step)
        if step % CONFIG.log.every == 0:
            ours, theirs = one.parts.meter.take(), other.parts.meter.take()
            assert ours[:5] == pytest.approx(theirs[:5], rel=1e-4)

    for mine, its in zip(one.model.parameters(), other.model.parameters(), strict=True):
        # The device keeps its learning rate in float32.
        torch.testing.assert_close(mine, its, rtol=1e-4, atol=1e-6)


@settings(max_examples=50, deadline=None)
@given(
    length=st.integers(1, 9),
    jumps=st.lists(st.tuples(st.integers(1, 40), st.integers(1, 12)), min_size=1, max_size=4),
    ranks=st.sampled_from([(0, 1), (0, 2), (1, 2)]),
)
def test_each_pop_is_what_the_agenda_says_wherever_a_run_goes_on(
    length: int, jumps: list[tuple[int, int]], ranks: tuple[int, int]
) -> None:
    parts = Trained(is_resident=True, group=Group(*ranks)).parts
    feed = Feed(parts, length, CPU)

    for begin, count in jumps:
        for step in range(begin, min(begin + count, CONFIG.schedule.steps + 1)):
            feed.ready(step)
            starts, lr = feed.pop()
            wanted = parts.windows.starts_of(parts.agenda.windows(step))
            assert torch.equal(starts, wanted)
            assert lr.item() == pytest.approx(parts.agenda.lr(step))


def test_an_optimizer_of_a_gpu_goes_on_from_a_checkpoint_of_a_cpu_and_the_other_way() -> None:
    one = Trained(is_resident=False)
    HostSteps(one.parts).take(1)
    state = optimizer_state(one.optimizer)
    like_cuda = make_optimizer(one.model, CONFIG.optim)
    for group in like_cuda.param_groups:
        group |= {"lr": torch.tensor(0.5), "capturable": True}

    restore_optimizer(like_cuda, state)

    assert all(group["capturable"] for group in like_cuda.param_groups)
    assert [group["lr"] for group in optimizer_state(like_cuda)["param_groups"]] == [0.5, 0.5]
    assert not any(group["capturable"] for group in optimizer_state(like_cuda)["param_groups"])
    moments = zip(state["state"].values(), like_cuda.state.values(), strict=True)
    assert all(torch.equal(ours["exp_avg"], theirs["exp_avg"]) for ours, theirs in moments)


class RecordedGraph:
    """Stands for a CUDA graph where there is no CUDA; what a replay does, each test says."""

    def replay(self) -> None: ...


@pytest.fixture
def cuda(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let what Capture asks of CUDA be answered on a machine without."""

    @contextmanager
    def entered(*_: object, **__: object) -> Iterator[None]:
        yield

    class Stream:
        def __init__(self, *_: object) -> None: ...

        def wait_stream(self, _: object) -> None: ...

    for name, value in {
        "CUDAGraph": RecordedGraph,
        "graph": entered,
        "stream": entered,
        "Stream": Stream,
        "current_stream": Stream,
    }.items():
        monkeypatch.setattr(torch.cuda, name, value)


def steps_with(
    capture_takes_s: float, launch_takes_s: float, monkeypatch: pytest.MonkeyPatch
) -> Capture:
    """Return a capture whose clock says so much for each way."""
    now = [0.0]
    monkeypatch.setattr("trainer.capture.time.perf_counter", lambda: now[0])

    def work() -> None:
        now[0] += launch_takes_s

    def replay(_: RecordedGraph) -> None:
        now[0] += capture_takes_s

    monkeypatch.setattr(RecordedGraph, "replay", replay)
    return Capture(work, Trained(is_resident=True).parts, CPU)


def said_in_25_calls(capture: Capture) -> list[str]:
    said = []
    for _ in range(25):
        capture()
        said.append(capture.news())
    return [line for line in said if line]


@pytest.mark.usefixtures("cuda")
@pytest.mark.parametrize(("captured_s", "is_kept"), [(0.001, True), (0.009, False)])
def test_a_graph_is_kept_where_it_is_faster(
    captured_s: float, is_kept: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    capture = steps_with(captured_s, 0.005, monkeypatch)

    times = f"{captured_s * 1e3:.2f} ms a step captured, 5.00 ms launched"
    way = "the whole step is one CUDA graph" if is_kept else "kernels are launched one by one"
    assert said_in_25_calls(capture) == [f"{way}: {times}"]


@pytest.mark.usefixtures("cuda")
def test_a_step_that_cannot_be_captured_is_launched_and_said_to_be(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    calls = [0]

    def work() -> None:
        calls[0] += 1

    def refuse(*_: object, **__: object) -> None:
        raise RuntimeError("operation not permitted when stream is capturing\nmore")

    monkeypatch.setattr(torch.cuda, "graph", refuse)
    capture = Capture(work, Trained(is_resident=True).parts, CPU)

    said = said_in_25_calls(capture)

    assert calls == [25]
    reason = "operation not permitted when stream is capturing"
    assert said == [f"the step cannot be captured in a CUDA graph here ({reason})"]
