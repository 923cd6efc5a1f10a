"""One line to type what is looked for. Hidden until it is opened; does not search by itself."""

from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Input, Static

from tokmon.tui.text import words


class SearchLine(Horizontal):
    """Posts what is typed, and what is asked for with enter; esc gives up."""

    DEFAULT_CSS = """
    SearchLine { display: none; height: 1; width: 1fr; background: $panel; }
    SearchLine > Static { width: 2; color: $primary; text-style: bold; }
    SearchLine > Input { width: 1fr; background: $panel; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "close", "Give up", show=False),
    ]

    @dataclass
    class Typed(Message):
        """The text has changed."""

        text: str

    @dataclass
    class Asked(Message):
        """Enter was pressed; an empty text means: nothing any more."""

        text: str

    @dataclass
    class GivenUp(Message):
        """Esc was pressed; the text is what stood before."""

    def compose(self) -> ComposeResult:
        yield Static(words("/ "))
        yield Input(compact=True, select_on_focus=True)

    def open(self) -> None:
        """Show the line and let it be typed into."""
        self.display = True
        self.query_one(Input).focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        if self.display:
            self.post_message(self.Typed(event.value))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.display = False
        self.post_message(self.Asked(event.value))

    def action_close(self) -> None:
        self.display = False
        self.post_message(self.GivenUp())
