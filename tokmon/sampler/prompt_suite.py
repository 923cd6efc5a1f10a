"""The prompts that runs are measured on, for people to pick from. Never imports the trainer."""

import tomllib
from pathlib import Path

import msgspec

import tokmon
from tokmon.rundir.errors import TokmonError

# Data of the package `trainer`, which lies beside this one; the sampling process comes from there.
_SUITE = Path(tokmon.__file__).parents[1] / "trainer" / "scoring" / "prompts.toml"


class SuitePrompt(msgspec.Struct, frozen=True, kw_only=True):
    """One prompt of the suite."""

    id: str
    """Names it in results."""
    kind: str = ""
    """What it asks of the model."""
    text: str = ""
    """As the model gets it."""


class _Suite(msgspec.Struct, frozen=True):
    prompt: tuple[SuitePrompt, ...] = ()


def suite_prompts(path: Path = _SUITE) -> tuple[SuitePrompt, ...]:
    """Return the prompts of the suite, in its order.

    Raises:
        TokmonError: the file is not there, or is no suite.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
        return msgspec.convert(content, _Suite).prompt
    except OSError as error:
        raise TokmonError(
            f"{path}: the prompts cannot be read: {error.strerror}",
            "they come with the trainer: pip install 'tokmon[train]'",
        ) from error
    except (ValueError, msgspec.ValidationError) as error:
        raise TokmonError(f"{path}: is no prompt suite: {error}") from error
