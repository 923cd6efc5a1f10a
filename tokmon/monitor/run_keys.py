"""The keys that runs are filtered and sorted by, and a run's values of them.

Status keys come from the list's own summary of a run; what else there is comes from run.json, which
is read only where a key asks for it. Must not parse conditions (run_filter does).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from tokmon.monitor.config_difference import known_facts
from tokmon.monitor.run_filter import Condition, number_of, predicate_for, text_of
from tokmon.monitor.run_summary import RunSummary
from tokmon.rundir.errors import TokmonError
from tokmon.rundir.records import BadLineError, RunInfo, decode

_NEAREST = 3
_CUTOFF = 0.5
_EXAMPLES = 8

Values = Callable[[RunSummary], Any]

STATUS_KEYS: Mapping[str, Callable[[RunSummary, float], Any]] = {
    "experiment": lambda run, _: run.name,
    "state": lambda run, _: str(run.health.phase),
    "step": lambda run, _: run.step,
    "max_steps": lambda run, _: run.max_steps,
    "train_loss": lambda run, _: run.train_loss,
    "best_val_loss": lambda run, _: run.best.val_loss if run.best else None,
    "val_loss": lambda run, _: run.best.val_loss if run.best else None,
    "best_step": lambda run, _: run.best.step if run.best else None,
    "started": lambda run, _: run.started,
    "updated": lambda run, _: run.updated,
    "age": lambda run, now: None if run.updated is None else now - run.updated,
    "path": lambda run, _: str(run.run.path),
}
"""As `tokmon status --json` has them where the name is the same, but that a list knows the best
validation loss only: `val_loss` is another name for it. Age is since the last data, in seconds."""


class RunKeys:
    """Answers for some runs.

    Args:
        runs: all that may be asked for: what keys there are depends on them.
        now: seconds since 1970.
    """

    def __init__(self, runs: Sequence[RunSummary], now: float) -> None:
        self._runs = runs
        self._now = now
        self._facts: dict[str, dict[str, Any]] | None = None

    def values(self, key: str) -> Values:
        """Return what tells a run's value of a key, None where the run has none.

        A key of the config may be named by its last part where no other key ends in it.

        Raises:
            TokmonError: no run has such a key, or several end in it.
        """
        if of_status := STATUS_KEYS.get(key):
            return lambda run: of_status(run, self._now)
        name = self._full_name(key)
        return lambda run: self._all_facts()[str(run.run.path)].get(name)

    def matching(self, conditions: Sequence[Condition]) -> list[RunSummary]:
        """Return the runs for which all conditions hold.

        Raises:
            TokmonError: a key or a value is not one.
        """
        kept = list(self._runs)
        # Those first that need no file to be read.
        for condition in sorted(conditions, key=lambda found: found.key not in STATUS_KEYS):
            values, is_passed = self.values(condition.key), predicate_for(condition)
            kept = [run for run in kept if is_passed(values(run))]
        return kept

    def sorted_by(self, key: str, runs: Iterable[RunSummary]) -> list[RunSummary]:
        """Return runs by a key, ascending; descending where the key has a minus before it.

        Runs without the key come last either way.

        Raises:
            TokmonError: there is no such key.
        """
        is_down, values = key.startswith("-"), self.values(key.removeprefix("-"))
        by_name = sorted(runs, key=lambda run: (run.name.casefold(), str(run.run.path)))
        known = [run for run in by_name if values(run) is not None]
        unknown = [run for run in by_name if values(run) is None]
        return sorted(known, key=lambda run: _rank(values(run)), reverse=is_down) + unknown

    def _full_name(self, key: str) -> str:
        names = {name for facts in self._all_facts().values() for name in facts}
        if key in names:
            return key
        ending = sorted(name for name in names if name.endswith(f".{key}"))
        if len(ending) == 1:
            return ending[0]
        if ending:
            raise TokmonError(f"{key} may be {_or(ending)}", "write it in full")
        raise TokmonError(f"no run has a key {key!r}", _nearest(key, names))

    def _all_facts(self) -> dict[str, dict[str, Any]]:
        if self._facts is None:
            self._facts = {str(run.run.path): _facts(run) for run in self._runs}
        return self._facts


def _facts(run: RunSummary) -> dict[str, Any]:
    try:
        return known_facts(decode(run.run.run_info.read_bytes(), RunInfo))
    except (OSError, BadLineError):  # told by the list, which reads the same file
        return {}


def _nearest(key: str, names: Iterable[str]) -> str:
    every = [*STATUS_KEYS, *sorted(names)]
    # A short name is near to a long one where it is near to its last part.
    by_last = {name.rpartition(".")[2]: name for name in reversed(every)}
    found = get_close_matches(key, [*every, *by_last], _NEAREST, _CUTOFF)
    close = list(dict.fromkeys(by_last.get(name, name) for name in found))
    return f"near to it: {', '.join(close)}" if close else f"some: {', '.join(every[:_EXAMPLES])}"


def _or(names: Sequence[str]) -> str:
    return f"{', '.join(names[:-1])} or {names[-1]}"


def _rank(value: Any) -> tuple[bool, float, str]:
    number = number_of(value)
    return number is None, number or 0.0, "" if number is not None else text_of(value).casefold()
