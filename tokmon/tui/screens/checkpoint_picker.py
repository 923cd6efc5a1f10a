"""The checkpoints of the run, to let one or several of them answer. Gives file names back."""

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import OptionList

from tokmon.report import figures
from tokmon.sampler.checkpoints import ListedCheckpoint
from tokmon.tui.glyphs import Glyphs
from tokmon.tui.screens.choice import ChoiceScreen
from tokmon.tui.text import MUTED, STRONG, foreign, words


class CheckpointPicker(ChoiceScreen[tuple[str, ...]]):
    """Marks stand in brackets, so that they need no colour."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "mark", "Mark", id="checkpoints.mark"),
        Binding("a", "mark_all", "All or none", id="checkpoints.all"),
    ]
    TITLE_TEXT = "Checkpoints that answer"
    KEYS_TEXT = "space marks, a all, enter takes the marked ones, esc closes"

    def __init__(
        self, listed: list[ListedCheckpoint], chosen: tuple[str, ...], glyphs: Glyphs
    ) -> None:
        self._listed = listed
        self._marked = {name for name in chosen if name in {found.name for found in listed}}
        note = Content() if listed else words(("no checkpoint yet", MUTED))
        super().__init__([self._line(found) for found in listed], note, is_ascii=glyphs.is_ascii)

    def action_mark(self) -> None:
        index = self.options.highlighted
        if index is not None:
            self._marked ^= {self._listed[index].name}
            self._show()

    def action_mark_all(self) -> None:
        names = {found.name for found in self._listed}
        self._marked = set() if self._marked == names else names
        self._show()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Give the marked ones; without any, the one pointed at."""
        marked = self._marked or {self._listed[event.option_index].name}
        self.dismiss(tuple(found.name for found in self._listed if found.name in marked))

    def _show(self) -> None:
        for index, found in enumerate(self._listed):
            self.options.replace_option_prompt_at_index(index, self._line(found))

    def _line(self, found: ListedCheckpoint) -> Content:
        mark = "[x] " if found.name in self._marked else "[ ] "
        loss = figures.loss(found.val_loss)
        return words(
            mark,
            f"step {figures.count(found.step):>9}  val loss {loss:>6}  ",
            (f"{found.role:<5}  ", STRONG),
        ) + foreign(found.name, MUTED)
