"""The prompts that runs are measured on, to take one from. Gives its text back."""

from textual.content import Content
from textual.widgets import OptionList

from tokmon.rundir.errors import TokmonError
from tokmon.sampler.prompt_suite import SuitePrompt, suite_prompts
from tokmon.tui.glyphs import Glyphs
from tokmon.tui.screens.choice import ChoiceScreen
from tokmon.tui.text import MUTED, STRONG, foreign, shortened, words

_SHOWN_CHARACTERS = 60


class PromptPicker(ChoiceScreen[str]):
    """One line a prompt; beneath them the whole of the one pointed at."""

    TITLE_TEXT = "Prompts of the suite"
    KEYS_TEXT = "enter takes it, esc closes"

    def __init__(self, glyphs: Glyphs) -> None:
        note = Content()
        self._prompts: tuple[SuitePrompt, ...] = ()
        try:
            self._prompts = suite_prompts()
        except TokmonError as error:
            note = foreign(str(error), "$warning")
        width = max((len(prompt.id) for prompt in self._prompts), default=0)
        lines = [_line(prompt, width, glyphs) for prompt in self._prompts]
        super().__init__(lines, note, is_ascii=glyphs.is_ascii)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(self._prompts[event.option_index].text)


def _line(prompt: SuitePrompt, width: int, glyphs: Glyphs) -> Content:
    first, *more = prompt.text.strip("\n").split("\n")
    name = foreign(f"{prompt.id:<{width}}  ", MUTED)
    shown = shortened(first or "(empty: a new document)", _SHOWN_CHARACTERS, glyphs)
    further = f"  +{len(more)} line{'s' if len(more) > 1 else ''}" if more else ""
    return name + words((shown, STRONG), (further, MUTED))
