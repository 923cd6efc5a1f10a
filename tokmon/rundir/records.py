"""The records of a run directory, and how they stand on a line.

Everything but a record's first field has a default, so that any trainer may write what it has.
Keys that a record does not know are kept in `extra`; a value that is not finite is `null`.
"""

from datetime import datetime
from typing import Annotated, Any, TypeAlias, TypeVar

import msgspec
from msgspec import UNSET, Meta, UnsetType

SCHEMA_VERSION = 1
"""Raised when a key changes its meaning; a new key does not raise it."""


Whole: TypeAlias = Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]
"""An integer of 64 bits: JSON has longer ones, which no float and no other program can hold."""


class BadLineError(ValueError):
    """A line that is not a record: torn, binary, not JSON, or of a wrong type."""


class Record(msgspec.Struct, kw_only=True, frozen=True):
    """What all records share."""

    extra: dict[str, Any] = {}
    """Keys this version does not know, in their order; on a line they stand beside the others."""


class Step(Record, frozen=True, kw_only=True):
    """One line of the step log. The order of the fields is the order of the keys."""

    step: int
    """Steps taken so far, from 1."""
    train_loss: float | None = None
    """Mean over the steps since the line before, nats per token."""
    train_ppl: float | None = None
    """exp(train_loss)."""
    lr: float | None = None
    """Learning rate of this step."""
    steps_per_sec: float | None = None
    """Mean since the line before, evaluation and saving left out."""
    tokens_per_sec: float | None = None
    """The same in tokens, over all ranks."""
    tokens: int | None = None
    """Tokens trained on so far."""
    epoch: float | None = None
    """Passes over the training split so far."""
    grad_norm: float | None = None
    """Mean L2 norm of the gradient before clipping, since the line before."""
    val_loss: float | UnsetType | None = UNSET
    """Mean over held-out tokens, nats per token; only where an evaluation ran."""
    val_ppl: float | UnsetType | None = UNSET
    """exp(val_loss)."""
    val_bpb: float | UnsetType | None = UNSET
    """Bits per UTF-8 byte of held-out text."""
    elapsed_s: float | None = None
    """Seconds of training so far, over all resumes, without the time between them."""
    time: str | None = None
    """ISO 8601 with offset."""
    head_share: float | UnsetType | None = UNSET
    """Share of the time since the line before, 0 to 1, in the output matrix and the loss; this and
    the shares after it add up to 1. Only where the trainer measures it."""
    trunk_share: float | UnsetType | None = UNSET
    """In the rest of the model, forward and backward."""
    optimizer_share: float | UnsetType | None = UNSET
    """In clipping, the guard and the update of the weights."""
    input_share: float | UnsetType | None = UNSET
    """In reading batches."""
    eval_share: float | UnsetType | None = UNSET
    """In evaluations, and in the samples drawn with them."""
    save_share: float | UnsetType | None = UNSET
    """Waiting for checkpoints; what is written beside the training does not count."""
    gap_share: float | UnsetType | None = UNSET
    """In nothing of these: the device waits for the host."""
    mfu: float | UnsetType | None = UNSET
    """Model FLOPs utilisation of the steps, 0 to 1: their matrix products' FLOP a second, of the
    most that was measured on this device (Chowdhery et al. 2022, arXiv 2204.02311)."""
    floor_share: float | UnsetType | None = UNSET
    """Time that a step has to take on this device by its FLOP and bytes, of the time it takes."""


TIME_KEYS = frozenset(
    {
        *("steps_per_sec", "tokens_per_sec", "elapsed_s", "time"),
        *("head_share", "trunk_share", "optimizer_share", "input_share", "eval_share"),
        *("save_share", "gap_share", "mfu", "floor_share"),
    }
)
"""Keys of a step line that tell how long it took: all that the lines of equal runs differ in."""


class Event(Record, frozen=True, kw_only=True):
    """Something that happened once."""

    event: str
    """start, resume, warmup_end, best, checkpoint, not_finite, signal, finish, crash and others."""
    step: Whole | None = None
    """Steps taken when it happened."""
    time: str | None = None
    """ISO 8601 with offset."""
    message: str = ""
    """One sentence for people."""


