"""A whole training step as one CUDA graph: forward, backward, clip, update, in a single launch.

v1's step is some 230 kernels of a few microseconds each: launched one by one they take the host
longer than the device. Not yet seen on a GPU.
"""

import time
from collections.abc import Callable

import torch

from trainer.device import synchronize
from trainer.marks import EventMarks
from trainer.steps import Parts

_WARMUP = 3
"""Steps before anything is timed: they compile, and fill the allocator and the moments."""
_TRIAL = 8
"""Steps that are timed each way."""


class Capture:
    """Does work; after a trial, and where that is faster, by replaying a graph of it.

    Some steps run as they are, then as many replayed, each waited for. All are steps of the run:
    both ways compute the same. After that the host waits for the device at log lines only.

    Args:
        work: allocates nothing on the host, reads and writes the same memory each time.
        parts: whose step it is.
        device: a CUDA one.
    """

    def __init__(self, work: Callable[[], None], parts: Parts, device: torch.device) -> None:
        self._work = work
        self._parts = parts
        self._device = device
        self._news: str | None = None
        self.forget()

    def forget(self) -> None:
        """Begin anew: the memory that the work is about has moved."""
        self._graph: torch.cuda.CUDAGraph | None = None
        self._calls = 0
        self._launched_s, self._captured_s = list[float](), list[float]()
        self._is_decided = False
        self._forget_marks(is_captured=False)

    def news(self) -> str | None:
        """Return what the trial said, once."""
        news, self._news = self._news, None
        return news

    def __call__(self) -> None:
        """Do the work once."""
        if self._is_decided:
            self._run()
            return
        if self._calls == _WARMUP + _TRIAL:
            self._capture()
        self._try()
        self._calls += 1
        if self._calls == _WARMUP + 2 * _TRIAL and not self._is_decided:
            self._decide()

    def _run(self) -> None:
        self._work() if self._graph is None else self._graph.replay()

    def _try(self) -> None:
        if self._calls < _WARMUP:
            self._beside()
            return
        begin = time.perf_counter()
        self._run()
        synchronize(self._device)
        times = self._launched_s if self._graph is None else self._captured_s
        times.append(time.perf_counter() - begin)

    def _beside(self) -> None:
        """Work on another stream, as must be before a capture."""
        stream, main = torch.cuda.Stream(self._device), torch.cuda.current_stream(self._device)
        stream.wait_stream(main)
        with torch.cuda.stream(stream):
            self._work()
        main.wait_stream(stream)

    def _capture(self) -> None:
        self._forget_marks(is_captured=True)
        graph = torch.cuda.CUDAGraph()
        try:
            # Other threads may use the device: they free what checkpoints were copied to.
            with torch.cuda.graph(graph, capture_error_mode="thread_local"):
                self._work()
        except RuntimeError as error:
            reason = str(error).splitlines()[0]
            self._give_up(f"the step cannot be captured in a CUDA graph here ({reason})")
            return
        self._graph = graph

    def _decide(self) -> None:
        captured_s, launched_s = min(self._captured_s), min(self._launched_s)
        times = f"{captured_s * 1e3:.2f} ms a step captured, {launched_s * 1e3:.2f} ms launched"
        if captured_s < launched_s:
            self._news = f"the whole step is one CUDA graph: {times}"
            self._is_decided = True
        else:
            self._give_up(f"kernels are launched one by one: {times}")

    def _give_up(self, news: str) -> None:
        self._news, self._graph, self._is_decided = news, None, True
        self._parts.train_step.drop_gradients()
        self._forget_marks(is_captured=False)

    def _forget_marks(self, *, is_captured: bool) -> None:
        if isinstance(self._parts.marks, EventMarks):
            self._parts.marks.forget(is_captured=is_captured)
