"""`tokmon bench`: what this machine does on a config's own shapes, against its measured limits."""

from pathlib import Path

import click

from tokmon.cli.extras import require_train_extra


@click.command(short_help="Time training steps against what this machine can do.")
@click.argument("config", required=False, type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print the same as JSON.")
@click.option("--device", metavar="D", help="auto, cpu, cuda, cuda:1 or mps; else the config's.")
@click.option("--set", "overrides", multiple=True, metavar="KEY=VALUE", help="Override a key.")
@click.option(
    "--seconds",
    type=click.FloatRange(min=0, max=3600),
    default=20.0,
    show_default=True,
    help="How long to time steps.",
)
def bench(
    config: Path | None,
    as_json: bool,
    device: str | None,
    overrides: tuple[str, ...],
    seconds: float,
) -> None:
    """Measure this machine's matrix products and memory, then time real training steps of CONFIG.

    The floor is what a step's counted products and memory traffic take at the measured rates.
    CONFIG is the reference experiment if it is not given. Tokens are random; with
    `--set data.corpus=CORPUS` they are those of a corpus. Nothing is saved.
    """
    require_train_extra("timing training steps", "torch", "tiktoken")
    # Deferred: torch, which the help text need not pay.
    import msgspec
    from rich.console import Console

    from trainer.bench_command import bench as measure
    from trainer.bench_result import print_result
    from trainer.corpus.progress import showing_progress

    if device:
        overrides = (*overrides, f"device.device={device}")
    with showing_progress() as progress:
        result = measure(config, overrides, seconds, progress)
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(result)))
    else:
        print_result(Console(highlight=False), result)
