"""`tokmon train`: run an experiment in the foreground, or detached with the monitor over it."""

from pathlib import Path

import click

from tokmon.cli import options
from tokmon.cli.extras import require_train_extra


@click.command()
@click.argument("config", type=click.Path(path_type=Path))
@click.option("--set", "overrides", multiple=True, metavar="KEY=VALUE", help="Override a key.")
@click.option(
    "--resume",
    default="auto",
    metavar="auto|never|CKPT",
    show_default=True,
    help="Go on from the newest good checkpoint, start anew, or go on from a file.",
)
@click.option("--detach", is_flag=True, help="Leave the trainer running on its own.")
@click.option("--watch", is_flag=True, help="Open the monitor over a detached trainer.")
@options.logs
@click.pass_context
def train(
    ctx: click.Context,
    config: Path,
    overrides: tuple[str, ...],
    resume: str,
    detach: bool,
    watch: bool,
    logs: Path,
) -> None:
    """Train the experiment in CONFIG, a TOML file.

    Builds the corpus if it is missing. Ctrl-C or SIGTERM saves a checkpoint and stops; the same
    command goes on from there. Everything is written under logs/train_EXPERIMENT.
    """
    # Deferred: the help text needs none of it.
    from tokmon.cli import trainer_process

    require_train_extra("training", "torch", "tiktoken")
    arguments = [str(config), "--resume", resume, "--logs", str(logs)]
    for override in overrides:
        arguments += ["--set", override]
    if not (detach or watch):
        ctx.exit(trainer_process.train_here(arguments))
    run = trainer_process.prepare(config, overrides, logs)
    trainer = trainer_process.DetachedTrainer(arguments, run)
    trainer.wait_until_started()
    click.echo(
        f"training in process {trainer.pid}; come back with: tokmon watch {run.path}", err=True
    )
    if watch:
        from tokmon.cli.monitor import open_monitor

        open_monitor(run)
        click.echo(f"still training; come back with: tokmon watch {run.path}", err=True)
