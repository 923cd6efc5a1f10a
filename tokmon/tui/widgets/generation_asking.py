"""What is asked of the run's checkpoints, and the texts that come: form, process and columns.

A process of its own writes, from the first request on. While a trainer fills the only GPU it is
told to use the CPU. How things look is told elsewhere.
"""

from collections.abc import Callable

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.reactive import reactive
from textual.timer import Timer
from textual.widgets import Static

from tokmon.monitor.state import Best, RunState
from tokmon.rundir.errors import TokmonError
from tokmon.rundir.layout import RunDir
from tokmon.tui.generation import Job, going_on, jobs, texts
from tokmon.tui.glyphs import Glyphs
from tokmon.tui.new_best import offered
from tokmon.tui.sampling import ClientFactory
from tokmon.tui.sampling_device import DeviceChoice, chosen_device
from tokmon.tui.text import MUTED, fit, foreign
from tokmon.tui.widgets.generated_columns import GeneratedColumns
from tokmon.tui.widgets.generation_form import GenerationForm
from tokmon.tui.widgets.generation_title import title_parts
from tokmon.tui.widgets.offer_line import OfferLine
from tokmon.tui.widgets.token_line import TokenLine
from tokmon.tui.worker import Worker
from tokmon.tui.writer import Writer

_PAINT_S = 0.1
"""Tokens can come by the hundred a second; the eye and the wire take ten paints."""


class GenerationAsking(Vertical):
    """A form, the texts, and a line that says what goes on. Subclasses use the texts."""

    state: reactive[RunState | None] = reactive(None, init=False, repaint=False)
    """Whose checkpoint answers."""

    def __init__(
        self,
        run: RunDir,
        new_client: ClientFactory,
        glyphs: Glyphs,
        *,
        id: str | None = None,  # noqa: A002  Textual's
    ) -> None:
        super().__init__(id=id)
        self.run_dir = run
        self.glyphs = glyphs
        self.worker = Worker(run.path, new_client)
        self.checkpoints: tuple[str, ...] = ()
        """Those that will answer; none is the best alone."""
        self.takes_best = False
        """Whether the next text comes from the best that there is then."""
        self.writer = Writer(self.worker, self.say)
        self._painting: Timer | None = None
        self.form = GenerationForm()
        self.columns = GeneratedColumns(glyphs, id="generated")
        self.token_line = TokenLine(glyphs, id="token")
        self._offer_line = OfferLine(glyphs, id="offer")
        self._status = Static(id="generation-status", markup=False)

    def compose(self) -> ComposeResult:
        yield self.form
        yield self.columns
        yield self.token_line
        yield self._offer_line
        yield self._status

    def on_mount(self) -> None:
        self._painting = self.set_interval(_PAINT_S, self.columns.paint, pause=True)
        self.token_line.display = False
        self.say("enter generates from the best checkpoint, ctrl+j begins a line")

    async def on_unmount(self) -> None:
        await self.worker.close()

    def on_resize(self) -> None:
        self.entitle()

    def watch_state(self) -> None:
        self.offer()

    @property
    def is_writing(self) -> bool:
        """Whether a request is being answered."""
        return self.writer.is_writing

    def on_generation_form_submitted(self) -> None:
        self.action_generate()

    def action_generate(self) -> None:
        self._ask(self._new_jobs)

    def action_new_seed(self) -> None:
        if not self.is_writing:
            self.form.advance_seed()
        self.action_generate()

    def action_go_on(self) -> None:
        current = self.columns.current
        if current is None or not current.continuation.tokens:
            self.say("nothing to go on from yet: enter generates", "$warning")
        else:
            self._ask(lambda: [going_on(current.continuation)])

    def _ask(self, make_jobs: Callable[[], list[Job]]) -> None:
        """Begin, unless a text is being written or the form holds no request."""
        if self.is_writing:
            self.say("one request at a time: esc stops this one", "$warning")
            return
        try:
            choice = chosen_device(self.state, self.form.device)
            asked = make_jobs()
        except TokmonError as error:
            self.say(str(error), "$warning")
            return
        self.writer.begin()
        self.run_worker(self._generate(asked, choice), group="generate")

    def _new_jobs(self) -> list[Job]:
        follows = self.takes_best or self.worker.ready is None
        made = jobs(self.form.request(), self.checkpoints, is_following=follows)
        self.takes_best = False
        self.form.remember_prompt()
        return made

    async def _generate(self, asked: list[Job], choice: DeviceChoice) -> None:
        """Write texts and paint them as they come."""
        shown = list(texts(asked))
        assert self._painting is not None
        try:
            if not set(shown) <= set(self.columns.continuations):
                await self.columns.show(shown, names_source=len(asked) > 1)
                self.call_after_refresh(self.entitle)
            self._painting.resume()
            await self.writer.write(asked, choice)
        finally:
            self._painting.pause()
            self.writer.end(asked)
            self.columns.paint()
            self.entitle()
            self.offer()

    def offered(self) -> Best | None:
        """Return the best checkpoint that is newer than the one that answers."""
        return None if self.takes_best else offered(self.state, self.worker.ready)

    def offer(self) -> None:
        """Show, or no more, that there is a newer best."""
        if self._offer_line.show(self.offered()):
            self.refresh_bindings()

    def say(self, message: str, style: str = MUTED) -> None:
        """Put foreign text on the line below."""
        self._status.update(foreign(message, style))
        self.entitle()
        self.offer()

    def entitle(self) -> None:
        """Say in the border what answers."""
        total = len(self.columns.continuations)
        parts = title_parts(self.worker.ready, self.checkpoints, self.columns.page, total)
        self.border_title = fit(parts, max(1, self.outer_size.width - 6))
