"""What a running trainer can be asked, and what it answered. Asks nothing by itself.

Every request is confirmed by a second key. Waiting goes on when the screen is closed.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import OptionList, Static

from tokmon.rundir.control import Action
from tokmon.tui.asking import Asked, Standing
from tokmon.tui.glyphs import Glyphs
from tokmon.tui.screens.choice import ChoiceScreen
from tokmon.tui.text import MUTED, STRONG, clock_seconds, foreign, words

_SHOWN_ANSWERS = 4


@dataclass(frozen=True, slots=True)
class Offer:
    """One thing that a trainer does when asked."""

    action: Action
    key: str
    purpose: str
    warning: str = ""
    """What to think of before; only where it changes the course of the run."""


OFFERS = (
    Offer("checkpoint", "c", "save now, then train on"),
    Offer("evaluate", "e", "measure the validation loss now, then train on"),
    Offer("sample", "s", "draw a round of samples now, then train on"),
    Offer("pause", "p", "stand still after this step", "the device stays taken while it waits"),
    Offer("resume", "r", "go on after a pause"),
    Offer("stop", "x", "save and end the run", "the trainer ends; tokmon train takes the run up"),
)

_STYLES = {
    Standing.WAITING: MUTED,
    Standing.LATE: "bold $warning",
    Standing.DONE: "bold $success",
    Standing.REFUSED: "bold $warning",
    Standing.FAILED: "bold $error",
}


class ControlScreen(ChoiceScreen[None]):
    """A letter or enter chooses a request; y sends it, and enter where it is harmless.

    Never the same letter twice: a key that is held down repeats itself.

    Args:
        ask: sends a request.
        answers: returns what was asked so far, oldest first.
        why_not: why nobody will answer; nothing if one may.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        *(Binding(offer.key, f"choose('{offer.key}')", show=False) for offer in OFFERS),
        Binding("y", "confirm", "Send", id="control.send"),
        Binding("escape,q,a", "back", "Close", id="control.close"),
    ]
    TITLE_TEXT = "Ask the trainer"
    KEYS_TEXT = "a letter chooses, y sends, esc closes"

    def __init__(
        self,
        ask: Callable[[Action], None],
        answers: Callable[[], Iterable[Asked]],
        why_not: str,
        glyphs: Glyphs,
    ) -> None:
        self._ask = ask
        self._answers = answers
        self._why_not = why_not
        self._glyphs = glyphs
        self._chosen: Offer | None = None
        lines = [
            words((f"{offer.key}  ", "bold $primary"), (f"{offer.action:<11}", STRONG), "  ")
            + words((offer.purpose, MUTED))
            for offer in OFFERS
        ]
        super().__init__(lines, Content(" "), is_ascii=glyphs.is_ascii)

    def on_mount(self) -> None:
        super().on_mount()
        self.show_answers()

    def show_answers(self) -> None:
        """Draw the answers again."""
        note = self.query_one("#choice-note", Static)
        note.update(Content("\n").join([self._question(), *self._lines_of_answers()]))

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Enter chooses what the cursor is on, and confirms it where that changes nothing."""
        offer = OFFERS[event.option_index]
        if offer == self._chosen and not offer.warning:
            self.action_confirm()
        else:
            self._choose(offer)

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        if self._chosen is not None and OFFERS[event.option_index] != self._chosen:
            self._chosen = None
            self.show_answers()

    def action_choose(self, key: str) -> None:
        index = next(index for index, offer in enumerate(OFFERS) if offer.key == key)
        self.options.highlighted = index
        self._choose(OFFERS[index])

    def action_back(self) -> None:
        """Take a choice back; without one, close."""
        if self._chosen is None:
            self.dismiss()
        self._chosen = None
        self.show_answers()

    def action_confirm(self) -> None:
        chosen, self._chosen = self._chosen, None
        if chosen is not None:
            self._ask(chosen.action)
        self.show_answers()

    def _choose(self, offer: Offer) -> None:
        if not self._why_not:
            self._chosen = offer
            self.show_answers()

    def _question(self) -> Content:
        if self._why_not:
            sign = self._glyphs.latest
            return foreign(f"{sign} nobody to ask: {self._why_not}", "bold $warning")
        if self._chosen is None:
            return words(("choose what to ask for", MUTED))
        offer = self._chosen
        warning = f" ({offer.warning})" if offer.warning else ""
        question = f"{self._glyphs.latest} ask to {offer.action}{warning}?"
        return words(
            (question, "bold $warning" if warning else "bold $primary"),
            (f"  y{'' if warning else ' or enter'} asks, esc does not", MUTED),
        )

    def _lines_of_answers(self) -> list[Content]:
        asked = list(self._answers())[-_SHOWN_ANSWERS:]
        return [self._line(one) for one in asked]

    def _line(self, asked: Asked) -> Content:
        said = asked.message or "it answers between steps"
        return words(
            (f"{clock_seconds(asked.asked_at)} ", MUTED),
            (f"{asked.action:<11}", STRONG),
            (f"{asked.standing}  ", _STYLES[asked.standing]),
        ) + foreign(said)
