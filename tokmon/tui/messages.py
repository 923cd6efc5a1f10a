"""What is posted between worker, widgets and screens. Past tense; the screen decides."""

from dataclasses import dataclass

from textual.message import Message

from tokmon.monitor.state import RunState


@dataclass
class StateChanged(Message):
    """A poll of the run brought something new, or a second has passed."""

    state: RunState

    def can_replace(self, message: Message) -> bool:
        """Only the latest state matters."""
        return isinstance(message, StateChanged)
