"""Follow a run in plain lines until its trainer ends, then show what the model writes."""

import asyncio
import time
from pathlib import Path

import click

from tokmon.cli.trainer_process import DetachedTrainer
from tokmon.rundir.errors import TokmonError
from tokmon.rundir.jsonl import Tail
from tokmon.rundir.layout import RunDir
from tokmon.rundir.records import BadLineError, RunInfo, Step, Summary, decode
from tokmon.rundir.sampling import Done, Generate, Ready, Token
from tokmon.rundir.writer import is_alive
from tokmon.sampler.client import SamplerClient

_POLL_S = 0.2
_PROMPT = "def "
_SAMPLE_TOKENS = 96


def follow(run: RunDir, trainer: DetachedTrainer | None) -> None:
    """Print the run's output until it ends, then a sample and the files.

    Raises:
        TokmonError: training failed.
    """
    try:
        _print_until_end(run, trainer)
    except KeyboardInterrupt:
        click.echo(f"Still training. Come back with: tokmon watch {run.path}", err=True)
        raise SystemExit(130) from None
    summary = _read_summary(run)
    click.echo(_result(run, summary))
    asyncio.run(_print_sample(run.path))
    _print_files(run)


def _print_until_end(run: RunDir, trainer: DetachedTrainer | None) -> None:
    output = Tail(run.output_log)
    is_over = False
    while True:
        new = output.read()
        for line in new.lines:
            click.echo(line.decode(errors="replace"), err=True)
        if is_over and new.at_end:
            return
        # One more look after the end: the last lines may have come in between.
        is_over = not _is_running(run, trainer)
        time.sleep(0 if is_over else _POLL_S)


def _is_running(run: RunDir, trainer: DetachedTrainer | None) -> bool:
    if trainer is not None:
        return trainer.poll() is None
    try:
        return is_alive(decode(run.run_info.read_bytes(), RunInfo)) is True
    except (OSError, BadLineError):
        return False


def _read_summary(run: RunDir) -> Summary:
    try:
        return decode(run.summary.read_bytes(), Summary)
    except (OSError, BadLineError) as error:
        raise TokmonError("training did not finish", f"see {run.output_log}") from error


def _result(run: RunDir, summary: Summary) -> str:
    first = decode(run.log.read_bytes().splitlines()[0], Step)
    return (
        f"\n{summary.state}: {summary.step} steps in {summary.elapsed_s or 0:.0f} s, training loss "
        f"{first.train_loss or 0:.2f} -> {summary.train_loss or 0:.2f}, validation loss "
        f"{summary.val_loss or 0:.3f} (PPL {summary.val_ppl or 0:.1f}, "
        f"{summary.val_bpb or 0:.2f} bits per byte)"
    )


async def _print_sample(path: Path) -> None:
    client = SamplerClient(path)
    try:
        ready = await client.start()
        click.echo(f"\nWhat {ready.checkpoint} (step {ready.step}, {ready.device}) writes:\n")
        click.echo(_PROMPT, nl=False)
        request = Generate(id=1, prompt=_PROMPT, max_new_tokens=_SAMPLE_TOKENS)
        async for reply in client.generate(request):
            if isinstance(reply, Token):
                click.echo(reply.text, nl=False)
            elif isinstance(reply, Ready):
                click.echo(f"\n(now {reply.checkpoint} of step {reply.step})")
            elif isinstance(reply, Done):
                verdict = "collapsed" if reply.collapsed else "not collapsed"
                click.echo(f"\n\n({reply.tokens} tokens, {reply.tokens_per_sec:.0f}/s, {verdict})")
    finally:
        await client.close()


def _print_files(run: RunDir) -> None:
    click.echo("\nWritten:")
    for path in [*sorted(run.path.iterdir()), run.output_log]:
        click.echo(f"  {path.stat().st_size / 1e6:8.1f} MB  {path}")
    click.echo(f"\nLook at it with: tokmon watch {run.path}")
