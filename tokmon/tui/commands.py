"""Everything that a key does, by name: the command palette. Holds no list of its own.

Bindings come from the screen, its widgets and the app as they are when the palette is opened. Of
themes only our own are offered: Textual's have no colours for the chart, and those of terminal
colours are black on black under NO_COLOR.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from textual.binding import Binding
from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.dom import DOMNode
from textual.markup import escape

from tokmon.tui.text import words
from tokmon.tui.theme import THEMES

_OWN = "tokmon."


@dataclass(frozen=True, slots=True)
class Command:
    """One thing to do."""

    name: str
    help: str
    run: Callable[[], object]


class TokmonCommands(Provider):
    """Set as the app's COMMANDS, alone: Textual's own offer what breaks under NO_COLOR."""

    async def discover(self) -> Hits:
        for command in self._commands():
            yield DiscoveryHit(
                words(command.name), command.run, text=command.name, help=command.help
            )

    async def search(self, query: str) -> Hits:
        matcher = self.matcher(query)
        for command in self._commands():
            score = max(matcher.match(command.name), matcher.match(command.help) / 2)
            if score > 0:
                yield Hit(
                    score,
                    matcher.highlight(command.name),
                    command.run,
                    text=command.name,
                    help=command.help,
                )

    def _commands(self) -> Iterator[Command]:
        names: set[str] = set()
        for node, binding in self._bindings():
            command = self._of_binding(node, binding)
            if command.name not in names:
                names.add(command.name)
                yield command
        yield from self._themes()

    def _bindings(self) -> Iterator[tuple[DOMNode, Binding]]:
        """Yield what works here and now, then what works in another pane of this screen."""
        seen: set[str] = set()
        for active in self.screen.active_bindings.values():
            if active.enabled and active.binding.id and active.binding.id not in seen:
                seen.add(active.binding.id)
                yield active.node, active.binding
        for widget in self.screen.query("*"):
            if not type(widget).__module__.startswith(_OWN) or not widget.focusable:
                continue
            for binding in Binding.make_bindings(type(widget).BINDINGS):
                if binding.id and binding.id not in seen:
                    seen.add(binding.id)
                    yield widget, binding

    def _of_binding(self, node: DOMNode, binding: Binding) -> Command:
        key = self.app.get_key_display(binding)
        told = escape(f"{key}  {binding.tooltip or binding.description}")
        run = partial(self.app.run_action, binding.action, node)
        return Command(binding.description, told, run)

    def _themes(self) -> Iterator[Command]:
        for theme in THEMES:
            told = "dark" if theme.dark else "light"
            is_chosen = theme.name == self.app.theme
            now = ", the colours now" if is_chosen else ""
            yield Command(f"Theme {theme.name}", told + now, partial(self._choose, theme.name))

    def _choose(self, name: str) -> None:
        self.app.theme = name
