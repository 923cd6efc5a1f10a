"""One continuation as it comes in: its tokens, who wrote it, how it ended. Knows no screen."""

from dataclasses import dataclass, field

from tokmon.rundir.sampling import Done, Generate, Started, Token


@dataclass(slots=True, eq=False)
class Continuation:
    """What one sample of a request has brought so far."""

    request: Generate
    """What was asked for; where it goes on from an earlier text, the first request."""
    sample: int = 0
    """Which of the request's samples."""
    tokens: list[Token] = field(default_factory=list)
    """In their order, over all parts."""
    started: Started | None = None
    """Who writes; None while it is not known."""
    done: Done | None = None
    """How it ended; None while it has not, or where the process died."""
    fault: str = ""
    """Why it will not end as it should."""
    _ended_tokens: int = 0

    @property
    def seed(self) -> int:
        """What repeats it."""
        return self.request.seed + self.sample

    @property
    def text(self) -> str:
        """What was written, as the model wrote it."""
        return "".join(token.text for token in self.tokens)

    @property
    def whole(self) -> str:
        """Prompt and text."""
        return self.request.prompt + self.text

    @property
    def token_count(self) -> int:
        """Tokens of all parts."""
        return self._ended_tokens if self.done is not None else len(self.tokens)

    def end(self, done: Done) -> None:
        """Take in how the text, or its newest part, ended."""
        self.done = done
        self._ended_tokens += done.tokens

    def go_on(self) -> None:
        """Open the text for another part."""
        self.done, self.fault = None, ""
