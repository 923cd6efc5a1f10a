"""The prompts that samples are drawn for: a data file by kind. Knows no model."""

from pathlib import Path
from typing import Literal, get_args

import msgspec

from tokmon.rundir.errors import TokmonError
from trainer.toml_file import TomlFile

SUITE = Path(__file__).with_name("prompts.toml")

Kind = Literal[
    "reference",
    "function",
    "docstring",
    "class",
    "import",
    "test",
    "control_flow",
    "comment",
    "empty",
    "mid_expression",
    "held_out",
]
KINDS: tuple[str, ...] = get_args(Kind)
MAX_CHARS = 2000


class Prompt(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a model is to continue."""

    id: str
    """Names it in results; no two are alike."""
    kind: Kind
    """What is asked of the model."""
    text: str
    """As it is given to the tokenizer."""


class _Suite(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    prompt: tuple[Prompt, ...]


def load_suite(path: Path | None = None) -> tuple[Prompt, ...]:
    """Return the prompts of a TOML file of `[[prompt]]` tables; of the shipped one for None.

    Raises:
        TokmonError: the file is no such suite, has no prompt, two of one id, or one that is too
            long; one line names file and place.
    """
    path = SUITE if path is None else path
    file = TomlFile(path, "prompt suite", "name a TOML file of [[prompt]] tables")
    prompts = file.convert(_Suite).prompt
    if not prompts:
        raise TokmonError(f"{path}: has no prompt", "add a [[prompt]] with id, kind and text")
    seen: set[str] = set()
    for number, prompt in enumerate(prompts, start=1):
        _require(bool(prompt.id.strip()), path, number, "id is empty")
        _require(prompt.id not in seen, path, number, f"id {prompt.id} was there before")
        too_long = f"text has {len(prompt.text)} characters, and {MAX_CHARS} is the most"
        _require(len(prompt.text) <= MAX_CHARS, path, number, too_long)
        seen.add(prompt.id)
    return prompts


def _require(is_valid: bool, path: Path, number: int, what: str) -> None:
    if not is_valid:
        raise TokmonError(f"{path}: prompt {number}: {what}")
