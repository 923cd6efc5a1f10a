"""Whether the tokenizer in a folder of Hugging Face format is GPT-2's. Reads no other part."""

from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from tokmon.rundir.errors import TokmonError
from trainer.tokenizer import END_OF_TEXT, Tokenizer

_MOST_BYTES = 2**26
# The files that hold a vocabulary, and how to get there.
_PLACES = {"tokenizer.json": ("model", "vocab"), "vocab.json": ()}
_OTHERS = ("tokenizer.model", "spiece.model", "vocab.txt")


def refuse_other_vocabulary(folder: Path, tokenizer: Tokenizer) -> None:
    """Compare the vocabulary in `folder`, if there is one, with the tokenizer's.

    A folder without one is taken at its vocab_size.

    Raises:
        TokmonError: it is another; names the file.
    """
    for name, keys in _PLACES.items():
        if (folder / name).is_file():
            _compare(folder / name, _vocabulary(folder / name, keys), tokenizer)
            return
    for name in _OTHERS:
        if (folder / name).exists():
            raise TokmonError(f"{folder / name}: not GPT-2's tokenizer", _HINT)


_HINT = "only models of GPT-2's vocabulary can be compared"


def _vocabulary(path: Path, keys: tuple[str, ...]) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            found: Any = msgspec.json.decode(file.read(_MOST_BYTES))
    except OSError as error:
        raise TokmonError(f"{path}: cannot be read ({error.strerror})") from error
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise TokmonError(f"{path}: damaged ({error})") from error
    for key in keys:
        found = found.get(key) if isinstance(found, dict) else None
    if not isinstance(found, dict):
        raise TokmonError(f"{path}: has no {'.'.join(keys) or 'vocabulary'}", _HINT)
    return found


def _compare(path: Path, vocabulary: dict[str, Any], tokenizer: Tokenizer) -> None:
    for token in range(tokenizer.end_of_text):
        spelled = "".join(map(_characters().__getitem__, tokenizer.piece(token)))
        if vocabulary.get(spelled) != token:
            raise TokmonError(
                f"{path}: not GPT-2's vocabulary ({spelled!r} is {vocabulary.get(spelled)!r:.40}, "
                f"not {token})",
                _HINT,
            )
    # Some files keep it among the added tokens alone.
    if vocabulary.get(END_OF_TEXT, tokenizer.end_of_text) != tokenizer.end_of_text:
        raise TokmonError(f"{path}: {END_OF_TEXT} is {vocabulary[END_OF_TEXT]!r:.40}", _HINT)


@cache
def _characters() -> dict[int, str]:
    """Return the character that stands for each byte in GPT-2's files, none of them blank.

    As `bytes_to_unicode` of OpenAI's release has it: printable Latin-1 for itself, the rest from
    U+0100 on.
    """
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    rest = [byte for byte in range(256) if byte not in printable]
    moved = {byte: chr(256 + number) for number, byte in enumerate(rest)}
    return {byte: chr(byte) for byte in printable} | moved
