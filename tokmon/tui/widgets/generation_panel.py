"""Text from the run's best checkpoint, streamed from a process of its own.

The process starts with the first request. While the run is live it is told to use the CPU, so
that it never takes memory from the training GPU.
"""

from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.timer import Timer
from textual.widgets import Static

from tokmon.monitor.state import RunState
from tokmon.monitor.visible import visible
from tokmon.report import figures
from tokmon.rundir.errors import TokmonError
from tokmon.rundir.sampling import Done, Generate, Ready, Reply, Started, Token
from tokmon.tui.sampling import ClientFactory, SampleClient
from tokmon.tui.text import MUTED, STRONG, Part, fit, foreign, words
from tokmon.tui.widgets.generation_form import GenerationForm

_PAINT_S = 0.1
"""Tokens can come by the hundred a second; the eye and the wire take ten paints."""


class GenerationPanel(Vertical):
    """A form, the text, and a line that says who answered and how well."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "escape",
            "cancel",
            "Stop or close",
            id="generation.cancel",
            tooltip="Stop the text; again to close the panel",
        ),
    ]

    state: reactive[RunState | None] = reactive(None, init=False, repaint=False)
    """Whose checkpoint answers."""

    class Closed(Message):
        """Escape was pressed while nothing was being generated."""

    def __init__(self, target: Path, new_client: ClientFactory, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._target = target
        self._new_client = new_client
        self._client: SampleClient | None = None
        self._ready: Ready | None = None
        self._request: Generate | None = None
        self._is_running = False
        self._text: list[str] = []
        self._painting: Timer | None = None

    def compose(self) -> ComposeResult:
        yield GenerationForm()
        with VerticalScroll(id="generated", can_focus=True):
            yield Static(id="generated-text", markup=False)
        yield Static(id="generation-status", markup=False)

    def on_mount(self) -> None:
        self._painting = self.set_interval(_PAINT_S, self._paint, pause=True)
        self._say("enter generates, esc stops; the text comes from the best checkpoint")

    async def on_unmount(self) -> None:
        await self._close_client()

    def on_generation_form_submitted(self) -> None:
        if self._is_running:
            self._say("one text at a time: esc stops this one", "$warning")
            return
        request_id = self._request.id + 1 if self._request else 1
        try:
            request = self.query_one(GenerationForm).request(request_id)
        except TokmonError as error:
            self._say(str(error), "$warning")
            return
        self._request, self._is_running = request, True
        self.run_worker(self._generate(request), group="generate")

    async def action_cancel(self) -> None:
        if not self._is_running:
            self.post_message(self.Closed())
        elif self._client is not None and self._request is not None and self._ready is not None:
            self._say("stopping")
            await self._client.cancel(self._request.id)
        else:
            self.workers.cancel_group(self, "generate")

    async def _generate(self, request: Generate) -> None:
        """Stream one text; whatever goes wrong is told in the status line."""
        self._text = []
        self._paint()
        assert self._painting is not None
        self._painting.resume()
        try:
            client = await self._started_client()
            async for reply in client.generate(request):
                self._take(reply)
        except TokmonError as error:
            self._say(str(error), "$error")
            await self._close_client()
        finally:
            self._is_running = False
            self._painting.pause()
            self._paint()
            if self._ready is None:
                await self._close_client()

    async def _started_client(self) -> SampleClient:
        if self._client is None:
            is_live = self.state is not None and self.state.health.phase.is_live
            device = "cpu" if is_live else "auto"
            self._say(f"starting the sampling process on {device}")
            self._client = self._new_client(self._target, device)
            self._ready = await self._client.start()
        return self._client

    async def _close_client(self) -> None:
        """End the process; the next request starts another."""
        client, self._client, self._ready = self._client, None, None
        self._request = None
        if client is not None:
            await client.close()

    def _take(self, reply: Reply) -> None:
        match reply:
            case Ready():
                self._ready = reply
            case Started():
                self._say(f"reading {reply.prompt_tokens} prompt tokens")
            case Token():
                self._text.append(reply.text)
            case Done():
                self._show(_verdict(reply, self._ready))

    def _paint(self) -> None:
        prompt = self._request.prompt if self._request else ""
        text = visible("".join(self._text), is_multiline=True)
        shown = words((visible(prompt, is_multiline=True), MUTED), (text, "$foreground"))
        box = self.query_one("#generated", VerticalScroll)
        is_following = box.is_vertical_scroll_end
        self.query_one("#generated-text", Static).update(shown)
        if is_following:
            box.scroll_end(animate=False)

    def _say(self, message: str, style: str = MUTED) -> None:
        self._show(foreign(message, style))

    def _show(self, line: Content) -> None:
        self.query_one("#generation-status", Static).update(line)
        self._entitle()

    def on_resize(self) -> None:
        self._entitle()

    def _entitle(self) -> None:
        parts = [Part(words("Generate")), *(_source(self._ready) if self._ready else [])]
        self.border_title = fit(parts, max(1, self.outer_size.width - 6))


def _source(ready: Ready) -> list[Part]:
    """Return who answers: the device first, as it says how far to trust the speed."""
    parts = [
        Part(foreign(ready.checkpoint), 2),
        Part(words("step ", (f"{ready.step:,}", STRONG)), 1),
        Part(words("on ", foreign(ready.device, STRONG))),
    ]
    if ready.val_loss is not None:
        parts.insert(2, Part(words("val loss ", (figures.loss(ready.val_loss), STRONG)), 3))
    return parts


def _verdict(done: Done, ready: Ready | None) -> Content:
    """Return the end of a text: how long, how fast, how repetitive."""
    repetition = "-" if done.seq_rep_4 is None else f"{done.seq_rep_4:.2f}"
    verdict = ("COLLAPSED", "bold $error") if done.collapsed else ("not collapsed", "$success")
    line = words(
        (visible(done.finish_reason.replace("_", " ")), STRONG),
        f" after {done.tokens:,} tokens, ",
        (figures.rate(done.tokens_per_sec), STRONG),
        " tokens/s, seq-rep-4 ",
        (repetition, STRONG),
        ", ",
        verdict,
    )
    return line + foreign(f"; {ready.notice}", "$warning") if ready and ready.notice else line
