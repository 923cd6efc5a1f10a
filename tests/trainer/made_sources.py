"""Python-like sources made from a seed: the same text under every Python and torch version.

The standard library would be nearer to life, but its text changes with the version.
"""

from pathlib import Path
from random import Random

_NOUNS = """
anchor band batch block border bucket cache cell chunk column count cursor delta depth digest edge
entry epoch field flag folder frame gap grain group handle header index item key label layer level
limit line margin mark mask merge node offset order origin owner page parent part path phase pixel
place point port prefix price queue rank rate reader record region ring root route row rule sample
scale scope score sector seed shape shard side size slice slot span stage step stock store stride
suffix table tag target text tick token total trace track tree unit value vector version wave
weight width window word writer zone
"""
_WORDS = _NOUNS.split()
_STATEMENTS = (
    "{a} = {b} + {n}",
    "{a}.{b} = {c}[{n}]",
    "if {a} > {n}:\n        raise ValueError({b})",
    "for {a} in range({n}):\n        {b} += {a} * {c}",
    "{a}, {b} = {c}, {a}",
    "while {a}:\n        {a} = {b}.pop()",
    "assert {a} is not {b}",
    "{c} = [{a} for {a} in {b} if {a} % {n}]",
)


class _Author:
    """Writes code; `Random.random` alone is promised to give the same numbers in every version."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)

    def module(self, functions: int) -> str:
        return "\n\n".join(self._function() for _ in range(functions))

    def _function(self) -> str:
        name, first, second = (self._word() for _ in range(3))
        body = [f"def {name}_{first}({first}, {second}):", f'    """Return the {self._word()}."""']
        body += [f"    {self._statement()}" for _ in range(2 + self._below(8))]
        return "\n".join([*body, f"    return {self._word()}\n"])

    def _statement(self) -> str:
        template = _STATEMENTS[self._below(len(_STATEMENTS))]
        a, b, c = (self._word() for _ in range(3))
        return template.format(a=a, b=b, c=c, n=self._below(1000))

    def _word(self) -> str:
        return _WORDS[self._below(len(_WORDS))]

    def _below(self, limit: int) -> int:
        return int(self._random.random() * limit)


def make_sources(folder: Path, files: int, seed: int = 0) -> Path:
    """Write modules of 1 to 20 functions, each in a package of its own; return `folder`."""
    for number in range(files):
        package = folder / f"package_{number:03}"
        package.mkdir(parents=True)
        text = _Author(1000 * seed + number).module(functions=1 + 19 * number // files)
        (package / "module.py").write_text(text, encoding="utf-8", newline="\n")
    return folder
