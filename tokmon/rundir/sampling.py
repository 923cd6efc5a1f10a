"""The messages between the sampling process and its client: one JSON object a line.

Requests go to the process's stdin, replies come from its stdout. Requests are answered in their
order, one at a time; `cancel` overtakes. The end of stdin ends the process. Keys with a default may
be missing, and keys that a reader does not know are passed over.
"""

from typing import Literal, TypeAlias

import msgspec


class Generate(msgspec.Struct, tag_field="op", tag="generate", frozen=True, kw_only=True):
    """Ask for continuations of a prompt; answered by Started, Token..., Done..., or by Failed."""

    id: int
    """Chosen by the client; every reply carries it."""
    prompt: str = ""
    """Text to continue; an empty one starts a document."""
    samples: int = 1
    """Continuations, drawn together; those of higher number with the seeds that follow."""
    checkpoint: str = ""
    """File name of one of the run's checkpoints; empty is the one that Ready names."""
    is_following: bool = True
    """Whether to load a better checkpoint first, where one has landed."""
    max_new_tokens: int = 128
    """Length of the continuation at most."""
    temperature: float = 0.8
    """0 is greedy."""
    top_k: int = 0
    """Keep the k likeliest tokens; 0 keeps all."""
    top_p: float = 0.95
    """Keep the likeliest tokens that make up p; 1 keeps all (Holtzman et al., arXiv 1904.09751)."""
    min_p: float = 0.0
    """Keep what is at least so likely, times the likeliest (Nguyen et al., arXiv 2407.01082)."""
    repetition_penalty: float = 1.0
    """Makes tokens of the context less likely (Keskar et al., arXiv 1909.05858); 1 does nothing."""
    alternatives: int = 0
    """How many of the likeliest tokens each Token tells; 0 leaves out its probability as well."""
    seed: int = 0
    """Same seed, checkpoint, device and number of samples: same text."""


class Cancel(msgspec.Struct, tag_field="op", tag="cancel", frozen=True, kw_only=True):
    """End a request early; it is answered by Done with finish_reason cancelled."""

    id: int
    """Of the request."""


class Ready(msgspec.Struct, tag_field="reply", tag="ready", frozen=True, kw_only=True):
    """A checkpoint is loaded: sent at start and again when a better one has replaced it."""

    checkpoint: str
    """File name."""
    step: int
    """Steps the checkpoint was trained for."""
    val_loss: float | None = None
    """Its validation loss, nats per token."""
    device: str
    """Where the model computes, for people: cpu, or the GPU's name."""
    notice: str = ""
    """What went otherwise than asked: an older checkpoint stood in, say."""


class Started(msgspec.Struct, tag_field="reply", tag="started", frozen=True, kw_only=True):
    """A request's prompt is being read."""

    id: int
    """Of the request."""
    prompt_tokens: int
    """Length of the prompt."""
    checkpoint: str = ""
    """File name of the weights that answer."""
    step: int = 0
    """Their step."""
    val_loss: float | None = None
    """Their validation loss, nats per token."""


class Alternative(msgspec.Struct, frozen=True, array_like=True):
    """A token that could have come: `[text, probability]`."""

    text: str
    """Its bytes as text; those that are no whole character as \\x9f."""
    probability: float
    """As the model has it, before temperature and filters."""


class Token(msgspec.Struct, tag_field="reply", tag="token", frozen=True, kw_only=True):
    """A piece of the continuation; whole characters only, so a token may add none."""

    id: int
    """Of the request."""
    text: str
    """To be appended."""
    sample: int = 0
    """Which of the continuations, from 0."""
    probability: float | None = None
    """Of this token, as the model has it, before temperature and filters; if asked for."""
    alternatives: tuple[Alternative, ...] = ()
    """The likeliest tokens at this place, likeliest first, the drawn one among them or not."""


class Done(msgspec.Struct, tag_field="reply", tag="done", frozen=True, kw_only=True):
    """A continuation has ended; the request has with its last one."""

    id: int
    """Of the request."""
    sample: int = 0
    """Which of the continuations, from 0."""
    open: int = 0
    """Continuations of the request that have not ended yet."""
    tokens: int
    """Length of the continuation."""
    finish_reason: str
    """length, end_of_text or cancelled."""
    tokens_per_sec: float
    """Speed of this continuation, prompt left out."""
    seq_rep_4: float | None
    """1 - unique 4-grams / 4-grams, a run of whitespace as one token; null under four."""
    collapsed: bool
    """Whether the text is degenerate, as docs/RUN_DIRECTORY.md defines it."""
    has_keyword: bool | None = None
    """Whether a Python keyword stands in it as a word."""
    validity: Literal["valid", "invalid", "nothing"] | None = None
    """Whether both, up to the last complete statement, are Python; nothing where there is none."""


class Failed(msgspec.Struct, tag_field="reply", tag="failed", frozen=True, kw_only=True):
    """A request cannot be answered; with id null a line was no request, or the process ends."""

    id: int | None = None
    """Of the request."""
    message: str
    """One line for people."""


Request: TypeAlias = Generate | Cancel
Reply: TypeAlias = Ready | Started | Token | Done | Failed


def decode_request(line: bytes) -> Request:
    """Return the request on a line.

    Raises:
        msgspec.MsgspecError, UnicodeDecodeError, RecursionError: it is none.
    """
    request: Request = msgspec.json.decode(line, type=Request)
    return request


def decode_reply(line: bytes) -> Reply:
    """Return the reply on a line.

    Raises:
        msgspec.MsgspecError, UnicodeDecodeError, RecursionError: it is none.
    """
    reply: Reply = msgspec.json.decode(line, type=Reply)
    return reply
