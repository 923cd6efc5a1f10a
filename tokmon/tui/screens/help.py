"""The keys of a screen, built from its bindings. Holds no list of its own."""

from collections.abc import Iterable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from tokmon.tui.text import MUTED, words


class HelpScreen(ModalScreen[None]):
    """Every binding with its description and tooltip."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,question_mark", "dismiss", "Close", id="help.close"),
    ]

    def __init__(self, bindings: Iterable[Binding], *, is_ascii: bool) -> None:
        super().__init__()
        self.set_class(is_ascii, "-ascii")
        self._shown = [binding for binding in bindings if binding.description]

    def compose(self) -> ComposeResult:
        with VerticalScroll(id="help") as box:
            box.border_title = "Keys"
            box.border_subtitle = "esc closes"
            yield Static(self._table())

    def _table(self) -> Content:
        keys = {
            " ".join(self.app.get_key_display(one) for one in alike): alike[0]
            for alike in self._by_id().values()
        }
        key_width = max(map(len, keys))
        name_width = max(len(binding.description) for binding in self._shown)
        lines = [
            words(
                (f"{key:>{key_width}}", "bold $primary"),
                f"  {binding.description:<{name_width}}  ",
                (binding.tooltip, MUTED),
            )
            for key, binding in keys.items()
        ]
        return Content("\n").join(lines)

    def _by_id(self) -> dict[str | None, list[Binding]]:
        """Return the bindings together that do the same, in order."""
        found: dict[str | None, list[Binding]] = {}
        for binding in self._shown:
            found.setdefault(binding.id, []).append(binding)
        return found
