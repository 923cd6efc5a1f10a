"""Stands in for nvidia-ml-py: cards that answer what they are told to, and refuse the rest.

Written from the library's source and its documented answers; not compared with a real card.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

GIB = 2**30
ANSWERS: dict[str, Any] = {
    "UUID": "GPU-aaaa-0",
    "Name": "NVIDIA H200",
    "MemoryInfo": SimpleNamespace(used=12 * GIB, total=140 * GIB),
    "UtilizationRates": SimpleNamespace(gpu=97, memory=41),
    "PowerUsage": 612_400,
    "EnforcedPowerLimit": 700_000,
    "Temperature": 61,
    "ClockInfo": {1: 1755, 2: 2619},
    "MaxClockInfo": {1: 1980},
    "ComputeRunningProcesses": [SimpleNamespace(pid=4242, usedGpuMemory=9 * GIB)],
}


class FakeNvmlError(Exception):
    """As pynvml.NVMLError: a number, and words for it."""

    def __init__(self, value: int, words: str) -> None:
        super().__init__(words)
        self.value = value


NOT_SUPPORTED = FakeNvmlError(3, "Not Supported")
LIBRARY_NOT_FOUND = FakeNvmlError(12, "NVML Shared Library Not Found")
DRIVER_NOT_LOADED = FakeNvmlError(9, "Driver Not Loaded")
LOST = FakeNvmlError(15, "GPU is lost")


@dataclass
class FakeNvml:
    """A driver.

    Args:
        cards: by index, each what it answers; an exception is raised instead.
        fault: what opening a session raises.
    """

    cards: Sequence[dict[str, Any] | FakeNvmlError] = ()
    fault: FakeNvmlError | None = None
    opened: int = 0
    """Attempts to open a session."""
    sessions: int = 0
    """Open now."""
    asked: list[str] = field(default_factory=list)

    def module(self) -> ModuleType:
        """Return what `import pynvml` is to give."""
        module = ModuleType("pynvml")
        vars(module).update(
            NVMLError=FakeNvmlError,
            NVML_ERROR_LIBRARY_NOT_FOUND=LIBRARY_NOT_FOUND.value,
            NVML_TEMPERATURE_GPU=0,
            NVML_CLOCK_SM=1,
            NVML_CLOCK_MEM=2,
            nvmlInit=self._init,
            nvmlShutdown=self._shutdown,
            nvmlDeviceGetCount=lambda: len(self.cards),
            nvmlDeviceGetHandleByIndex=self._handle,
        )
        for question in ANSWERS:
            vars(module)[f"nvmlDeviceGet{question}"] = self._question(question)
        older = self._question("ComputeRunningProcesses_v2")
        vars(module)["nvmlDeviceGetComputeRunningProcesses_v2"] = older
        return module

    def install(self, monkeypatch: pytest.MonkeyPatch) -> "FakeNvml":
        """Let `import pynvml` find this, and no nvidia-smi be found."""
        monkeypatch.setitem(sys.modules, "pynvml", self.module())
        monkeypatch.setenv("PATH", "")
        return self

    def _init(self) -> None:
        self.opened += 1
        if self.fault is not None:
            raise self.fault
        self.sessions += 1

    def _shutdown(self) -> None:
        self.sessions -= 1

    def _handle(self, index: int) -> int:
        card = self.cards[index]
        if isinstance(card, FakeNvmlError):
            raise card
        return index

    def _question(self, name: str) -> Any:
        def ask(handle: int, kind: int | None = None) -> Any:
            self.asked.append(name)
            card = self.cards[handle]
            answer = card.get(name, NOT_SUPPORTED) if isinstance(card, dict) else card
            if isinstance(answer, dict):
                answer = answer.get(kind, NOT_SUPPORTED)
            if isinstance(answer, Exception):
                raise answer
            return answer

        return ask


def card(**answers: Any) -> dict[str, Any]:
    """Return a card that answers everything, these otherwise."""
    return ANSWERS | answers
