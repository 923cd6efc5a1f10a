"""What one measured process is asked and answers. Needs no package: peers' Pythons run it."""

import json
from dataclasses import asdict, dataclass, field

SETTINGS: dict[str, dict[str, tuple[str, ...]]] = {
    "tokmon": {"dtype": ("auto", "float32", "bfloat16"), "compile": ("auto", "on", "off")},
    "nanogpt": {"compile": ("on", "off")},
    "hf": {"dtype": ("float32", "bfloat16"), "compile": ("on", "off")},
    "litgpt": {"dtype": ("float32", "bfloat16")},
    "gemm": {"dtype": ("float32", "bfloat16")},
}
"""Who can be measured, and what each can be told; what is not told is the program's own default."""


@dataclass(frozen=True)
class Shape:
    """A Llama-shaped decoder and its batch; the defaults are architecture v1."""

    layers: int = 4
    width: int = 256
    heads: int = 4
    mlp: int = 512
    vocab: int = 50257
    seq_len: int = 512
    batch_size: int = 4

    @property
    def tokens_per_step(self) -> int:
        """Tokens that one optimizer step trains on."""
        return self.batch_size * self.seq_len


@dataclass(frozen=True)
class Job:
    """One contestant, once."""

    contestant: str
    """Name and settings: `tokmon:dtype=float32,compile=off`."""
    shape: Shape
    device: str
    """cpu or cuda."""
    corpus: str
    """Folder of a built corpus."""
    warmup: int
    """Steps before the clock starts, at least 1."""
    steps: int
    """Steps on the clock."""
    block: int
    """Steps between two readings of the clock."""
    nanogpt: str = ""
    """Folder with nanoGPT's train.py, model.py and configurator.py."""

    @property
    def name(self) -> str:
        """Who."""
        return self.contestant.partition(":")[0]

    @property
    def settings(self) -> dict[str, str]:
        """What it is told."""
        return parse_contestant(self.contestant)[1]

    def encode(self) -> str:
        """Return the job as a word of a command line."""
        return json.dumps(asdict(self))

    @classmethod
    def decode(cls, text: str) -> "Job":
        """Return what `encode` was given."""
        fields = json.loads(text)
        return cls(**fields | {"shape": Shape(**fields["shape"])})


@dataclass
class Outcome:
    """What one process measured, or why it did not."""

    missing: str = ""
    """Why it cannot run here; the rest is empty then."""
    step_s: list[float] = field(default_factory=list)
    """Seconds a step, one number a block."""
    peak_bytes: int = 0
    """Highest memory: resident on a CPU, allocated by torch on a GPU."""
    parameters: int = 0
    """Of the whole model."""
    linear_weights: int = 0
    """Of the matrices that multiply every token: 6 FLOP each a token, forward and backward."""
    dtype: str = ""
    """Of activations and matrix products."""
    notes: list[str] = field(default_factory=list)
    """What else ran otherwise than one would think."""
    versions: dict[str, str] = field(default_factory=dict)
    """Of what computed."""
    threads: int = 0
    """That torch used."""
    device: str = ""
    """The GPU's name; empty for a CPU."""


def parse_contestant(text: str) -> tuple[str, dict[str, str]]:
    """Split `NAME:KEY=VALUE,...`.

    Raises:
        ValueError: nobody of that name, or it cannot be told that.
    """
    name, _, told = text.partition(":")
    if name not in SETTINGS:
        raise ValueError(f"{name!r} is none of {', '.join(SETTINGS)}")
    settings = dict(part.partition("=")[::2] for part in told.split(",") if part)
    for key, value in settings.items():
        if value not in SETTINGS[name].get(key, ()):
            raise ValueError(f"{name} cannot be told {key}={value}")
    return name, settings
