"""Where a prompt is written: one line or several, with Python's indentation and a history.

It never holds a character that a terminal would act upon: pasted ones are left out, and said.
"""

from dataclasses import dataclass
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import TextArea

from tokmon.monitor.visible import harmless
from tokmon.tui.prompt_history import PromptHistory

_INDENT = 4
_NEW_LINE = frozenset({"ctrl+j", "alt+enter", "shift+enter"})


class PromptArea(TextArea):
    """Grows with its lines to a few rows."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "ctrl+j",
            "new_line",
            "Line",
            id="prompt.line",
            tooltip="A new line in the prompt, indented as the one before (alt+enter as well)",
        ),
    ]

    @dataclass
    class Submitted(Message):
        """Enter was pressed."""

    @dataclass
    class LeftDownwards(Message):
        """The cursor was moved down from the last row, and no newer prompt is known."""

    @dataclass
    class Cleaned(Message):
        """Characters were left out of what was put in."""

        count: int

    def __init__(self, text: str, *, id: str | None = None) -> None:  # noqa: A002  Textual's
        super().__init__(
            text,
            id=id,
            compact=True,
            highlight_cursor_line=False,
            placeholder="prompt; empty starts a document",
        )
        self.asked = PromptHistory()
        self.cursor_blink = False

    @property
    def prompt(self) -> str:
        """The text without blanks on a last line of nothing else.

        They are the model's to write: its tokens join them with the word that follows, so that
        after blanks it has to go on as no text that it has read does.
        """
        last = self.text.rpartition("\n")[2]
        is_indentation = "\n" in self.text and not last.strip()
        return self.text.removesuffix(last) if is_indentation else self.text

    def put(self, prompt: str) -> None:
        """Replace the prompt, the cursor at its end."""
        self.load_text(self._cleaned(prompt))
        self.move_cursor(self.document.end)

    def action_new_line(self) -> None:
        """Begin a line, indented as this one, deeper after a colon."""
        row, column = self.cursor_location
        before = self.document.get_line(row)[:column]
        indent = before[: len(before) - len(before.lstrip())]
        deeper = " " * _INDENT if before.rstrip().endswith(":") else ""
        self._replace_via_keyboard(f"\n{indent}{deeper}", *self.selection)

    async def _on_key(self, event: events.Key) -> None:
        """Take the keys that mean something else than in a TextArea; it handles the others."""
        if event.key == "enter":
            self.post_message(self.Submitted())
        elif event.key in _NEW_LINE:
            self.action_new_line()
        elif event.key == "tab" and self._is_in_indentation:
            column = self.cursor_location[1]
            self._replace_via_keyboard(" " * (_INDENT - column % _INDENT), *self.selection)
        elif own := self._bindings.key_to_bindings.get(event.key):
            # Bindings run after the event has bubbled up: of keys that come in one read, as over a
            # slow line, a backspace would act behind the letters typed after it.
            await self.run_action(own[0].action)
        elif not event.is_printable or event.character == harmless(event.character or ""):
            return
        # Also a character that would not show is dropped here.
        event.stop()
        event.prevent_default()

    @property
    def _is_in_indentation(self) -> bool:
        """Whether Tab can only mean to indent: below the first line, with blanks before it."""
        row, column = self.cursor_location
        return row > 0 and not self.document.get_line(row)[:column].strip()

    async def _on_paste(self, event: events.Paste) -> None:
        # Stopped, as TextArea's own handler would put in the text as it is.
        event.prevent_default()
        event.stop()
        text = self._cleaned(event.text)
        if result := self._replace_via_keyboard(text, *self.selection):
            self.move_cursor(result.end_location)

    def action_cursor_up(self, select: bool = False) -> None:
        if select or self.cursor_location[0] > 0:
            super().action_cursor_up(select)
        elif (older := self.asked.older(self.text)) is not None:
            self.put(older)

    def action_cursor_down(self, select: bool = False) -> None:
        if select or self.cursor_location[0] < self.document.line_count - 1:
            super().action_cursor_down(select)
        elif (newer := self.asked.newer()) is not None:
            self.put(newer)
        else:
            self.post_message(self.LeftDownwards())

    def action_delete_left(self) -> None:
        """Delete a character, or in front of the line's text as much as Tab would indent."""
        row, column = self.cursor_location
        before = self.document.get_line(row)[:column]
        if self.selection.is_empty and before and not before.strip(" "):
            width = (len(before) - 1) % _INDENT + 1
            self._delete_via_keyboard((row, column - width), (row, column))
        else:
            super().action_delete_left()

    def _cleaned(self, text: str) -> str:
        """Return text without what would not show."""
        kept = harmless(text)
        if len(kept) < len(text.replace("\r\n", "\n")):
            self.post_message(self.Cleaned(len(text.replace("\r\n", "\n")) - len(kept)))
        return kept
