"""What to generate: a prompt and how to sample. Says which field is wrong, and asks nobody else."""

import re
from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, ItemGrid, Vertical
from textual.message import Message
from textual.widgets import Input, Label

from tokmon.rundir.errors import TokmonError
from tokmon.rundir.sampling import Generate
from tokmon.tui.sampling_device import AUTO
from tokmon.tui.widgets.prompt_area import PromptArea

_DEFAULTS = Generate(id=0)
_MAX_LENGTH = 4096
_MAX_SAMPLES = 16
_DEVICE = re.compile(r"auto|cpu|mps|cuda(:\d{1,3})?")
_LONGEST = 16
"""Characters of a value."""


@dataclass(frozen=True, slots=True)
class _Number:
    name: str
    """As the screen names it."""
    default: float
    low: float
    high: float
    is_whole: bool = True

    def parse(self, text: str) -> float:
        try:
            value = float(int(text) if self.is_whole else float(text))
        except ValueError:
            value = float("nan")
        if not self.low <= value <= self.high:
            kind = "a whole number" if self.is_whole else "a number"
            raise TokmonError(f"{self.name} must be {kind} from {self.low:g} to {self.high:g}")
        return value


_NUMBERS = {
    "temperature": _Number("temp", _DEFAULTS.temperature, 0, 100, is_whole=False),
    "top_k": _Number("top-k", _DEFAULTS.top_k, 0, 1_000_000),
    "top_p": _Number("top-p", _DEFAULTS.top_p, 1e-6, 1, is_whole=False),
    "min_p": _Number("min-p", _DEFAULTS.min_p, 0, 1, is_whole=False),
    "repetition_penalty": _Number(
        "penalty", _DEFAULTS.repetition_penalty, 0.01, 100, is_whole=False
    ),
    "max_new_tokens": _Number("length", _DEFAULTS.max_new_tokens, 1, _MAX_LENGTH),
    "seed": _Number("seed", _DEFAULTS.seed, 0, 2**53),
    "samples": _Number("texts", _DEFAULTS.samples, 1, _MAX_SAMPLES),
}


class GenerationForm(Vertical):
    """A prompt above the numbers; Enter in any of them asks for text."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "leave_downwards", "To the text", show=False),
        Binding("up", "focus_prompt", "To the prompt", show=False),
    ]

    @dataclass
    class Submitted(Message):
        """Enter was pressed."""

    @dataclass
    class LeftDownwards(Message):
        """The cursor was moved down from the numbers."""

    def compose(self) -> ComposeResult:
        yield PromptArea("def ", id="prompt")
        with ItemGrid(id="numbers", min_column_width=14, regular=False):
            for key, number in _NUMBERS.items():
                with Horizontal(classes="field"):
                    yield Label(number.name)
                    yield _field(f"{number.default:g}", key, r"[0-9.eE+\-]*")
            with Horizontal(classes="field"):
                yield Label("device")
                yield _field(AUTO, "device", r"[a-z0-9:]*")

    def on_mount(self) -> None:
        prompt = self.query_one(PromptArea)
        prompt.move_cursor(prompt.document.end)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.post_message(self.Submitted())

    def on_prompt_area_submitted(self, event: PromptArea.Submitted) -> None:
        event.stop()
        self.post_message(self.Submitted())

    def on_prompt_area_left_downwards(self, event: PromptArea.LeftDownwards) -> None:
        event.stop()
        self.query_one("#temperature").focus()

    def action_focus_prompt(self) -> None:
        self.query_one(PromptArea).focus()

    def action_leave_downwards(self) -> None:
        self.post_message(self.LeftDownwards())

    @property
    def device(self) -> str:
        """Where to sample, `auto` where that is left to the program.

        Raises:
            TokmonError: it is no device; its field is focused.
        """
        field = self.query_one("#device", Input)
        if not _DEVICE.fullmatch(field.value):
            field.focus()
            raise TokmonError("device must be auto, cpu, mps, cuda or cuda:1")
        return field.value

    def advance_seed(self) -> None:
        """Put the seed behind those of this request into its field; what is no seed stays."""
        seed, samples = self.query_one("#seed", Input), self.query_one("#samples", Input)
        if seed.value.isdecimal() and samples.value.isdecimal():
            seed.value = str(int(seed.value) + int(samples.value))

    def remember_prompt(self) -> None:
        """Add the prompt to those that the arrow keys bring back."""
        area = self.query_one(PromptArea)
        area.asked.add(area.text)

    def focus_lowest(self) -> None:
        """Focus what stands above the text: the numbers, where they are shown."""
        numbers = self.query_one("#numbers")
        self.query_one("#temperature" if numbers.display else "#prompt").focus()

    def request(self) -> Generate:
        """Return what was asked for, without an id.

        Raises:
            TokmonError: a field is out of its range; that field is focused.
        """
        numbers: dict[str, float] = {}
        for key, number in _NUMBERS.items():
            field = self.query_one(f"#{key}", Input)
            try:
                numbers[key] = number.parse(field.value)
            except TokmonError:
                field.focus()
                raise
        return Generate(
            id=0,
            prompt=self.query_one(PromptArea).prompt,
            samples=int(numbers["samples"]),
            temperature=numbers["temperature"],
            top_k=int(numbers["top_k"]),
            top_p=numbers["top_p"],
            min_p=numbers["min_p"],
            repetition_penalty=numbers["repetition_penalty"],
            max_new_tokens=int(numbers["max_new_tokens"]),
            seed=int(numbers["seed"]),
        )


def _field(value: str, key: str, restrict: str) -> Input:
    field = Input(value, id=key, compact=True, restrict=restrict, max_length=_LONGEST)
    field.cursor_blink = False  # two repaints a second over SSH that say nothing
    return field
