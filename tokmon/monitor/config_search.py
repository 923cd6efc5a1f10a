"""Find the config file that a run was started from: run.json has its content, not its path.

Reads TOML files where people keep them. Must not import the trainer.
"""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

_MAX_BYTES = 2**20
_MAX_CANDIDATES = 500
_MAX_DEPTH = 8


@dataclass(frozen=True, slots=True)
class ConfigFile:
    """A config file of the run's experiment."""

    path: Path
    """As found: below the folder that was searched."""
    overrides: tuple[str, ...]
    """What the run has otherwise, as `--set` takes it: schedule.steps=600. Foreign text."""


def find_config(experiment: str, config: Mapping[str, Any], folder: Path) -> ConfigFile | None:
    """Return the config of `experiment` in `folder` or its `configs`; the one that is most alike.

    Args:
        experiment: as in the config.
        config: of the run, after --set.
        folder: where a command would be typed.
    """
    found = []
    for path in _candidates(folder):
        tree = _tree(path)
        if tree is not None and tree.get("experiment") == experiment:
            found.append(ConfigFile(path, tuple(_overrides(tree, config))))
    return min(found, key=lambda file: len(file.overrides), default=None)


def _candidates(folder: Path) -> list[Path]:
    paths = [*sorted(folder.glob("*.toml")), *sorted((folder / "configs").glob("*.toml"))]
    return paths[:_MAX_CANDIDATES]


def _tree(path: Path) -> dict[str, Any] | None:
    """Return the content, or None: a file that is no TOML is not the one that is looked for."""
    try:
        if path.stat().st_size > _MAX_BYTES:
            return None
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None


def _overrides(
    tree: Mapping[str, Any], config: Mapping[str, Any], prefix: str = "", depth: int = 0
) -> Iterator[str]:
    for key, value in tree.items():
        if key not in config or depth == _MAX_DEPTH:
            continue
        if isinstance(value, Mapping):
            if isinstance(config[key], Mapping):
                yield from _overrides(value, config[key], f"{prefix}{key}.", depth + 1)
        elif config[key] != value:
            yield f"{prefix}{key}={_toml(config[key])}"


def _toml(value: Any) -> str:
    """Return a value as TOML and JSON both have it; text as it is, which --set takes too."""
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
