"""Energy of the GPUs from their sampled power. Estimates nothing where nothing was measured."""

from array import array
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from tokmon.monitor.series import Floats
from tokmon.rundir.jsonl import Tail
from tokmon.rundir.records import BadLineError, System, decode, moment

MIN_GAP_S = 30.0
"""Samples are five seconds apart where tokmon takes them."""
GAP_PERIODS = 3
_JOULES_PER_KWH = 3.6e6
_SLICE_BYTES = 2**20


@dataclass(frozen=True, slots=True)
class Energy:
    """What the GPUs took, as far as it was measured."""

    kwh: float
    """Over all GPUs in the log."""
    measured_gpu_s: float
    """Seconds that it was measured over, summed over GPUs."""
    gaps: int
    """Stretches without a sample that are left out: pauses and stops are among them."""
    gap_gpu_s: float
    """How long these were, summed over GPUs."""
    gpus: int
    """How many had their power logged."""


@dataclass(slots=True)
class _Card:
    """One GPU's power over the stretches between its samples."""

    last: tuple[float, float] | None = None
    """Seconds since 1970, watts."""
    seconds: "array[float]" = field(default_factory=lambda: array("d"))
    """How long the stretches are."""
    watts: "array[float]" = field(default_factory=lambda: array("d"))
    """Mean of both ends."""


class EnergyMeter:
    """Adds up samples of the host in the order they were written."""

    def __init__(self) -> None:
        self._cards: dict[int, _Card] = {}

    def add(self, systems: Iterable[System]) -> None:
        """Take in samples; one whose time cannot be read or goes back is passed over."""
        for system in systems:
            when = moment(system.time)
            for gpu in system.gpus if when is not None else ():
                if when is not None and gpu.power_w is not None and 0 <= gpu.power_w < np.inf:
                    _extend(self._cards.setdefault(gpu.index, _Card()), when, gpu.power_w)

    def energy(self) -> Energy | None:
        """Return the integral by the trapezoid rule; None where power was not logged.

        A stretch of more than three times the usual distance of samples, and of more than 30 s, is
        a gap: what was drawn in it is not known.
        """
        if not any(card.seconds for card in self._cards.values()):
            return None
        joules = measured_s = gap_s = 0.0
        gaps = 0
        for card in self._cards.values():
            seconds, watts = np.array(card.seconds), np.array(card.watts)
            is_gap = seconds > _longest(seconds)
            joules += float((seconds * watts)[~is_gap].sum())
            measured_s += float(seconds[~is_gap].sum())
            gap_s += float(seconds[is_gap].sum())
            gaps += int(is_gap.sum())
        return Energy(joules / _JOULES_PER_KWH, measured_s, gaps, gap_s, len(self._cards))


class EnergyLog:
    """Follows the system log of one run: all of it, of which the monitor keeps the newest only.

    Args:
        path: need not exist.
    """

    def __init__(self, path: Path) -> None:
        self._tail = Tail(path)
        self._meter = EnergyMeter()
        self.at_end = False
        """Whether the last look reached the end of the file."""

    def read(self) -> None:
        """Read the next slice. Unreadable lines are counted where the run itself is read."""
        try:
            found = self._tail.read(_SLICE_BYTES)
        except OSError:
            # Told by RunSource, which reads the same file; what was read before still counts.
            self.at_end = True
            return
        if found.restarted:
            self._meter = EnergyMeter()
        self.at_end = found.at_end
        self._meter.add(filter(None, map(_decoded, found.lines)))

    def energy(self) -> Energy | None:
        """Return what was measured so far; None where power was not logged."""
        return self._meter.energy()


def _longest(seconds: Floats) -> float:
    """Return how far apart two samples may be, shape (N,) of what they are."""
    return max(MIN_GAP_S, GAP_PERIODS * float(np.median(seconds)) if len(seconds) else 0.0)


def _extend(card: _Card, when: float, watts: float) -> None:
    if card.last is not None:
        before, watts_before = card.last
        if when <= before:
            return
        card.seconds.append(when - before)
        card.watts.append((watts + watts_before) / 2)
    card.last = (when, watts)


def _decoded(line: bytes) -> System | None:
    try:
        return decode(line, System)
    except BadLineError:
        return None
