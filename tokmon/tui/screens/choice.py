"""A list to choose from, in a box of its own. Subclasses say what stands in it."""

from typing import ClassVar, Generic, TypeVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

R = TypeVar("R")


class ChoiceScreen(ModalScreen[R | None], Generic[R]):
    """Dismissed with what was chosen, or with None."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "dismiss", "Close", id="choice.close"),
        Binding("j", "down", "Down", show=False),
        Binding("k", "up", "Up", show=False),
    ]
    TITLE_TEXT: ClassVar[str] = ""
    KEYS_TEXT: ClassVar[str] = ""

    def __init__(self, lines: list[Content], note: Content, *, is_ascii: bool) -> None:
        """Take the lines, one an option, and a note beneath them."""
        super().__init__()
        self._lines = lines
        self._note = note
        self.set_class(is_ascii, "-ascii")

    def compose(self) -> ComposeResult:
        with Vertical(id="choice") as box:
            box.border_title = self.TITLE_TEXT
            box.border_subtitle = self.KEYS_TEXT
            yield OptionList(*(Option(line) for line in self._lines), markup=False, compact=True)
            yield Static(self._note, id="choice-note", markup=False)

    def on_mount(self) -> None:
        self.query_one(OptionList).display = bool(self._lines)
        self.query_one("#choice-note").display = bool(self._note.plain)

    @property
    def options(self) -> OptionList:
        """The list."""
        return self.query_one(OptionList)

    def action_down(self) -> None:
        self.options.action_cursor_down()

    def action_up(self) -> None:
        self.options.action_cursor_up()
