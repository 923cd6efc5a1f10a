"""`tokmon runs`: lists runs by what is true of them, and removes what the user names.

`tokmon runs FILTER...` is `tokmon runs list FILTER...`: what is no sub-command is a condition.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tokmon.cli import options
from tokmon.cli.runs_pruning import leftovers_in, plans_for, remove, tell
from tokmon.cli.runs_reading import read_runs, say

if TYPE_CHECKING:
    from tokmon.monitor.run_list import RunListState

_LIST = "list"
_HELP_FLAGS = ("-h", "--help")


class _ListingGroup(click.Group):
    """Lists where no sub-command is named first."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not args or args[0] not in (*self.commands, *_HELP_FLAGS):
            args = [_LIST, *args]
        return super().parse_args(ctx, args)


@click.group(
    cls=_ListingGroup,
    short_help="List and filter runs; remove those that are named.",
    subcommand_metavar="[list] [FILTER]... | prune RUN...",
)
def runs() -> None:
    """List the runs in a folder, filtered and sorted; remove those that are named.

    A FILTER is KEY OPERATOR VALUE without spaces, or in quotes, which < and > need in a shell.
    Several have to hold together. Operators: = != < <= > >= ~ (contains).

    Keys are those of `tokmon status` (state, step, train_loss, best_val_loss or val_loss,
    best_step, started, updated, age) and of the config (optim.lr, or lr where that says which).

    \b
    tokmon runs
    tokmon runs state=finished 'lr>=1e-4' experiment~v1
    tokmon runs 'val_loss<3' 'age<2d' --sort val_loss
    tokmon runs --json | jq -r '.[].path'
    tokmon runs prune train_old --yes
    tokmon runs prune --filter 'state=crashed age>7d'
    """  # noqa: D301  the backslash is click's


@runs.command(name=_LIST, short_help="List runs; what happens without a sub-command.")
@click.argument("filters", nargs=-1, metavar="[FILTER]...")
@options.logs
@click.option("--json", "as_json", is_flag=True, help="Print one JSON array.")
@click.option(
    "--sort",
    "sort_key",
    metavar="KEY",
    help="By this key, ascending; -KEY descending. The newest first otherwise.",
)
def list_runs(filters: tuple[str, ...], logs: Path, as_json: bool, sort_key: str | None) -> None:
    """List runs: as a table on a terminal, else as columns with a tab between.

    The columns are state, experiment, step, max_steps, train_loss, best_val_loss, best_step,
    updated and path; what is not known is empty.

    \b
    tokmon runs list state=finished 'lr>=1e-4' experiment~v1
    tokmon runs list 'val_loss<3' 'age<2d' --sort val_loss
    """  # noqa: D301  the backslash is click's
    # Deferred: numpy costs 0.1 s that `tokmon --help` need not pay.
    from tokmon.cli import runs_output
    from tokmon.monitor.run_filter import parse_filter
    from tokmon.monitor.run_keys import RunKeys
    from tokmon.monitor.run_list import Order, ordered

    _refuse_sub_command(filters)
    conditions = [found for text in filters for found in parse_filter(text)]
    state = read_runs(logs)
    keys = RunKeys(state.runs, state.now)
    found = keys.matching(conditions)
    if sort_key is None:
        found = ordered(found, Order.AGE, state.now)
    else:
        found = keys.sorted_by(sort_key, found)
    if as_json:
        click.echo(runs_output.as_json(found))
    elif sys.stdout.isatty():
        runs_output.print_table(found, state)
    else:
        for run in found:
            click.echo(runs_output.as_columns(run))
    _tell_faults(state)


@runs.command(short_help="Remove runs, or their weights; says what would go unless --yes.")
@click.argument("paths", nargs=-1, metavar="[RUN]...", type=click.Path(path_type=Path))
@click.option(
    "--filter",
    "filters",
    metavar="EXPR",
    multiple=True,
    help="In place of RUN: all under --logs for which this holds; those at work are passed over.",
)
@click.option("--yes", is_flag=True, help="Remove; without it nothing is.")
@click.option(
    "--weights-only", is_flag=True, help="Remove checkpoints; logs, samples and reports stay."
)
@click.option("--keep-best", is_flag=True, help="With --weights-only: the best weights stay.")
@options.logs
def prune(
    paths: tuple[Path, ...],
    filters: tuple[str, ...],
    yes: bool,
    weights_only: bool,
    keep_best: bool,
    logs: Path,
) -> None:
    """Say what would be removed of the runs that are named, and with --yes remove it.

    RUN is a run directory or an experiment's name. Only files that tokmon's layout of a run names
    are removed; others, and links, are left and told. A run that a trainer may be at work on is not
    touched. Without its weights a run can neither be sampled from nor resumed.

    \b
    tokmon runs prune logs/train_old
    tokmon runs prune --filter 'state=crashed age>7d' --yes
    tokmon runs prune --filter state=finished --weights-only --keep-best --yes
    """  # noqa: D301  the backslash is click's
    if bool(paths) == bool(filters):
        raise click.UsageError("name runs, or say which with --filter")
    if keep_best and not weights_only:
        raise click.UsageError("--keep-best goes with --weights-only")
    from tokmon.monitor.prune_plan import Wish

    wish = Wish(is_weights_only=weights_only, keeps_best=keep_best)
    plans = plans_for(paths, filters, logs, wish)
    folders = dict.fromkeys([logs, *(planned.run.path.parent for planned in plans)])
    aside = leftovers_in(list(folders))
    if yes:
        remove(plans, aside)
    else:
        tell(plans, aside)


def _refuse_sub_command(filters: tuple[str, ...]) -> None:
    if "prune" in filters:
        raise click.UsageError("prune comes first: tokmon runs prune RUN...")


def _tell_faults(state: RunListState) -> None:
    for fault in state.faults:
        say(fault)
