"""The GPT-2 tokenizer, from the vocabulary shipped beside this module; it never downloads.

Special tokens in a text are just text: only the corpus builder places `<|endoftext|>`.
"""

import base64
import binascii
import codecs
import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path

import numpy as np
import tiktoken
from numpy.typing import NDArray

from tokmon.rundir.errors import TokmonError

VOCABULARY = Path(__file__).with_name("vocab") / "gpt2.tiktoken"
VOCABULARY_SHA256 = "306cd27f03c1a714eca7108e03d66b7dc042abe8c258b44c199a7ed9838dd930"
END_OF_TEXT = "<|endoftext|>"

# GPT-2's pattern as tiktoken writes it: the same language as in OpenAI's release, but its
# possessive quantifiers keep the time linear.
_PATTERN = r"""'(?:[sdmt]|ll|ve|re)| ?\p{L}++| ?\p{N}++| ?[^\s\p{L}\p{N}]++|\s++$|\s+(?!\S)|\s"""
# Whitespace before other text makes the pattern backtrack, and tiktoken 0.14 panics at a run of a
# million. `\s` is Unicode's White_Space here, as in Rust; Python's own is wider.
_WHITESPACE = re.compile("[\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+")
_SAFE_CHARS = 500_000


class Tokenizer:
    """Text to token ids and back; made by `load_tokenizer`."""

    def __init__(self, ranks: dict[bytes, int], name: str, sha256: str) -> None:
        self.name = name
        """Of the vocabulary; gpt2."""
        self.sha256 = sha256
        """Of the vocabulary file, in hexadecimal digits."""
        self.vocab_size = len(ranks) + 1
        """Ids run from 0 to this, exclusive; `<|endoftext|>` is among them."""
        self.end_of_text = len(ranks)
        """Id of `<|endoftext|>`."""
        self._encoding = tiktoken.Encoding(
            name=name,
            pat_str=_PATTERN,
            mergeable_ranks=ranks,
            special_tokens={END_OF_TEXT: self.end_of_text},
            explicit_n_vocab=self.vocab_size,
        )
        self.token_bytes: NDArray[np.int64] = _lengths(ranks)
        """UTF-8 bytes of each token, shape (vocab_size,); 0 for `<|endoftext|>`."""
        self.is_whitespace: NDArray[np.bool_] = _whitespace(ranks)
        """Whether a token is ASCII whitespace only, shape (vocab_size,)."""

    def encode(self, text: str) -> list[int]:
        """Return the ids of `text`; `<|endoftext|>` in it is ordinary text."""
        if len(text) <= _SAFE_CHARS:
            return self._encoding.encode_ordinary(text)
        parts = _cut_long_whitespace(text)
        return [token for part in parts for token in self._encoding.encode_ordinary(part)]

    def encode_documents(self, texts: Sequence[str]) -> NDArray[np.uint16]:
        """Return the ids of all texts, each with `<|endoftext|>` after it; one call to tiktoken.

        Outside the GIL but for the copy of the result: threads that call this do not wait for
        each other, as they do where every text makes a list of Python's numbers.
        """
        if any(len(text) > _SAFE_CHARS or END_OF_TEXT in text for text in texts):
            ids = [token for text in texts for token in (*self.encode(text), self.end_of_text)]
            return np.array(ids, dtype=np.uint16)
        joined = "".join(f"{text}{END_OF_TEXT}" for text in texts)
        encoded = self._encoding.encode_to_numpy(
            joined, allowed_special={END_OF_TEXT}, disallowed_special=()
        )
        return encoded.astype(np.uint16)

    def decode(self, ids: Iterable[int]) -> str:
        """Return the text of `ids`; bytes that are not UTF-8 become U+FFFD.

        Raises:
            KeyError: an id lies outside the vocabulary.
        """
        return self._encoding.decode(list(ids), errors="replace")

    def piece(self, token: int) -> bytes:
        """Return the bytes of one token; raises KeyError outside the vocabulary."""
        return self._encoding.decode_single_token_bytes(token)


class StreamDecoder:
    """Turns token ids into text as they come; a character cut by a token edge is held back."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def push(self, token: int) -> str:
        """Return the characters that `token` completes; raises KeyError as `Tokenizer.piece`."""
        return self._decoder.decode(self._tokenizer.piece(token))

    def finish(self) -> str:
        """Return what is still held back, U+FFFD for a cut character, and start anew."""
        rest = self._decoder.decode(b"", final=True)
        self._decoder.reset()
        return rest


@cache
def load_tokenizer() -> Tokenizer:
    """Return the GPT-2 tokenizer; the same object each time.

    Raises:
        TokmonError: the shipped vocabulary is missing or not the expected one.
    """
    return Tokenizer(_read_ranks(VOCABULARY, VOCABULARY_SHA256), "gpt2", VOCABULARY_SHA256)


def _read_ranks(path: Path, sha256: str) -> dict[bytes, int]:
    """Parse tiktoken's format, `base64(token) rank` on each line, after checking the sha256."""
    hint = "install tokmon again (pip install --force-reinstall tokmon)"
    try:
        content = path.read_bytes()
    except OSError as error:
        raise TokmonError(f"{path}: cannot be read ({error.strerror})", hint) from error
    if hashlib.sha256(content).hexdigest() != sha256:
        raise TokmonError(f"{path}: not the GPT-2 vocabulary (its sha256 differs)", hint)
    try:
        pairs = (line.split() for line in content.splitlines())
        return {base64.b64decode(token): int(rank) for token, rank in pairs}
    except (ValueError, binascii.Error) as error:
        raise TokmonError(f"{path}: not in tiktoken's format ({error})", hint) from error


def _lengths(ranks: dict[bytes, int]) -> NDArray[np.int64]:
    lengths = np.zeros(len(ranks) + 1, dtype=np.int64)
    for token, rank in ranks.items():
        lengths[rank] = len(token)
    return lengths


def _whitespace(ranks: dict[bytes, int]) -> NDArray[np.bool_]:
    is_whitespace = np.zeros(len(ranks) + 1, dtype=bool)
    for token, rank in ranks.items():
        is_whitespace[rank] = token.isspace()
    return is_whitespace


def _cut_long_whitespace(text: str) -> Iterator[str]:
    """Cut `text` around long runs of whitespace, where the pattern cuts it anyway.

    A run before other text is one piece without its last character, so the ids stay the same.
    """
    start = 0
    for run in _WHITESPACE.finditer(text):
        if run.end() - run.start() > _SAFE_CHARS and run.end() < len(text):
            yield text[start : run.start()]
            yield text[run.start() : run.end() - 1]
            start = run.end() - 1
    yield text[start:]
