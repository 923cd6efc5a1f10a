"""`tokmon sample`: text from a run's best checkpoint. Imports neither torch nor textual.

stdout is the text, or its JSON, and nothing else; what is known about it goes to stderr.
"""

import json
import math
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import click

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

    requests = _requests([_text(prompt) for prompt in prompts], count, settings)
    output: _Output = _JsonLines() if as_json else _Stream()
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


def _requests(prompts: Sequence[str], count: int, settings: dict[str, Any]) -> Iterator[Generate]:
    seed = settings.pop("seed")
    for i, prompt in enumerate(prompts):
        for j in range(count):
            yield Generate(id=1 + i * count + j, prompt=prompt, seed=seed + j, **settings)


async def _sample_all(
    target: Path, device: str, requests: Iterable[Generate], output: "_Output"
) -> None:
    from tokmon.sampler.client import SamplerClient

    client = SamplerClient(target, device)
    try:
        _say(f"loading {target}")
        _say_notice(await client.start())
        for request in requests:
            await _sample_one(client, request, output)
    finally:
        await client.close()


async def _sample_one(client: "SamplerClient", request: Generate, output: "_Output") -> None:
    async for reply in client.generate(request):
        if isinstance(reply, Ready):
            _say_notice(reply)
        elif isinstance(reply, Started):
            output.begin(request)
        elif isinstance(reply, Token):
            output.add(reply.text)
        elif isinstance(reply, Done):
            assert client.ready is not None
            output.end(request, reply, client.ready)


class _Output(Protocol):
    """Where samples go, one after the other."""

    def begin(self, request: Generate) -> None: ...

    def add(self, piece: str) -> None: ...

    def end(self, request: Generate, done: Done, ready: Ready) -> None: ...


class _JsonLines:
    """A line per sample. Its keys and their order are stable, and it is ASCII everywhere."""

    def begin(self, _request: Generate) -> None:
        self._pieces: list[str] = []

    def add(self, piece: str) -> None:
        self._pieces.append(piece)

    def end(self, request: Generate, done: Done, _ready: Ready) -> None:
        fields = {
            "prompt": request.prompt,
            "text": "".join(self._pieces),
            "tokens": done.tokens,
            "seed": request.seed,
            "finish_reason": done.finish_reason,
            "seq_rep_4": done.seq_rep_4,
            "collapsed": done.collapsed,
            "tokens_per_sec": done.tokens_per_sec,
        }
        _write(json.dumps(fields) + "\n")


class _Stream:
    """Prompt and text as they come; what is known about them on stderr after each sample."""

    def begin(self, request: Generate) -> None:
        self._last = ""
        self.add(request.prompt)

    def add(self, piece: str) -> None:
        self._last = piece or self._last
        _write(_harmless(piece))

    def end(self, request: Generate, done: Done, ready: Ready) -> None:
        if not self._last.endswith("\n"):
            _write("\n")
        _say(f"--- {_summary(request, done, ready)}\n")


def _summary(request: Generate, done: Done, ready: Ready) -> str:
    repetition = "none" if done.seq_rep_4 is None else f"{done.seq_rep_4:.3f}"
    return (
        f"{ready.checkpoint}, step {ready.step}, {ready.device}, seed {request.seed}: "
        f"{done.tokens} tokens ({done.finish_reason}) at {done.tokens_per_sec:.1f}/s, "
        f"seq-rep-4 {repetition}, {'' if done.collapsed else 'not '}collapsed"
    )


def _harmless(text: str) -> str:
    """Return what a terminal shows and does not act upon; a file or pipe gets the text itself."""
    from tokmon.monitor.visible import visible

    return visible(text, is_multiline=True) if sys.stdout.isatty() else text


def _write(text: str) -> None:
    # Not click.echo: it strips escape sequences from what goes into a file.
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        raise  # click ends quietly on it
    except OSError as error:
        raise TokmonError(f"stdout cannot be written: {error.strerror}") from error


def _say_notice(ready: Ready) -> None:
    if ready.notice:
        _say(f"note: {ready.notice}")


def _say(line: str) -> None:
    from tokmon.monitor.visible import visible

    click.echo(visible(line, is_multiline=True), err=True)
