"""All runs of some folders, read a few at a time, the newest first. No threads: somebody polls."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from tokmon.monitor.run_finder import RunFinder
from tokmon.monitor.run_summary import IsAlive, RunReader, RunSummary
from tokmon.rundir.writer import is_alive as writer_is_alive

SLICE_RUNS = 64
"""Read at one poll: more than a screen holds, in about 20 ms."""
_FRESH_S = 60.0


class Order(StrEnum):
    """How a list is sorted."""

    AGE = "newest first"
    NAME = "by name"
    BEST = "best validation first"

    @property
    def following(self) -> "Order":
        """The order that comes after this one."""
        orders = list(Order)
        return orders[(orders.index(self) + 1) % len(orders)]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunListState:
    """The list at one moment."""

    now: float
    """When it was taken, seconds since 1970."""
    runs: tuple[RunSummary, ...] = ()
    """Those that are read, in no order."""
    found: int = 0
    """All of them."""
    faults: tuple[str, ...] = ()
    """Folders that could not be read, and why, safe to print."""
    is_reading: bool = False
    """Whether there is more to read at once."""


class RunList:
    """Follows the runs of some folders.

    Args:
        folders: each a run, or a folder of runs; need not exist yet.
        is_alive: says whether a writer's process runs; None where this host cannot know.
    """

    def __init__(self, folders: Sequence[Path], is_alive: IsAlive = writer_is_alive) -> None:
        self._finder = RunFinder(folders)
        self._is_alive = is_alive
        self._readers: dict[str, RunReader] = {}
        self._summaries: dict[str, RunSummary] = {}
        self._unread: list[str] = []

    def poll(self, now: float) -> RunListState:
        """Read the next runs, or look at all of them again; return what is known.

        Bounded work: call again at once while the state says `is_reading`.

        Args:
            now: seconds since 1970.
        """
        if not self._unread:
            self._find()
            self._look(list(self._summaries), now)
        self._look(self._next(), now)
        return RunListState(
            now=now,
            runs=tuple(self._summaries.values()),
            found=len(self._readers),
            faults=self._finder.faults,
            is_reading=bool(self._unread),
        )

    def _find(self) -> None:
        """Take in new runs, to be read newest first, and drop those that are gone."""
        before, runs = self._readers, self._finder.look()
        self._readers = {
            path: before.get(path) or RunReader(run, self._is_alive) for path, run in runs.items()
        }
        for path in self._summaries.keys() - self._readers.keys():
            del self._summaries[path]
        new = self._readers.keys() - self._summaries.keys()
        self._unread = sorted(new, key=lambda path: self._readers[path].peek())

    def _next(self) -> list[str]:
        self._unread, taken = self._unread[:-SLICE_RUNS], self._unread[-SLICE_RUNS:]
        return taken[::-1]

    def _look(self, paths: Iterable[str], now: float) -> None:
        for path in paths:
            self._summaries[path] = self._readers[path].look(now)


def ordered(runs: Iterable[RunSummary], order: Order, now: float) -> list[RunSummary]:
    """Return the runs sorted; equal ones by name.

    Newest first: those with data of the last minute by their start, so that live runs do not change
    places at every heartbeat, then the others by their last data.
    """
    by_name = sorted(runs, key=lambda run: (run.name.casefold(), run.run.path))
    if order is Order.NAME:
        return by_name
    if order is Order.BEST:
        return sorted(by_name, key=lambda run: run.best.val_loss if run.best else float("inf"))
    return sorted(by_name, key=lambda run: _recency(run, now), reverse=True)


def matching(runs: Iterable[RunSummary], query: str) -> list[RunSummary]:
    """Return the runs in whose name or state every word of the query stands, whatever its case."""
    asked = query.casefold().split()
    return [run for run in runs if all(word in _searched(run) for word in asked)]


def _searched(run: RunSummary) -> str:
    return f"{run.name} {run.health.phase}".casefold()


def _recency(run: RunSummary, now: float) -> tuple[bool, float]:
    updated = run.updated or 0.0
    is_fresh = run.health.phase.is_live and now - updated < _FRESH_S
    return is_fresh, run.started or updated if is_fresh else updated
