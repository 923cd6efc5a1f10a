"""A text to be scored: a prompt and what followed it. Knows no model."""

from collections.abc import Iterable
from dataclasses import dataclass

from trainer.tokenizer import Tokenizer


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A continuation, by a model or by a human."""

    prompt: str
    """What was to be continued; empty starts a document."""
    prompt_ids: tuple[int, ...]
    """Its tokens."""
    ids: tuple[int, ...]
    """Tokens of the continuation, without the end of text."""
    pieces: tuple[bytes, ...]
    """Bytes of each of them."""
    text: str
    """What they decode to."""
    is_finished: bool = False
    """Whether the author ended the document here, rather than was cut off."""

    @property
    def whole(self) -> str:
        """Prompt and continuation."""
        return self.prompt + self.text

    @classmethod
    def of_ids(
        cls,
        tokenizer: Tokenizer,
        prompt: str,
        ids: Iterable[int],
        *,
        is_finished: bool = False,
        prompt_ids: Iterable[int] | None = None,
    ) -> "Sample":
        """Return the sample of which these are the tokens.

        Args:
            tokenizer: that made them.
            prompt: as text.
            ids: of the continuation.
            is_finished: as the field.
            prompt_ids: of the prompt, where they are known.
        """
        continuation = tuple(ids)
        return cls(
            prompt=prompt,
            prompt_ids=tuple(tokenizer.encode(prompt) if prompt_ids is None else prompt_ids),
            ids=continuation,
            pieces=tuple(tokenizer.piece(token) for token in continuation),
            text=tokenizer.decode(continuation),
            is_finished=is_finished,
        )
