"""Text from the run's checkpoints: what is asked, written and shown meets here.

A process of its own writes, from the first request on. While a trainer fills the only GPU it is
told to use the CPU. How things look is told elsewhere.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.message import Message
from textual.reactive import reactive
from textual.timer import Timer
from textual.widgets import Static

from tokmon.monitor.state import RunState
from tokmon.report import figures
from tokmon.rundir.errors import TokmonError
from tokmon.rundir.layout import RunDir
from tokmon.rundir.sampling import Ready, Started
from tokmon.sampler.checkpoints import listed_checkpoints
from tokmon.tui.generated_file import copied, default_name, saved
from tokmon.tui.generation import Job, going_on, jobs, texts
from tokmon.tui.glyphs import Glyphs
from tokmon.tui.new_best import in_words, offered
from tokmon.tui.sampling import ClientFactory
from tokmon.tui.sampling_device import DeviceChoice, chosen_device
from tokmon.tui.screens.checkpoint_picker import CheckpointPicker
from tokmon.tui.screens.prompt_picker import PromptPicker
from tokmon.tui.screens.save import SaveScreen
from tokmon.tui.text import MUTED, STRONG, Part, fit, foreign, words
from tokmon.tui.widgets.generated_columns import GeneratedColumns
from tokmon.tui.widgets.generated_text import GeneratedText
from tokmon.tui.widgets.generation_form import GenerationForm
from tokmon.tui.widgets.prompt_area import PromptArea
from tokmon.tui.widgets.token_line import TokenLine
from tokmon.tui.worker import DiedError, Worker

_PAINT_S = 0.1
"""Tokens can come by the hundred a second; the eye and the wire take ten paints."""


def _key(keys: str, action: str, name: str, tooltip: str) -> Binding:
    """Return a binding: a letter for where no text is written, with ctrl for anywhere."""
    return Binding(
        keys,
        action,
        name,
        id=f"generation.{action}",
        tooltip=tooltip,
        key_display="enter" if keys == "enter" else None,  # Textual's sign for it is not ASCII
    )


class GenerationPanel(Vertical):
    """A form, the texts, and a line that says what goes on."""

    BINDINGS: ClassVar[list[BindingType]] = [
        _key("enter", "generate", "Write", "The same prompt and seed repeat the same text"),
        _key("escape", "cancel", "Stop", "Stop the text; again to close the panel"),
        _key("r,ctrl+r", "new_seed", "Seed", "The same prompt with the seed that follows"),
        _key("c,ctrl+g", "go_on", "More", "Lengthen the text by as many tokens again"),
        _key("p,ctrl+t", "shade", "Odds", "How likely each token was; arrows point at one"),
        _key("l,ctrl+l", "prompts", "Suite", "Take a prompt of the suite"),
        _key("o,ctrl+o", "checkpoints", "Models", "Let one or several checkpoints answer"),
        _key("s,ctrl+s", "save", "Save", "All texts to a file"),
        _key("y", "copy", "Copy", "Prompt and text to the terminal's clipboard (OSC 52)"),
        _key("b,ctrl+n", "take_best", "New best", "Let the next text come from the new best"),
    ]

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
        self._is_running = False
        self._is_stopping = False
        self._painting: Timer | None = None
        self._form = GenerationForm()
        self._columns = GeneratedColumns(glyphs, id="generated")
        self._token_line = TokenLine(glyphs, id="token")
        self._offer_line = Static(id="offer", markup=False)
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
        self._offer()
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
        return self._is_running

    # Asking

    def on_generation_form_submitted(self) -> None:
        self.action_generate()

    def action_generate(self) -> None:
        self._ask(self._new_jobs)

    def action_new_seed(self) -> None:
        if not self._is_running:
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
        if self._is_running:
            self._say("one request at a time: esc stops this one", "$warning")
            return
        try:
            choice = chosen_device(self.state, self._form.device)
            asked = make_jobs()
        except TokmonError as error:
            self._say(str(error), "$warning")
            return
        self._is_running, self._is_stopping = True, False
        self.run_worker(self._generate(asked, choice), group="generate")

    def _new_jobs(self) -> list[Job]:
        follows = self._takes_best or self._worker.ready is None
        made = jobs(self._form.request(), self._checkpoints, is_following=follows)
        self._takes_best = False
        self._form.remember_prompt()
        return made

    async def action_cancel(self) -> None:
        if not self._is_running:
            self.post_message(self.Closed())
            return
        self._is_stopping = True
        self._say("stopping")
        if self._worker.ready is None:
            self.workers.cancel_group(self, "generate")
        else:
            await self._worker.cancel()

    # Writing

    async def _generate(self, asked: list[Job], choice: DeviceChoice) -> None:
        """Write the texts; whatever goes wrong is told in the status line."""
        shown = list(texts(asked))
        assert self._painting is not None
        try:
            if not set(shown) <= set(self._columns.continuations):
                await self._columns.show(shown, names_source=len(asked) > 1)
                self.call_after_refresh(self._entitle)
            if not self._worker.runs_on(choice.name):
                reason = choice.reason or f"on {choice.name}"
                self._say(f"starting the sampling process {reason}")
            self._painting.resume()
            for job in asked:
                await self._write(job, choice.name)
            self._say_done(choice)
        except TokmonError as error:
            self._say(str(error), "$error")
        finally:
            self._is_running = False
            self._painting.pause()
            if self._is_stopping:
                self._say("stopped; enter writes again")
            for job in asked:
                job.give_up("stopped" if self._is_stopping else "broken off")
            self._columns.paint()
            self._entitle()
            self._offer()

    async def _write(self, job: Job, device: str) -> None:
        if self._is_stopping:
            return
        try:
            async for reply in self._worker.generate(job.request, device):
                if isinstance(reply, Ready):
                    self._offer()
                elif isinstance(reply, Started):
                    self._say(f"reading {reply.prompt_tokens:,} prompt tokens, then writing")
                job.take(reply)
        except DiedError as error:
            hint = f" ({error.hint})" if error.hint else ""
            told = f"{error.message}{hint}; another is ready, enter tries again"
            raise TokmonError(told) from error

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

    def _offered(self) -> object:
        return None if self._takes_best else offered(self.state, self._worker.ready)

    def _offer(self) -> None:
        best = None if self._takes_best else offered(self.state, self._worker.ready)
        line = self._offer_line
        if line.display != (best is not None):
            line.display = best is not None
            self.refresh_bindings()
        if best is not None:
            sign = f"{self._glyphs.best} {in_words(best)}"
            line.update(words((sign, "bold $warning"), " - b or ctrl+n lets the next text use it"))

    def _say_done(self, choice: DeviceChoice) -> None:
        notes = [self._worker.take_notice(), choice.reason]
        ready = self._worker.ready
        notes.append(ready.notice if ready is not None else "")
        said = "; ".join(note for note in notes if note)
        self._say(said or "enter writes the same again, r or ctrl+r with another seed")

    def _say(self, message: str, style: str = MUTED) -> None:
        self._status.update(foreign(message, style))
        self._entitle()

    def _entitle(self) -> None:
        parts = [Part(words("Generate")), *self._source(), *self._page()]
        self.border_title = fit(parts, max(1, self.outer_size.width - 6))

    def _source(self) -> list[Part]:
        """Return who answers: the device first, as it says how far to trust the speed."""
        ready = self._worker.ready
        if ready is None:
            return []
        parts = [Part(words("on ", foreign(ready.device, STRONG)), 1)]
        if len(self._checkpoints) > 1:
            return [Part(words(f"{len(self._checkpoints)} checkpoints")), *parts]
        if ready.val_loss is not None:
            parts.insert(0, Part(words("val loss ", (figures.loss(ready.val_loss), STRONG)), 3))
        step = Part(words("step ", (f"{ready.step:,}", STRONG)), 2)
        return [Part(foreign(ready.checkpoint), 4), step, *parts]

    def _page(self) -> list[Part]:
        first, last = self._columns.page
        total = len(self._columns.continuations)
        if last - first + 1 >= total:
            return []
        span = f"{first}" if first == last else f"{first}-{last}"
        return [Part(words((f"text {span} of {total}", STRONG), (" (tab)", MUTED)), 0)]


_LEGEND = "odds: shaded below 0.5, underlined below 0.1, bold below 0.01"