class GpuProcess(msgspec.Struct, frozen=True, kw_only=True):
    """One process that has memory on a GPU."""

    pid: Whole
    """On the host; in a container the driver may count otherwise."""
    name: str = ""
    """Of the program; empty where this process may not know."""
    memory_bytes: Whole | None = None
    """On the card."""


class Gpu(msgspec.Struct, frozen=True, kw_only=True):
    """One GPU at one moment; null where the driver does not say."""

    index: Whole
    """As nvidia-smi counts."""
    name: str = ""
    """The model, as the driver names it."""
    utilization_pct: float | None = None
    """Share of the last sample period with a kernel running, 0 to 100."""
    memory_used_bytes: Whole | None = None
    """Over all processes."""
    memory_total_bytes: Whole | None = None
    """On the card."""
    power_w: float | None = None
    """Power draw."""
    power_limit_w: float | None = None
    """Enforced limit."""
    temperature_c: float | None = None
    """Of the chip."""
    clock_sm_mhz: float | None = None
    """Of the multiprocessors now; it falls with heat and with the power limit."""
    clock_sm_max_mhz: float | None = None
    """The most that it can be."""
    clock_memory_mhz: float | None = None
    """Of the memory now."""
    processes: list[GpuProcess] | None = None
    """Who computes on it; null where the driver does not say."""


class System(Record, frozen=True, kw_only=True):
    """The trainer's host at one moment."""

    time: str
    """ISO 8601 with offset."""
    gpus: list[Gpu] = []
    """The GPUs that the run may use."""
    gpu_unavailable: str | None = None
    """Why `gpus` is empty; null where it is not."""
    cpu_pct: float | None = None
    """All cores together, 0 to 100."""
    memory_used_bytes: Whole | None = None
    """Of the host."""
    memory_total_bytes: Whole | None = None
    """Of the host."""
    process_cpu_pct: float | None = None
    """Of the trainer; 100 is one core."""
    process_memory_bytes: Whole | None = None
    """Resident memory of the trainer."""
    disk_free_bytes: Whole | None = None
    """Where the run directory lies."""


class Sample(Record, frozen=True, kw_only=True):
    """One generated text with its scores."""

    prompt: str
    """What the model was given."""
    text: str = ""
    """The continuation, without the prompt."""
    step: Whole | None = None
    """The checkpoint's step."""
    tokens: Whole | None = None
    """Length of the continuation."""
    seed: Whole | None = None
    """Seed of the sampling."""
    finish_reason: str | None = None
    """length, end_of_text or cancelled."""
    seq_rep_4: float | None = None
    """1 - unique 4-grams / 4-grams (Welleck et al. 2019, arXiv 1908.04319), a run of whitespace
    tokens counted as one."""
    collapsed: bool | None = None
    """Whether the text is degenerate, as docs/RUN_DIRECTORY.md defines it."""
    tokens_per_sec: float | None = None
    """Speed of the sampling, prompt left out; in a round, which is drawn together, of this text."""
    has_keyword: bool | None = None
    """Whether a Python keyword stands in the continuation as a word."""
    validity: str | None = None
    """Whether prompt and text, up to the last complete statement, are Python: valid or invalid;
    nothing where no statement was completed."""
    prompt_id: str | None = None
    """Which of the shipped prompts this is; with the step it names a sample of a round."""
    time: str | None = None
    """When the round was drawn, ISO 8601 with offset."""


class CheckpointInfo(Record, frozen=True, kw_only=True):
    """The sidecar of a checkpoint: written after it, so a checkpoint without one is not there."""

    step: Whole
    """Steps taken."""
    sha256: str
    """Of the .pt file."""
    bytes: Whole
    """Size of the .pt file."""
    previous_sha256: str | None = None
    """Set only while the file is being replaced: until the rename, the old content stands."""
    train_loss: float | None = None
    """As in the step log."""
    val_loss: float | None = None
    """Of the last evaluation."""
    time: str | None = None
    """ISO 8601 with offset."""


