"""What `tokmon runs prune` does between its arguments and the removal: names, plans, words."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tokmon.cli.runs_reading import read_runs, say
from tokmon.rundir.errors import TokmonError
from tokmon.rundir.layout import RunDir

if TYPE_CHECKING:
    from tokmon.monitor.prune_plan import PrunePlan, Wish


def plans_for(
    paths: tuple[Path, ...], filters: tuple[str, ...], logs: Path, wish: Wish
) -> list[PrunePlan]:
    """Return what would go of each run; names decide, or else filters.

    Raises:
        TokmonError: a run that was named may not be touched; nothing is then.
    """
    from tokmon.monitor.prune_plan import plan, refusal

    plans = []
    for run in _named(paths, logs) if paths else _filtered(filters, logs):
        try:
            planned = refusal(run, time.time()) or plan(run, wish)
        except OSError as error:
            planned = f"{run.path}: cannot be read ({error.strerror or error})"
        if not isinstance(planned, str):
            plans.append(planned)
        elif paths:
            raise TokmonError(planned, "nothing was removed")
        else:
            say(f"passed over: {planned}")
    return plans


def _named(paths: tuple[Path, ...], logs: Path) -> list[RunDir]:
    from tokmon.monitor.choice_of_runs import runs_at

    found: dict[Path, RunDir] = {}
    for path in paths:
        # "." has no name of its own, which the files beside a run are called after.
        whole = path if path.name not in ("", "..") else path.resolve()
        there = runs_at(whole, logs)
        if not _is_run_itself(there, whole, logs):
            # A folder of runs is not to be emptied by a slip of the hand.
            raise TokmonError(f"{path}: a folder of runs, not one", "name runs, or use --filter")
        found.setdefault(there[0].path.resolve(), there[0])
    return list(found.values())


def _is_run_itself(there: list[RunDir], path: Path, logs: Path) -> bool:
    """Say whether what was found is what was named, and not a run within it."""
    own = (path, logs / path, RunDir.of_experiment(logs, str(path)).path)
    return len(there) == 1 and there[0].path in own


def _filtered(filters: tuple[str, ...], logs: Path) -> list[RunDir]:
    from tokmon.monitor.run_filter import parse_filter
    from tokmon.monitor.run_keys import RunKeys
    from tokmon.monitor.run_list import Order, ordered

    conditions = [found for text in filters for found in parse_filter(text)]
    if not conditions:
        raise click.UsageError("--filter is empty: all runs are not removed by a slip of the hand")
    state = read_runs(logs)
    return [
        run.run
        for run in ordered(
            RunKeys(state.runs, state.now).matching(conditions), Order.NAME, state.now
        )
    ]


def leftovers_in(folders: list[Path]) -> list[Path]:
    """Return what prunes that were ended have left aside in some folders of runs."""
    from tokmon.monitor.prune import leftovers

    return [aside for folder in folders for aside in leftovers(folder)]


def tell(plans: list[PrunePlan], aside: list[Path]) -> None:
    """Print what would go, and that nothing has."""
    from tokmon.cli import runs_output
    from tokmon.monitor.prune import leftover_size

    for planned in plans:
        for line in runs_output.plan_lines(planned):
            click.echo(line)
    for path in aside:
        click.echo(runs_output.leftover_line(path, leftover_size(path)))
    size = sum(planned.size for planned in plans) + sum(map(leftover_size, aside))
    say(f"nothing was removed; with --yes {runs_output.size_in_words(size)} would go")


def remove(plans: list[PrunePlan], aside: list[Path]) -> None:
    """Remove one after the other; one that cannot be is told, and the others still go.

    Raises:
        TokmonError: at least one was not removed.
    """
    from tokmon.cli import runs_output
    from tokmon.monitor.prune import finish, prune

    failed = 0
    for path in aside:
        try:
            finish(path)
        except OSError as error:
            failed += 1
            say(f"{path}: cannot be removed ({error.strerror or error})")
    for planned in plans:
        try:
            done = prune(planned, time.time)
        except TokmonError as error:
            failed += 1
            say(str(error))
        else:
            click.echo(runs_output.done_line(planned, done))
    if failed:
        raise TokmonError(f"{failed} of {len(plans) + len(aside)} could not be removed")
