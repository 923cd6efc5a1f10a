"""The replies to one sampling request: tokens as they are drawn, and how each text ended."""

import time
from collections.abc import Callable, Iterator

from tokmon.rundir.errors import TokmonError
from tokmon.rundir.sampling import Alternative, Done, Generate, Started, Token
from trainer.generate import Choice, generate_batch
from trainer.repetition import is_degenerate, merged_whitespace, seq_rep_n
from trainer.sampling_settings import Limits, Settings
from trainer.scoring.python_text import has_keyword, judge
from trainer.tokenizer import StreamDecoder, Tokenizer
from trainer.trained import TrainedModel

MAX_SAMPLES = 256
"""Of a request: each takes memory for its keys and values."""
MAX_ALTERNATIVES = 100
"""Of a token."""


def continued(
    request: Generate,
    trained: TrainedModel,
    tokenizer: Tokenizer,
    is_cancelled: Callable[[], bool],
) -> Iterator[Started | Token | Done]:
    """Yield Started, then every sample's tokens as they come and its Done.

    Args:
        request: what is asked for.
        trained: the weights that answer.
        tokenizer: of their run.
        is_cancelled: asked before every token.

    Raises:
        TokmonError: the request cannot be answered.
    """
    _require("samples", request.samples, range(1, MAX_SAMPLES + 1))
    _require("alternatives", request.alternatives, range(MAX_ALTERNATIVES + 1))
    settings = _settings(request)
    prompt_ids = tokenizer.encode(request.prompt)
    yield Started(
        id=request.id,
        prompt_tokens=len(prompt_ids),
        checkpoint=trained.path.name,
        step=trained.step,
        val_loss=trained.val_loss,
    )
    limits = Limits(
        seq_len=trained.config.data.seq_len,
        vocab_size=tokenizer.vocab_size,
        end_of_text=tokenizer.end_of_text,
    )
    prompts = [prompt_ids] * request.samples
    seeds = range(request.seed, request.seed + request.samples)
    texts = [_Text(request, number, tokenizer) for number in range(request.samples)]
    for choices in _until(
        is_cancelled,
        generate_batch(trained.model, prompts, seeds, settings, limits, request.alternatives),
    ):
        for choice in choices:
            yield from texts[choice.row].take(choice)
        yield from _endings(texts, settings.max_new_tokens)
    for text in texts:
        if not text.is_ended:
            yield from text.end("cancelled", texts)


def _require(name: str, value: int, allowed: range) -> None:
    if value not in allowed:
        raise TokmonError(f"{name} is {value}, but must be {allowed[0]} to {allowed[-1]}")


def _until(
    is_cancelled: Callable[[], bool], steps: Iterator[list[Choice]]
) -> Iterator[list[Choice]]:
    while not is_cancelled() and (choices := next(steps, None)) is not None:
        yield choices


def _endings(texts: list["_Text"], max_new_tokens: int) -> Iterator[Token | Done]:
    for text in texts:
        if text.is_ended:
            continue
        if text.has_end_of_text:
            yield from text.end("end_of_text", texts)
        elif text.tokens == max_new_tokens:
            yield from text.end("length", texts)


class _Text:
    """One continuation in the making."""

    def __init__(self, request: Generate, number: int, tokenizer: Tokenizer) -> None:
        self._request = request
        self._number = number
        self._tokenizer = tokenizer
        self._decoder = StreamDecoder(tokenizer)
        self._pieces: list[bytes] = []
        self._text: list[str] = []
        self._first_s = self._last_s = 0.0
        self.is_ended = self.has_end_of_text = False

    @property
    def tokens(self) -> int:
        return len(self._pieces)

    def take(self, choice: Choice) -> Iterator[Token]:
        """Yield the token, unless it ends the text."""
        if choice.token == self._tokenizer.end_of_text:
            self.has_end_of_text = True
            return
        self._last_s = time.perf_counter()
        self._first_s = self._first_s or self._last_s
        self._pieces.append(self._tokenizer.piece(choice.token))
        yield self._told(
            self._decoder.push(choice.token),
            probability=choice.probability,
            alternatives=tuple(
                Alternative(self._spelled(token), probability)
                for token, probability in choice.alternatives
            ),
        )

    def end(self, finish_reason: str, texts: list["_Text"]) -> Iterator[Token | Done]:
        """Yield what the decoder held back, and the verdict."""
        self.is_ended = True
        if rest := self._decoder.finish():
            yield self._told(rest)
        prompt, text = self._request.prompt, "".join(self._text)
        is_finished = finish_reason == "end_of_text"
        yield Done(
            id=self._request.id,
            sample=self._number,
            open=sum(not other.is_ended for other in texts),
            tokens=self.tokens,
            finish_reason=finish_reason,
            tokens_per_sec=self._speed(),
            seq_rep_4=seq_rep_n(merged_whitespace(self._pieces), 4),
            collapsed=is_degenerate(self._pieces, text),
            has_keyword=has_keyword(prompt, text),
            validity=judge(prompt, text, is_finished=is_finished).value,
        )

    def _told(
        self,
        text: str,
        probability: float | None = None,
        alternatives: tuple[Alternative, ...] = (),
    ) -> Token:
        self._text.append(text)
        return Token(
            id=self._request.id,
            text=text,
            sample=self._number,
            probability=probability,
            alternatives=alternatives,
        )

    def _spelled(self, token: int) -> str:
        return self._tokenizer.piece(token).decode(errors="backslashreplace")

    def _speed(self) -> float:
        """Return tokens per second after the first, which waited for the prompt; 0 if none is."""
        elapsed_s = self._last_s - self._first_s
        return (self.tokens - 1) / elapsed_s if elapsed_s > 0 else 0.0


def _settings(request: Generate) -> Settings:
    return Settings(
        max_new_tokens=request.max_new_tokens,
        temperature=request.temperature,
        top_k=request.top_k,
        top_p=request.top_p,
        min_p=request.min_p,
        repetition_penalty=request.repetition_penalty,
    )
