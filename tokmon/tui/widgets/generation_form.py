"""What to generate: a prompt and how to sample. Says which field is wrong, and asks nobody else."""

from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widgets import Input, Label

from tokmon.rundir.errors import TokmonError
from tokmon.rundir.sampling import Generate

_DEFAULTS = Generate(id=0)
_MAX_LENGTH = 4096


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
    "max_new_tokens": _Number("length", _DEFAULTS.max_new_tokens, 1, _MAX_LENGTH),
    "seed": _Number("seed", _DEFAULTS.seed, 0, 2**53),
}


class GenerationForm(Vertical):
    """A prompt line above the numbers; Enter in any of them asks for text."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "app.focus_next", "Next field", show=False),
        Binding("up", "app.focus_previous", "Previous field", show=False),
    ]

    @dataclass
    class Submitted(Message):
        """Enter was pressed."""

    def compose(self) -> ComposeResult:
        yield Input(
            "def ",
            placeholder="prompt (\\n is a new line)",
            id="prompt",
            compact=True,
            select_on_focus=False,
        )
        with Horizontal(id="numbers"):
            for key, number in _NUMBERS.items():
                with Horizontal(classes="field"):
                    yield Label(number.name)
                    yield Input(f"{number.default:g}", id=key, compact=True)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.post_message(self.Submitted())

    def request(self, request_id: int) -> Generate:
        r"""Return what was asked for; \n and \t in the prompt are what they are in Python.

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
        prompt = self.query_one("#prompt", Input).value.replace("\\n", "\n").replace("\\t", "\t")
        return Generate(
            id=request_id,
            prompt=prompt,
            temperature=numbers["temperature"],
            top_k=int(numbers["top_k"]),
            top_p=numbers["top_p"],
            max_new_tokens=int(numbers["max_new_tokens"]),
            seed=int(numbers["seed"]),
        )
