"""Where to save what was generated. Replaces a file only when it is told so twice."""

from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from tokmon.rundir.atomic import write_atomic
from tokmon.tui.text import MUTED, foreign, words

# A name may be pasted; what a terminal acts upon may not.
_SHOWING = (
    r"[^\x00-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069"
    r"\ufe00-\ufe0f\ufeff\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e0fff]*"
)


class SaveScreen(ModalScreen[str | None]):
    """Dismissed with the path that was written, or with None."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss", "Close", id="save.close"),
    ]

    def __init__(self, content: Callable[[], bytes], name: str, *, is_ascii: bool) -> None:
        """Take what makes the content, and the name to start from."""
        super().__init__()
        self._content = content
        self._name = name
        self._warned_of: Path | None = None
        self.set_class(is_ascii, "-ascii")

    def compose(self) -> ComposeResult:
        with Vertical(id="save") as box:
            box.border_title = "Save"
            box.border_subtitle = "enter saves, esc closes"
            yield Input(self._name, compact=True, restrict=_SHOWING, select_on_focus=False)
            yield Static(self._folder(), id="save-note", markup=False)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        if not event.value.strip():
            self._note(words(("a file needs a name", "$warning")))
            return
        path = Path(event.value.strip()).expanduser()
        try:
            self._save(path)
        except OSError as error:
            self._note(foreign(f"cannot be written: {error.strerror or error}", "$error"))

    def _save(self, path: Path) -> None:
        if path.exists() and path != self._warned_of:
            self._warned_of = path
            self._note(words(("exists already: enter again replaces it", "$warning")))
            return
        write_atomic(path, self._content())
        self.dismiss(str(path))

    def _folder(self) -> Content:
        return words(("in ", MUTED)) + foreign(str(Path.cwd()), MUTED)

    def _note(self, line: Content) -> None:
        self.query_one("#save-note", Static).update(line)
