"""`tokmon demo`: a real model learns real Python code on this machine, and the monitor shows it."""

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tokmon.cli import options
from tokmon.cli.extras import require_train_extra
from tokmon.rundir.layout import RunDir
from tokmon.rundir.records import BadLineError, RunInfo, decode
from tokmon.rundir.writer import is_alive

if TYPE_CHECKING:
    from tokmon.cli.trainer_process import DetachedTrainer


@click.command(short_help="Train a small model on Python's own library and watch it learn.")
@click.option("--headless", is_flag=True, help="Print progress and a sample; open no monitor.")
@click.option(
    "--minutes",
    type=click.FloatRange(min=0.1),
    default=2.0,
    show_default=True,
    help="How long to train; the schedule is stretched to this machine.",
)
@options.logs
def demo(headless: bool, minutes: float, logs: Path) -> None:
    """Train a small model on Python's own standard library and watch it learn.

    The corpus is built from the running interpreter's library, once. The trainer is a process of
    its own: leaving the monitor does not stop it.
    """
    require_train_extra("training", "torch", "tiktoken")
    run = RunDir.of_experiment(logs, "demo")
    trainer = None
    if _is_training(run):
        click.echo("A demo is training already; here it is.", err=True)
    else:
        trainer = _start(run, logs, minutes)
    if headless:
        from tokmon.cli.headless import follow

        follow(run, trainer)
    else:
        _watch(run)


def _start(run: RunDir, logs: Path, minutes: float) -> "DetachedTrainer":
    # Deferred: the help text needs none of it.
    from tokmon.cli.trainer_process import DetachedTrainer, prepare
    from trainer.shipped import shipped_config

    config = shipped_config("demo.toml")
    prepare(config, (), logs)
    _remove_earlier(run)
    click.echo(f"Starting the trainer; the run lies in {run.path}", err=True)
    arguments = [str(config), "--logs", str(logs), "--minutes", str(minutes)]
    trainer = DetachedTrainer(arguments, run)
    trainer.wait_until_started()
    return trainer


def _is_training(run: RunDir) -> bool:
    try:
        info = decode(run.run_info.read_bytes(), RunInfo)
    except (OSError, BadLineError):
        return False
    return is_alive(info) is True


def _remove_earlier(run: RunDir) -> None:
    """Make room: a demo is for looking at, and each leaves half a gigabyte of checkpoints."""
    if run.path.is_dir():
        click.echo(f"Replacing the earlier demo in {run.path}", err=True)
        shutil.rmtree(run.path)
        run.output_log.unlink(missing_ok=True)


def _watch(run: RunDir) -> None:
    from tokmon.cli.monitor import open_monitor

    open_monitor(run)
    still = "The trainer is still at work. " if _is_training(run) else ""
    click.echo(f"{still}Come back with: tokmon watch {run.path}", err=True)
