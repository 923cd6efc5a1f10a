"""Steps of which the device knows all it needs: the host only says "again".

The corpus lies on the device, and so do the window starts and learning rates of the steps to come:
one small copy for many steps. So a step is the same work on the same memory each time, which is
what a CUDA graph can hold whole.
"""

import torch
from torch import Tensor

from trainer.batches import moved
from trainer.capture import Capture
from trainer.steps import Agenda, Parts


class Feed:
    """What the next steps read, on the device; each `pop` is the next step's.

    Args:
        parts: whose agenda and windows.
        length: steps that are sent at a time.
        device: where to.
    """

    def __init__(self, parts: Parts, length: int, device: torch.device) -> None:
        agenda: Agenda = parts.agenda
        share = len(agenda.windows(1))
        self._agenda, self._windows, self._device = agenda, parts.windows, device
        self._starts = torch.zeros(length, share, dtype=torch.int64, device=device)
        self._rates = torch.zeros(length, device=device)
        self._place = torch.zeros(1, dtype=torch.int64, device=device)
        self._next = self._end = 0

    def ready(self, step: int) -> None:
        """See to it that the next `pop` is that of `step`. Never waits for the device."""
        if step != self._next or step == self._end:
            self._send(step)
        self._next = step + 1

    def _send(self, first: int) -> None:
        steps = range(first, min(first + len(self._rates), self._agenda.config.schedule.steps + 1))
        starts = torch.stack([self._windows.starts_of(self._agenda.windows(n)) for n in steps])
        rates = torch.tensor([self._agenda.lr(n) for n in steps])
        # In place, since a captured graph reads this memory; in turn, after all steps so far.
        self._starts[: len(steps)].copy_(moved(starts, self._device))
        self._rates[: len(steps)].copy_(moved(rates, self._device))
        self._place.zero_()
        self._end = steps.stop

    def pop(self) -> tuple[Tensor, Tensor]:
        """Return window starts (B,) and learning rate () of the next step: work of the device."""
        starts = self._starts.index_select(0, self._place).squeeze(0)
        rate = self._rates.index_select(0, self._place).squeeze(0)
        self._place += 1
        return starts, rate


class ResidentSteps:
    """Takes steps whose data is on the device, captured in a graph where that is faster."""

    def __init__(self, parts: Parts, device: torch.device, *, is_captured: bool) -> None:
        self._parts = parts
        self._feed = Feed(parts, parts.agenda.config.log.every, device)
        self._capture = Capture(self._once, parts, device) if is_captured else None

    def take(self, step: int) -> None:
        """Take one step."""
        self._feed.ready(step)
        self._once() if self._capture is None else self._capture()
        self._parts.meter.advance()

    def _once(self) -> None:
        _, windows, train_step, meter, marks = self._parts
        marks.begin()
        starts, lr = self._feed.pop()
        inputs, targets = windows.gather(starts)
        marks.at("input")
        meter.record(train_step(inputs, targets, lr))

    def forget(self) -> None:
        """Weights and moments were replaced: a graph of the old ones' places is of no use."""
        if self._capture is not None:
            self._capture.forget()

    def news(self) -> str | None:
        """Return what capturing gave, once."""
        return self._capture.news() if self._capture is not None else None
