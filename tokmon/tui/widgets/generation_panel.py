"""Text from the run's checkpoints: what is asked, written and shown meets here.

A process of its own writes, from the first request on. While a trainer fills the only GPU it is
told to use the CPU. How things look is told elsewhere.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.message import Message
from textual.reactive import reactive
from textual.timer import Timer
from textual.widgets import Static

from tokmon.monitor.state import Best, RunState
from tokmon.rundir.errors import TokmonError
from tokmon.rundir.layout import RunDir
from tokmon.sampler.checkpoints import listed_checkpoints
from tokmon.tui.generated_file import copied, default_name, saved
from tokmon.tui.generation import Job, going_on, jobs, texts
from tokmon.tui.glyphs import Glyphs
from tokmon.tui.new_best import offered
from tokmon.tui.sampling import ClientFactory
from tokmon.tui.sampling_device import DeviceChoice, chosen_device
from tokmon.tui.screens.checkpoint_picker import CheckpointPicker
from tokmon.tui.screens.prompt_picker import PromptPicker
from tokmon.tui.screens.save import SaveScreen
from tokmon.tui.text import MUTED, fit, foreign
from tokmon.tui.widgets.generated_columns import GeneratedColumns
from tokmon.tui.widgets.generated_text import GeneratedText
from tokmon.tui.widgets.generation_form import GenerationForm
from tokmon.tui.widgets.generation_keys import GENERATION_KEYS
from tokmon.tui.widgets.generation_title import title_parts
from tokmon.tui.widgets.offer_line import OfferLine
from tokmon.tui.widgets.prompt_area import PromptArea
from tokmon.tui.widgets.token_line import TokenLine
from tokmon.tui.worker import Worker
from tokmon.tui.writer import Writer

_PAINT_S = 0.1
"""Tokens can come by the hundred a second; the eye and the wire take ten paints."""
_LEGEND = "odds: shaded below 0.5, underlined below 0.1, bold below 0.01"


class GenerationPanel(Vertical):
    """A form, the texts, and a line that says what goes on."""

    BINDINGS: ClassVar[list[BindingType]] = GENERATION_KEYS

    state: reactive[RunState | None] = reactive(None, init=False, repaint=False)
    """Whose checkpoint answers."""

    @dataclass
    class Closed(Message):
        """Escape was pressed while nothing was being generated."""

    def __init__(
        self,
        run: RunDir,
        new_client: ClientFactory,
        glyphs: Glyphs,
        *,
        id: str | None = None,  # noqa: A002  Textual's
    ) -> None:
        super().__init__(id=id)
        self._run_dir = run
        self._glyphs = glyphs
        self._worker = Worker(run.path, new_client)
        self._checkpoints: tuple[str, ...] = ()
        self._takes_best = False
        self._writer = Writer(self._worker, self._say)
        self._painting: Timer | None = None
        self._form = GenerationForm()
        self._columns = GeneratedColumns(glyphs, id="generated")
        self._token_line = TokenLine(glyphs, id="token")
        self._offer_line = OfferLine(glyphs, id="offer")
        self._status = Static(id="generation-status", markup=False)

    def compose(self) -> ComposeResult:
        yield self._form
        yield self._columns
        yield self._token_line
        yield self._offer_line
        yield self._status

    def on_mount(self) -> None:
        self._painting = self.set_interval(_PAINT_S, self._columns.paint, pause=True)
        self._token_line.display = False
        self._say("enter generates from the best checkpoint, ctrl+j begins a line")

    async def on_unmount(self) -> None:
        await self._worker.close()

    def on_resize(self) -> None:
        self._entitle()

    def watch_state(self) -> None:
        self._offer()

    @property
    def is_writing(self) -> bool:
        """Whether a request is being answered."""
        return self._writer.is_writing

    # Asking

    def on_generation_form_submitted(self) -> None:
        self.action_generate()

    def action_generate(self) -> None:
        self._ask(self._new_jobs)

    def action_new_seed(self) -> None:
        if not self.is_writing:
            self._form.advance_seed()
        self.action_generate()

    def action_go_on(self) -> None:
        current = self._columns.current
        if current is None or not current.continuation.tokens:
            self._say("nothing to go on from yet: enter generates", "$warning")
        else:
            self._ask(lambda: [going_on(current.continuation)])

    def _ask(self, make_jobs: Callable[[], list[Job]]) -> None:
        """Begin, unless a text is being written or the form holds no request."""
        if self.is_writing:
            self._say("one request at a time: esc stops this one", "$warning")
            return
        try:
            choice = chosen_device(self.state, self._form.device)
            asked = make_jobs()
        except TokmonError as error:
            self._say(str(error), "$warning")
            return
        self._writer.begin()
        self.run_worker(self._generate(asked, choice), group="generate")

    def _new_jobs(self) -> list[Job]:
        follows = self._takes_best or self._worker.ready is None
        made = jobs(self._form.request(), self._checkpoints, is_following=follows)
        self._takes_best = False
        self._form.remember_prompt()
        return made

    async def action_cancel(self) -> None:
        if not self.is_writing:
            self.post_message(self.Closed())
        elif not await self._writer.stop():
            self.workers.cancel_group(self, "generate")

    async def _generate(self, asked: list[Job], choice: DeviceChoice) -> None:
        """Write texts and paint them as they come."""
        shown = list(texts(asked))
        assert self._painting is not None
        try:
            if not set(shown) <= set(self._columns.continuations):
                await self._columns.show(shown, names_source=len(asked) > 1)
                self.call_after_refresh(self._entitle)
            self._painting.resume()
            await self._writer.write(asked, choice)
        finally:
            self._painting.pause()
            self._writer.end(asked)
            self._columns.paint()
            self._entitle()
            self._offer()

    # Doing something with the texts

    def action_shade(self) -> None:
        is_shaded = self._columns.toggle_shading()
        self._say(_LEGEND if is_shaded else "syntax in colours")

    def action_copy(self) -> None:
        current = self._columns.current
        if current is None:
            self._say("nothing to copy yet", "$warning")
            return
        text = copied(current.continuation)
        self.app.copy_to_clipboard(text)
        spelled = "" if text == current.continuation.whole else ", control characters spelled out"
        self._say(
            f"copied prompt and text, {len(text):,} characters{spelled}; "
            "where the terminal takes no OSC 52, s saves"
        )

    def action_save(self) -> None:
        known = [text for text in self._columns.continuations if text.tokens]
        if not known:
            self._say("nothing to save yet", "$warning")
            return
        name = default_name(self._run_dir.experiment, known)
        screen = SaveScreen(lambda: saved(known), name, is_ascii=self._glyphs.is_ascii)
        self.app.push_screen(screen, self._tell_saved)

    def _tell_saved(self, path: str | None) -> None:
        if path is not None:
            self._say(f"saved {path}")

    def action_prompts(self) -> None:
        self.app.push_screen(PromptPicker(self._glyphs), self._take_prompt)

    def _take_prompt(self, prompt: str | None) -> None:
        if prompt is not None:
            area = self.query_one(PromptArea)
            area.put(prompt)
            area.focus()

    def action_checkpoints(self) -> None:
        listed = listed_checkpoints(self._run_dir)
        picker = CheckpointPicker(listed, self._checkpoints, self._glyphs)
        self.app.push_screen(picker, self._take_checkpoints)

    def _take_checkpoints(self, names: tuple[str, ...] | None) -> None:
        if names is None:
            return
        is_best_alone = names == (self._run_dir.best.name,)
        self._checkpoints = () if is_best_alone else names
        self._say(f"{', '.join(names)} will answer: enter generates")

    def check_action(
        self,
        action: str,
        parameters: tuple[object, ...],  # noqa: ARG002  Textual's
    ) -> bool | None:
        """Offer the new best only where there is one that was not taken."""
        return action != "take_best" or self._offered() is not None

    def action_take_best(self) -> None:
        self._takes_best = True
        self._checkpoints = ()
        self._offer()
        self._say("the next text comes from the new best: enter generates")

    # Showing

    def on_generated_text_cursor_moved(self, event: GeneratedText.CursorMoved) -> None:
        text = event.text if event.text.has_focus else None
        token = text.token if text is not None else None
        number = (text.cursor or 0) + 1 if text is not None else 0
        self._token_line.show(token, number)
        self._entitle()

    def on_generated_text_left_upwards(self) -> None:
        self._form.focus_lowest()

    def on_generation_form_left_downwards(self) -> None:
        self._columns.focus_text()

    def on_prompt_area_cleaned(self, event: PromptArea.Cleaned) -> None:
        self._say(f"left out {event.count:,} characters that do not show", "$warning")

    def _offered(self) -> Best | None:
        return None if self._takes_best else offered(self.state, self._worker.ready)

    def _offer(self) -> None:
        if self._offer_line.show(self._offered()):
            self.refresh_bindings()

    def _say(self, message: str, style: str = MUTED) -> None:
        self._status.update(foreign(message, style))
        self._entitle()
        self._offer()

    def _entitle(self) -> None:
        total = len(self._columns.continuations)
        parts = title_parts(self._worker.ready, self._checkpoints, self._columns.page, total)
        self.border_title = fit(parts, max(1, self.outer_size.width - 6))
