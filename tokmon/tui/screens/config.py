"""Config, corpus, device, packages and revision of the run, as run.json has them. Reads nothing."""

from collections.abc import Sequence
from typing import ClassVar, NamedTuple

from textual.binding import Binding, BindingType

from tokmon.monitor.run_facts import MAX_ROWS, Fact, caveat, facts
from tokmon.monitor.state import RunState
from tokmon.monitor.visible import visible
from tokmon.tui.copying import copy
from tokmon.tui.glyphs import Glyphs
from tokmon.tui.matches import found
from tokmon.tui.screens.lines import LinesScreen
from tokmon.tui.widgets.line_view import LineView, Piece

_MAX_KEY_WIDTH = 32


class _Row(NamedTuple):
    pieces: tuple[Piece, ...]
    copied: str
    """What a copy of the row holds."""


class FactsView(LineView):
    """Rows that are known from the start."""

    def __init__(self, rows: Sequence[_Row], glyphs: Glyphs) -> None:
        super().__init__(glyphs)
        self.rows = rows

    def on_mount(self) -> None:
        self.recount(len(self.rows))

    def pieces(self, line: int) -> Sequence[Piece]:
        return self.rows[line].pieces


class ConfigScreen(LinesScreen):
    """As run.json stood when the screen was opened."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("c", "leave", "Close", show=False),
        Binding("Y", "copy_all", "Copy all", id="config.copy_all", tooltip="Every row"),
    ]
    KEYS_TEXT = "? keys  esc closes  / search  n N next, before  y copies the row, Y all"

    def __init__(self, state: RunState, glyphs: Glyphs) -> None:
        self._facts = facts(state.info) if state.info else ()
        self._note = _note(state)
        super().__init__(FactsView(_rows(self._facts), glyphs), glyphs)
        self._source = state.run.run_info.name

    def on_mount(self) -> None:
        self.entitle("Config", f"{len(self._facts):,} values", self._source)
        if self._note:
            self.tell(self._note, "$warning")

    def seek(self, needle: str, *, is_backwards: bool, from_cursor: bool) -> None:
        count = self.view.count
        by = -1 if is_backwards else 1
        start = self.view.cursor + (0 if from_cursor else by)
        for distance in range(count):
            line = (start + by * distance) % count
            if next(found(needle, self.view.text(line)), None):
                self.view.point_at(line)
                return
        self.tell(f'no "{needle}" here', "$warning")

    def action_copy_line(self) -> None:
        view = self.view
        if view.count and isinstance(view, FactsView):
            copied = view.rows[view.cursor].copied
            copy(self.app, copied, "a row" if copied.count("\n") == 1 else "a section")

    def action_copy_all(self) -> None:
        if self._facts:
            copy(self.app, _copied(self._facts), f"{len(self._facts):,} rows")


def _rows(all_facts: Sequence[Fact]) -> list[_Row]:
    """Return a heading and rows for each section, an empty row between them."""
    rows: list[_Row] = []
    for section in dict.fromkeys(fact.section for fact in all_facts):
        own = [fact for fact in all_facts if fact.section == section]
        width = min(_MAX_KEY_WIDTH, max(len(visible(fact.key)) for fact in own))
        if rows:
            rows.append(_Row((), "\n"))
        rows.append(_Row(((section, "key"),), _copied(own)))
        rows += [_row(fact, width) for fact in own]
    return rows


def _row(fact: Fact, width: int) -> _Row:
    key = ("  " + f"{visible(fact.key):<{width}}  ", "muted")
    return _Row((key, (visible(fact.value), "text")), _copied([fact]))


def _copied(of: Sequence[Fact]) -> str:
    return "".join(f"{fact.full_key} = {fact.value}\n" for fact in of)


def _note(state: RunState) -> str:
    """Say why there is nothing, or what to keep in mind."""
    name = state.run.run_info.name
    bad = next((line for line in state.bad_lines if line.file == name), None)
    if bad is not None:
        shown = "what it held before" if state.info else "nothing to show"
        return f"{name} cannot be read now ({bad.reason}): {shown}"
    if state.info is None:
        return f"there is no {name}: not begun yet, or another trainer's run"
    if len(facts(state.info)) == MAX_ROWS:
        return f"only the first {MAX_ROWS:,} values are shown"
    return caveat(state.info)
