"""`tokmon sample`: text from a run's best checkpoint. Imports neither torch nor textual.

stdout is the text, or its JSON, and nothing else; what is known about it goes to stderr.
"""

import math
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tokmon.cli.sample_output import JsonLines, Output, Stream, say, say_notice
from tokmon.rundir.errors import TokmonError
from tokmon.rundir.sampling import Done, Generate, Ready, Started, Token

if TYPE_CHECKING:
    from tokmon.sampler.client import SamplerClient

_DEFAULT = Generate(id=0)
_INTERRUPTED = 130  # 128 + SIGINT, as shells have it


def _finite(_ctx: click.Context, _option: click.Parameter, number: float) -> float:
    # The ranges of click let NaN through.
    if not math.isfinite(number):
        raise click.BadParameter(f"{number} is not a finite number.")
    return number


@click.command()
@click.argument("target", metavar="RUN|CKPT", type=click.Path(path_type=Path))
@click.option(
    "--prompt",
    "prompts",
    metavar="TEXT",
    multiple=True,
    required=True,
    help="Text to continue; - reads stdin, an empty one starts a document. Repeatable.",
)
@click.option(
    "-n",
    "count",
    metavar="N",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="Samples per prompt, with seeds S, S+1 and so on.",
)
@click.option(
    "--max-new-tokens",
    metavar="N",
    type=click.IntRange(min=1),
    default=_DEFAULT.max_new_tokens,
    show_default=True,
    help="Length of a continuation at most.",
)
@click.option(
    "--temperature",
    metavar="T",
    type=click.FloatRange(min=0),
    default=_DEFAULT.temperature,
    show_default=True,
    callback=_finite,
    help="0 takes the likeliest token each time.",
)
@click.option(
    "--top-k",
    metavar="K",
    type=click.IntRange(min=0),
    default=_DEFAULT.top_k,
    show_default=True,
    help="Draw among the K likeliest tokens; 0 among all.",
)
@click.option(
    "--top-p",
    metavar="P",
    type=click.FloatRange(0, 1, min_open=True),
    default=_DEFAULT.top_p,
    show_default=True,
    callback=_finite,
    help="Draw among the likeliest tokens that make up P.",
)
@click.option(
    "--min-p",
    metavar="P",
    type=click.FloatRange(0, 1),
    default=_DEFAULT.min_p,
    show_default=True,
    callback=_finite,
    help="Drop tokens under P times the likeliest.",
)
@click.option(
    "--repetition-penalty",
    metavar="X",
    type=click.FloatRange(min=0, min_open=True),
    default=_DEFAULT.repetition_penalty,
    show_default=True,
    callback=_finite,
    help="Make tokens of the context less likely; 1 does nothing.",
)
@click.option(
    "--seed",
    metavar="S",
    type=click.IntRange(min=0),
    default=_DEFAULT.seed,
    show_default=True,
    help="The same seed gives the same text.",
)
@click.option(
    "--device",
    metavar="D",
    default="auto",
    show_default=True,
    help="cpu, cuda, cuda:1 or mps; auto takes the first there is.",
)
@click.option("--json", "as_json", is_flag=True, help="Print a line of JSON per sample.")
@click.pass_context
def sample(
    ctx: click.Context,
    /,
    target: Path,
    prompts: tuple[str, ...],
    count: int,
    device: str,
    as_json: bool,
    **settings: Any,
) -> None:
    """Continue TEXT with the best checkpoint of RUN, or with CKPT, a .pt file."""
    # Deferred, like the client below: `tokmon --help` reads this module.
    import asyncio

    output: Output = JsonLines() if as_json else Stream()
    texts = [_text(prompt) for prompt in prompts]
    requests = _requests(texts, count, output.most_together, settings)
    try:
        asyncio.run(_sample_all(target, device, requests, output))
    except KeyboardInterrupt:
        ctx.exit(_INTERRUPTED)


def _text(prompt: str) -> str:
    """Return the prompt, read from stdin if it is `-`, every character of it."""
    try:
        if prompt == "-":
            return sys.stdin.buffer.read().decode()
        # Bytes of an argument that are no characters arrive as lone surrogates.
        prompt.encode()
    except UnicodeError as error:
        raise TokmonError("the prompt is not UTF-8 text", f"{error}") from error
    return prompt


def _requests(
    prompts: Sequence[str], count: int, most_together: int, settings: dict[str, Any]
) -> Iterator[Generate]:
    """Yield requests of at most so many samples each."""
    seed, request_id = settings.pop("seed"), 0
    for prompt in prompts:
        for first in range(0, count, most_together):
            request_id += 1
            yield Generate(
                id=request_id,
                prompt=prompt,
                samples=min(most_together, count - first),
                seed=seed + first,
                **settings,
            )


async def _sample_all(
    target: Path, device: str, requests: Iterable[Generate], output: Output
) -> None:
    from tokmon.sampler.client import SamplerClient

    client = SamplerClient(target, device)
    try:
        say(f"loading {target}")
        say_notice(await client.start())
        for request in requests:
            await _sample_one(client, request, output)
    finally:
        await client.close()


async def _sample_one(client: "SamplerClient", request: Generate, output: Output) -> None:
    async for reply in client.generate(request):
        if isinstance(reply, Ready):
            say_notice(reply)
        elif isinstance(reply, Started):
            output.begin(request)
        elif isinstance(reply, Token):
            output.add(reply)
        elif isinstance(reply, Done):
            assert client.ready is not None
            output.end(request, reply, client.ready)
