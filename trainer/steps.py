"""Takes the steps of a run one by one: which windows, which learning rate, from where."""

from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from trainer.batches import BatchOrder, Windows, rank_share
from trainer.config import Config
from trainer.distributed import Group
from trainer.marks import Marks
from trainer.meter import Meter
from trainer.schedule import learning_rate
from trainer.step import TrainStep


class Agenda(NamedTuple):
    """What each step has to do, as a pure function of its number."""

    config: Config
    order: BatchOrder
    group: Group

    def windows(self, step: int) -> NDArray[np.int64]:
        """Return the numbers of the windows that this process trains on, (B / ranks,)."""
        return rank_share(self.order.batch(step), self.group.rank, self.group.size)

    def lr(self, step: int) -> float:
        """Return the learning rate."""
        return learning_rate(step, self.config.schedule, self.config.optim)


class Parts(NamedTuple):
    """What takes steps, whoever calls it."""

    agenda: Agenda
    windows: Windows
    train_step: TrainStep
    meter: Meter
    marks: Marks


class Steps(Protocol):
    """Takes steps in order."""

    def take(self, step: int) -> None:
        """Take that one; what it measured goes to the meter."""

    def forget(self) -> None:
        """Know that weights and moments were replaced by others."""

    def news(self) -> str | None:
        """Return what was found out about how to step since the last call, for people."""


class HostSteps:
    """The host reads each batch and hands it to the device."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def take(self, step: int) -> None:
        """Take one step."""
        agenda, windows, train_step, meter, marks = self._parts
        marks.begin()
        inputs, targets = windows.read(agenda.windows(step))
        marks.at("input")
        meter.add(train_step(inputs, targets, agenda.lr(step)))

    def forget(self) -> None:
        """Nothing is kept between steps."""

    def news(self) -> str | None:
        """Nothing is tried out."""
        return None
