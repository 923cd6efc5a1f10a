"""The configuration of a run: what was trained, on what, how, with which program."""

import re
from itertools import groupby

from tokmon.monitor.run_facts import Fact, facts
from tokmon.monitor.state import RunState
from tokmon.report import figures
from tokmon.report.document import Code, Paragraph, Section, Table, Text, joined

_MAX_KEYS = 30
"""Of one part; a config of thousands is another program's."""
_MAX_VALUE = 80
_HASH = re.compile(r"[0-9a-f]{32,}")
_HASH_LENGTH = 12
_LONG_FLOAT = re.compile(r"-?\d{1,9}\.\d{7,}")
_AROUND = ("device", "corpus", "tokenizer", "git", "packages")


def configuration(state: RunState) -> Section:
    """Return a row for each part of the config, and for what surrounds it."""
    info = state.info
    if info is None:
        nothing = Paragraph(
            ("There is no ", Code(state.run.run_info.name), ": nothing is known of it.")
        )
        return Section("Configuration", (nothing,))
    found = facts(info)
    rows: list[tuple[str, Text]] = []
    if info.parameters is not None:
        size = f"{figures.count(info.parameters)} ({figures.compact(info.parameters)})"
        rows.append(("parameters", size))
    if (batch := _batch(found)) is not None:
        rows.append(("tokens a step", f"{batch:,}"))
    config = [fact for fact in found if fact.section == "config"]
    for part, of_part in groupby(sorted(config, key=_is_nested), key=_part):
        rows.append((part, _values(list(of_part))))
    surroundings = {name: [fact for fact in found if fact.section == name] for name in _AROUND}
    rows += [(name, _values(inside)) for name, inside in surroundings.items() if inside]
    if not rows:
        return Section("Configuration", (Paragraph("Nothing of it is recorded."),))
    return Section("Configuration", (Table(("Part", "Values"), tuple(_safe(rows))),))


def _safe(rows: list[tuple[str, Text]]) -> list[tuple[Text, Text]]:
    return [
        (Code(name) if not name.replace(" ", "").replace(",", "").isidentifier() else name, text)
        for name, text in rows
    ]


def _batch(found: tuple[Fact, ...]) -> int | None:
    values = {fact.full_key: fact.value for fact in found}
    sides = [values.get(f"config.data.{key}", "") for key in ("batch_size", "seq_len")]
    if not all(side.isascii() and side.isdigit() and len(side) < 10 for side in sides):
        return None
    return int(sides[0]) * int(sides[1])


def _is_nested(fact: Fact) -> bool:
    return "." in fact.key


def _part(fact: Fact) -> str:
    section = fact.key.split(".")[0] if "." in fact.key else "run"
    # What was asked for; what it ran on has a row of its own.
    return "device, as asked" if section == "device" else section


def _values(inside: list[Fact]) -> Text:
    """Return `key = value` for each, what is nested under the part's own name without it."""
    shown = [Code(f"{_key(fact)} = {_value(fact.value)}") for fact in inside[:_MAX_KEYS]]
    more = len(inside) - _MAX_KEYS
    return (*joined(shown, ", "), f" and {more:,} more" if more > 0 else "")


def _key(fact: Fact) -> str:
    is_nested = fact.section == "config" and "." in fact.key
    return fact.key.split(".", 1)[1] if is_nested else fact.key


def _value(value: str) -> str:
    """Return as much of a value as people read: of a hash its beginning, of a float six digits."""
    if _HASH.fullmatch(value):
        return value[:_HASH_LENGTH]
    if _LONG_FLOAT.fullmatch(value):
        return f"{float(value):.6g}"
    return value if len(value) <= _MAX_VALUE else f"{value[:_MAX_VALUE]}..."