class Summary(Record, frozen=True, kw_only=True):
    """Final metrics of a run."""

    experiment: str
    """As in the config."""
    state: str = ""
    """finished or stopped."""
    step: Whole | None = None
    """Steps taken."""
    max_steps: Whole | None = None
    """Steps asked for."""
    train_loss: float | None = None
    """Of the last log line."""
    val_loss: float | None = None
    """Of the last evaluation."""
    val_ppl: float | None = None
    """exp(val_loss)."""
    val_bpb: float | None = None
    """Bits per byte of the last evaluation."""
    best_val_loss: float | None = None
    """The lowest."""
    best_step: Whole | None = None
    """Where it was."""
    tokens: Whole | None = None
    """Tokens trained on."""
    elapsed_s: float | None = None
    """Seconds of training, over all resumes."""
    tokens_per_sec: float | None = None
    """Mean over the run."""
    time: str | None = None
    """ISO 8601 with offset."""


class RunInfo(Record, frozen=True, kw_only=True):
    """Who runs what, where; rewritten at every heartbeat."""

    experiment: str
    """As in the config."""
    schema_version: Whole = SCHEMA_VERSION
    """Of all files of the run."""
    phase: str = ""
    """starting, training, evaluating, saving, paused; finished, stopped, crashed are the last."""
    heartbeat: str | None = None
    """When this file was written, ISO 8601 with offset."""
    step: Whole | None = None
    """Steps taken at the heartbeat."""
    step_time: str | None = None
    """When the last of them ended, ISO 8601 with offset."""
    max_steps: Whole | None = None
    """Steps asked for."""
    started: str | None = None
    """First start of the run, ISO 8601 with offset."""
    resumed: str | None = None
    """Last resume, ISO 8601 with offset."""
    host: str | None = None
    """Where the trainer runs."""
    pid: Whole | None = None
    """Process number on that host."""
    process_created: float | None = None
    """Start of that process, seconds since 1970: tells it from a later one of the same number."""
    device: dict[str, Any] = {}
    """type, name, dtype, threads and what else the trainer says of it."""
    parameters: Whole | None = None
    """Trainable parameters."""
    config: dict[str, Any] = {}
    """The whole config, after --set."""
    corpus: dict[str, Any] = {}
    """Fingerprint, path and sizes."""
    tokenizer: dict[str, Any] = {}
    """Name and sha256."""
    gate: dict[str, Any] = {}
    """What the causality gate found before the first step; `passed` says whether it opened."""
    git: dict[str, Any] = {}
    """revision and whether it was dirty."""
    packages: dict[str, str] = {}
    """Versions that bear on the result."""
    error: str | None = None
    """Last line of the traceback, if phase is crashed."""


FINAL_PHASES = frozenset({"finished", "stopped", "crashed"})
"""After these the trainer writes no heartbeat."""

END_OF_TIME_S = 253_370_764_800.0
"""The year 9999. Later times, and those before 1970, have no calendar date on every system."""

R = TypeVar("R", bound=Record)


def encode(record: Record) -> bytes:
    """Return the record as one line of JSON without its newline; what is not finite is null."""
    fields = msgspec.to_builtins(record)
    extra = fields.pop("extra")
    return msgspec.json.encode(fields | extra)


def decode(line: bytes, kind: type[R]) -> R:
    """Return the record on `line`.

    Raises:
        BadLineError: the line is not a JSON object, lacks the first key, or a type is wrong.
    """
    try:
        fields = msgspec.json.decode(line)
        if not isinstance(fields, dict):
            raise BadLineError(f"not an object: {line[:40]!r}")
        known = {key: fields.pop(key) for key in _keys(kind) if key in fields}
        known["extra"] = fields
        return msgspec.convert(known, kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise BadLineError(str(error)) from error


def _keys(kind: type[Record]) -> list[str]:
    return [key for key in kind.__struct_fields__ if key != "extra"]


def iso(moment: float) -> str:
    """Return seconds since 1970 as ISO 8601 in local time with its offset, to milliseconds."""
    return datetime.fromtimestamp(moment).astimezone().isoformat(timespec="milliseconds")


def moment(text: str | None) -> float | None:
    """Return ISO 8601 as seconds since 1970, or None where it is not a time that `iso` can tell."""
    try:
        seconds = datetime.fromisoformat(text).timestamp() if text else None
    except (ValueError, OverflowError):
        return None
    return seconds if seconds is not None and 0 <= seconds < END_OF_TIME_S else None
