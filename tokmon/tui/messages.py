"""What is posted between worker, widgets and screens. Past tense; the screen decides."""

from dataclasses import dataclass

from textual.message import Message

from tokmon.monitor.state import RunState
from tokmon.rundir.layout import RunDir
from tokmon.tui.host_reader import HostReading


@dataclass
class StateChanged(Message):
    """A poll of the run brought something new, or a second has passed."""

    state: RunState

    def can_replace(self, message: Message) -> bool:
        """Only the latest state matters."""
        return isinstance(message, StateChanged)


@dataclass
class HostRead(Message):
    """The monitor has taken a sample of this host itself."""

    reading: HostReading

    def can_replace(self, message: Message) -> bool:
        """Only the latest reading matters."""
        return isinstance(message, HostRead)


@dataclass
class RunChosen(Message):
    """A run is to be shown on its own."""

    run: RunDir


@dataclass
class RunsCompared(Message):
    """Two to eight runs are to be compared, in this order."""

    runs: list[RunDir]


@dataclass
class RunsWanted(Message):
    """The list of runs is to be shown instead of one."""
