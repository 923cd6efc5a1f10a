"""Paths with wildcards in recipes: what they match, and where they begin."""

import re
from pathlib import Path

from tokmon.rundir.errors import TokmonError

_WILD = re.compile(r"[*?\[]")
_TOKEN = re.compile(r"\*+|\?|\[!?\]?[^\]]+\]|.", re.S)


def split_glob(path: Path) -> tuple[Path, str]:
    """Return the part before the first wildcard, and the rest with `/` between its parts.

    The rest is empty where there is no wildcard, or where the path exists as it is spelled.
    """
    parts = path.parts
    first = next((index for index, part in enumerate(parts) if _WILD.search(part)), None)
    if first is None or path.exists():
        return path, ""
    return Path(*parts[:first]), "/".join(parts[first:])


def path_pattern(glob: str) -> re.Pattern[str]:
    """Return a pattern for relative paths that match `glob`, or lie below a folder that does.

    `*`, `?` and `[...]` stay within a part; `**` stands for any number of parts.

    Raises:
        TokmonError: a range in brackets is empty, as in `[z-a]`.
    """
    parts = glob.split("/")
    if parts[-1] == "**":
        parts.append("*")
    pattern = "".join(_part(part) for part in parts).removesuffix("/")
    try:
        return re.compile(rf"{pattern}(?:/.*)?\Z", re.S)
    except re.error as error:
        raise TokmonError(f"{glob}: not a glob ({error.msg})") from error


def _part(part: str) -> str:
    if part == "**":
        return "(?:[^/]+/)*"
    return "".join(_token(token) for token in _TOKEN.findall(part)) + "/"


def _token(token: str) -> str:
    if token.startswith("*"):
        return "[^/]*"
    if token == "?":
        return "[^/]"
    if len(token) > 1:
        body = re.sub(r"([\\^\[\]&~|])", r"\\\1", token[1:-1].removeprefix("!"))
        return f"[^/{body}]" if token[1] == "!" else f"[{body}]"
    return re.escape(token)
