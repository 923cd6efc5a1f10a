"""Where `tokmon sample` puts its samples: text as it comes, or a line of JSON each. No torch.

What is known about a text goes to stderr.
"""

import json
import sys
from typing import Protocol

import click

from tokmon.rundir.errors import TokmonError
from tokmon.rundir.sampling import Done, Generate, Ready, Token


class Output(Protocol):
    """Where samples go, one request after the other."""

    most_together: int
    """Samples of one request that it can take."""

    def begin(self, request: Generate) -> None:
        """A request is being answered."""

    def add(self, token: Token) -> None:
        """More text of a sample."""

    def end(self, request: Generate, done: Done, ready: Ready) -> None:
        """A sample has ended."""


class JsonLines:
    """A line per sample. Its keys and their order are stable, and it is ASCII everywhere."""

    most_together = 32

    def begin(self, request: Generate) -> None:
        """A request is being answered."""
        self._pieces: list[list[str]] = [[] for _ in range(request.samples)]
        self._lines = [""] * request.samples

    def add(self, token: Token) -> None:
        """More text of a sample."""
        self._pieces[token.sample].append(token.text)

    def end(self, request: Generate, done: Done, _ready: Ready) -> None:
        """Keep the line; write those of the request, in order, when there is no more to come."""
        fields = {
            "prompt": request.prompt,
            "text": "".join(self._pieces[done.sample]),
            "tokens": done.tokens,
            "seed": request.seed + done.sample,
            "finish_reason": done.finish_reason,
            "seq_rep_4": done.seq_rep_4,
            "collapsed": done.collapsed,
            "tokens_per_sec": done.tokens_per_sec,
        }
        self._lines[done.sample] = json.dumps(fields) + "\n"
        if not done.open:
            _write("".join(self._lines))


class Stream:
    """Prompt and text as they come; what is known about them on stderr after each sample."""

    most_together = 1

    def begin(self, request: Generate) -> None:
        """Show the prompt."""
        self._last = ""
        self._show(request.prompt)

    def add(self, token: Token) -> None:
        """Show more text."""
        self._show(token.text)

    def end(self, request: Generate, done: Done, ready: Ready) -> None:
        """End the line, and say how it went."""
        if not self._last.endswith("\n"):
            _write("\n")
        say(f"--- {_summary(request, done, ready)}\n")

    def _show(self, piece: str) -> None:
        self._last = piece or self._last
        _write(_harmless(piece))


def say_notice(ready: Ready) -> None:
    """Tell on stderr what went otherwise than asked, if anything did."""
    if ready.notice:
        say(f"note: {ready.notice}")


def say(line: str) -> None:
    """Tell people something on stderr."""
    from tokmon.monitor.visible import visible

    click.echo(visible(line, is_multiline=True), err=True)


def _summary(request: Generate, done: Done, ready: Ready) -> str:
    repetition = "none" if done.seq_rep_4 is None else f"{done.seq_rep_4:.3f}"
    return (
        f"{ready.checkpoint}, step {ready.step}, {ready.device}, seed {request.seed}: "
        f"{done.tokens} tokens ({done.finish_reason}) at {done.tokens_per_sec:.1f}/s, "
        f"seq-rep-4 {repetition}, {'' if done.collapsed else 'not '}collapsed"
        f"{_VALIDITY[done.validity]}"
    )


_VALIDITY = {
    None: "",
    "valid": ", valid Python",
    "invalid": ", not valid Python",
    "nothing": ", no complete statement",
}


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
