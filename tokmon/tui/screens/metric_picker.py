"""Any number of the log by a few letters of its name. Gives the key back."""

from collections.abc import Mapping, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.fuzzy import FuzzySearch
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList
from textual.widgets.option_list import Option

from tokmon.monitor.visible import visible
from tokmon.report import figures
from tokmon.tui.fuzzy_match import fuzzy_match
from tokmon.tui.glyphs import Glyphs
from tokmon.tui.text import MUTED, words

_LONGEST_NAME = 60


class MetricPicker(ModalScreen[str | None]):
    """Letters narrow the list down, the best match first; matched letters are underlined.

    Args:
        names: what can be chosen, in the order of the log.
        latest: the newest value of some of them.
        glyphs: the signs to draw with.
    """

    DEFAULT_CSS = """
    MetricPicker { align: center middle; }
    MetricPicker #metrics {
        width: 64;
        max-width: 96%;
        height: auto;
        max-height: 90%;
        background: $surface;
        border: round $primary;
        border-title-color: $primary;
        border-subtitle-color: $text-muted;
        padding: 0 1;
    }
    MetricPicker.-ascii #metrics { border: ascii $primary; }
    MetricPicker Input { background: $panel; }
    MetricPicker OptionList {
        height: auto;
        max-height: 100%;
        background: $surface;
        border: none;
        text-wrap: nowrap;
        text-overflow: ellipsis;
        scrollbar-size-vertical: 1;
        scrollbar-color: $border;
        scrollbar-background: $surface;
    }
    MetricPicker OptionList > .option-list--option-highlighted {
        background: $primary 25%;
        color: $foreground;
        text-style: underline;
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss", "Close", id="metrics.close"),
        Binding("down", "move(1)", "Down", show=False, priority=True),
        Binding("up", "move(-1)", "Up", show=False, priority=True),
    ]

    def __init__(self, names: Sequence[str], latest: Mapping[str, float], glyphs: Glyphs) -> None:
        super().__init__()
        self._names = tuple(names)
        self._latest = latest
        self._matched = self._names
        self.set_class(glyphs.is_ascii, "-ascii")

    def compose(self) -> ComposeResult:
        with Vertical(id="metrics") as box:
            box.border_title = "Metric"
            box.border_subtitle = "letters narrow, up and down, enter takes, esc closes"
            yield Input(placeholder="a few letters of the name", compact=True)
            yield OptionList(markup=False, compact=True)

    def on_mount(self) -> None:
        self._narrow("")
        self.query_one(Input).focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        self._narrow(event.value)

    def on_input_submitted(self) -> None:
        index = self._options.highlighted
        if index is not None and self._matched:
            self.dismiss(self._matched[index])

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        if self._matched:
            self.dismiss(self._matched[event.option_index])

    def action_move(self, by: int) -> None:
        if by > 0:
            self._options.action_cursor_down()
        else:
            self._options.action_cursor_up()

    @property
    def _options(self) -> OptionList:
        return self.query_one(OptionList)

    def _narrow(self, query: str) -> None:
        """Show what holds the letters of `query` in their order, the best match first."""
        search, wanted = FuzzySearch(), query.strip()
        found: list[tuple[tuple[float, Sequence[int]], str]]
        found = [((0.0, ()), name) for name in self._names]
        if wanted:
            matches = [(fuzzy_match(search, wanted, _shown(name)), name) for name in self._names]
            found = sorted((m for m in matches if m[0][0] > 0), key=lambda m: -m[0][0])
        self._matched = tuple(name for _, name in found)
        self._options.clear_options()
        self._options.add_options([Option(self._line(name, at)) for (_, at), name in found])
        if not found:
            self._options.add_option(
                Option(words(("no metric is called so", MUTED)), disabled=True)
            )
        self._options.highlighted = 0 if found else None

    def _line(self, name: str, offsets: Sequence[int]) -> Content:
        # Not Matcher.highlight: that takes a name for markup.
        shown = Content(_shown(name))
        for offset in offsets:
            shown = shown.stylize("bold underline $primary", offset, offset + 1)
        value = self._latest.get(name)
        return shown if value is None else shown + words((f"  {figures.figure(value)}", MUTED))


def _shown(name: str) -> str:
    return visible(name)[:_LONGEST_NAME]
