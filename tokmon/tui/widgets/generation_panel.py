"""Text from the run's checkpoints, and what can be done with it: read, copy, save, ask others."""

from dataclasses import dataclass
from typing import ClassVar

from textual.binding import BindingType
from textual.message import Message

from tokmon.sampler.checkpoints import listed_checkpoints
from tokmon.tui.generated_file import copied, default_name, saved
from tokmon.tui.screens.checkpoint_picker import CheckpointPicker
from tokmon.tui.screens.prompt_picker import PromptPicker
from tokmon.tui.screens.save import SaveScreen
from tokmon.tui.widgets.generated_text import GeneratedText
from tokmon.tui.widgets.generation_asking import GenerationAsking
from tokmon.tui.widgets.generation_keys import GENERATION_KEYS
from tokmon.tui.widgets.prompt_area import PromptArea

_LEGEND = "odds: shaded below 0.5, underlined below 0.1, bold below 0.01"


class GenerationPanel(GenerationAsking):
    """The keys act on the text that is pointed at."""

    BINDINGS: ClassVar[list[BindingType]] = GENERATION_KEYS

    @dataclass
    class Closed(Message):
        """Escape was pressed while nothing was being generated."""

    async def action_cancel(self) -> None:
        if not self.is_writing:
            self.post_message(self.Closed())
        elif not await self.writer.stop():
            self.workers.cancel_group(self, "generate")

    def action_shade(self) -> None:
        is_shaded = self.columns.toggle_shading()
        self.say(_LEGEND if is_shaded else "syntax in colours")

    def action_copy(self) -> None:
        current = self.columns.current
        if current is None:
            self.say("nothing to copy yet", "$warning")
            return
        text = copied(current.continuation)
        self.app.copy_to_clipboard(text)
        spelled = "" if text == current.continuation.whole else ", control characters spelled out"
        self.say(
            f"copied prompt and text, {len(text):,} characters{spelled}; "
            "where the terminal takes no OSC 52, s saves"
        )

    def action_save(self) -> None:
        known = [text for text in self.columns.continuations if text.tokens]
        if not known:
            self.say("nothing to save yet", "$warning")
            return
        name = default_name(self.run_dir.experiment, known)
        screen = SaveScreen(lambda: saved(known), name, is_ascii=self.glyphs.is_ascii)
        self.app.push_screen(screen, self._tell_saved)

    def _tell_saved(self, path: str | None) -> None:
        if path is not None:
            self.say(f"saved {path}")

    def action_prompts(self) -> None:
        self.app.push_screen(PromptPicker(self.glyphs), self._take_prompt)

    def _take_prompt(self, prompt: str | None) -> None:
        if prompt is not None:
            area = self.query_one(PromptArea)
            area.put(prompt)
            area.focus()

    def action_checkpoints(self) -> None:
        listed = listed_checkpoints(self.run_dir)
        picker = CheckpointPicker(listed, self.checkpoints, self.glyphs)
        self.app.push_screen(picker, self._take_checkpoints)

    def _take_checkpoints(self, names: tuple[str, ...] | None) -> None:
        if names is None:
            return
        is_best_alone = names == (self.run_dir.best.name,)
        self.checkpoints = () if is_best_alone else names
        self.say(f"{', '.join(names)} will answer: enter generates")

    def check_action(
        self,
        action: str,
        parameters: tuple[object, ...],  # noqa: ARG002  Textual's
    ) -> bool | None:
        """Offer the new best only where there is one that was not taken."""
        return action != "take_best" or self.offered() is not None

    def action_take_best(self) -> None:
        self.takes_best = True
        self.checkpoints = ()
        self.offer()
        self.say("the next text comes from the new best: enter generates")

    def on_generated_text_cursor_moved(self, event: GeneratedText.CursorMoved) -> None:
        text = event.text if event.text.has_focus else None
        token = text.token if text is not None else None
        number = (text.cursor or 0) + 1 if text is not None else 0
        self.token_line.show(token, number)
        self.entitle()

    def on_generated_text_left_upwards(self) -> None:
        self.form.focus_lowest()

    def on_generation_form_left_downwards(self) -> None:
        self.columns.focus_text()

    def on_prompt_area_cleaned(self, event: PromptArea.Cleaned) -> None:
        self.say(f"left out {event.count:,} characters that do not show", "$warning")
