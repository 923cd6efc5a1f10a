"""The typed experiment config. Imports no torch: the terminal program reads configs too."""

from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from tokmon.rundir.layout import EXPERIMENT_NAME

# Counts stay exact as floats, and fit where 64 bits are all there is.
_MOST = 2**53
_LARGEST = 1e300
Positive = Annotated[int, Meta(ge=1, le=_MOST)]
Count = Annotated[int, Meta(ge=0, le=_MOST)]
PositiveFloat = Annotated[float, Meta(gt=0, le=_LARGEST)]
NonNegativeFloat = Annotated[float, Meta(ge=0, le=_LARGEST)]
Fraction = Annotated[float, Meta(ge=0, lt=1)]


class Section(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What all sections share: frozen, by keyword, unknown keys refused."""


class DataConfig(Section, frozen=True, kw_only=True):
    """What the model reads."""

    corpus: str
    """A recipe (.toml), a built or packed corpus, or a folder of sources; seen from the config."""
    seq_len: Annotated[int, Meta(ge=2)] = 512
    """Tokens a sequence, T."""
    batch_size: Positive = 32
    """Sequences a step over all ranks, B; a step trains on B x T tokens."""


class ModelConfig(Section, frozen=True, kw_only=True):
    """Architecture v1: pre-norm RMSNorm, RoPE, SwiGLU, no biases, untied head."""

    layers: Positive = 4
    """Transformer blocks."""
    width: Positive = 256
    """Size of the residual stream, C."""
    heads: Positive = 4
    """Attention heads; width / heads must be even."""
    mlp: Positive = 512
    """Hidden size of the SwiGLU."""
    vocab: Positive = 50257
    """Tokens the model knows, V; at least the tokenizer's."""
    rope_theta: PositiveFloat = 10000.0
    """Base of the rotary frequencies (Su et al. 2021, arXiv 2104.09864)."""
    norm_eps: PositiveFloat = 1e-5
    """Added to the mean square in RMSNorm (Zhang & Sennrich 2019, arXiv 1910.07467)."""

    def __post_init__(self) -> None:
        if self.width % (2 * self.heads):
            raise ValueError(f"width {self.width} is not a multiple of 2 x heads ({self.heads})")


class OptimConfig(Section, frozen=True, kw_only=True):
    """AdamW (Loshchilov & Hutter 2017, arXiv 1711.05101)."""

    lr: PositiveFloat = 3e-4
    """Highest learning rate, reached at the end of the warm-up."""
    min_lr: NonNegativeFloat = 1e-5
    """Learning rate of the last step."""
    betas: tuple[Fraction, Fraction] = (0.9, 0.95)
    """Decay of the first and second moment."""
    eps: PositiveFloat = 1e-8
    """Added to the root of the second moment."""
    weight_decay: NonNegativeFloat = 0.1
    """Decoupled; on matrices only."""
    clip: NonNegativeFloat = 1.0
    """Largest L2 norm of the whole gradient; 0 does not clip."""
    skip_sigma: NonNegativeFloat = 6.0
    """Skip a step whose loss or gradient norm lies so many standard deviations above the mean of
    the last 128 steps; 0 skips none but those that are not finite."""

    def __post_init__(self) -> None:
        if self.min_lr > self.lr:
            raise ValueError(f"min_lr {self.min_lr} is above lr {self.lr}")


class ScheduleConfig(Section, frozen=True, kw_only=True):
    """How long, and the learning rate on the way."""

    steps: Positive
    """Optimizer steps of the whole run."""
    warmup: Count = 0
    """Steps of linear rise from 0 to optim.lr."""
    decay: Literal["cosine", "linear", "constant"] = "cosine"
    """Shape of the fall from optim.lr to optim.min_lr after the warm-up."""

    def __post_init__(self) -> None:
        if self.warmup >= self.steps:
            raise ValueError(f"warmup {self.warmup} is not below steps {self.steps}")


class LogConfig(Section, frozen=True, kw_only=True):
    """The step log."""

    every: Positive = 100
    """Steps between two lines."""


class EvalConfig(Section, frozen=True, kw_only=True):
    """Evaluation on held-out text."""

    every: Positive = 500
    """Steps between two evaluations; a multiple of log.every. The last step always evaluates."""
    windows: Count = 1024
    """Held-out sequences scored, spread evenly over the split; 0 scores all."""


class CheckpointConfig(Section, frozen=True, kw_only=True):
    """Periodic checkpoints, from which a run resumes."""

    every: Positive = 5000
    """Steps between two."""
    keep: Positive = 3
    """How many of the newest stay."""


class SampleConfig(Section, frozen=True, kw_only=True):
    """Text sampled during training."""

    every: Count = 500
    """Steps between two rounds: each comes with the evaluation that falls due by then, and one with
    the last step. 0 draws none but what `tokmon ctl RUN sample` asks for."""
    prompts: Positive = 16
    """How many of the shipped prompts are continued, spread over their kinds; at most all."""
    max_new_tokens: Positive = 128
    """Length of a continuation at most."""
    share: Annotated[float, Meta(gt=0, le=1)] = 0.02
    """Most of an attempt's time that rounds may take. One that would take more is left out."""


class DeviceConfig(Section, frozen=True, kw_only=True):
    """Where and how the model computes."""

    device: str = "auto"
    """auto, cpu, cuda, cuda:1 or mps; auto takes the first of cuda, mps, cpu that is there."""
    dtype: Literal["auto", "float32", "bfloat16"] = "auto"
    """Of activations; weights stay float32. auto is bfloat16 on CUDA, and on a CPU where it is
    measured to be much faster; else float32."""
    compile: Literal["auto", "on", "off"] = "auto"
    """torch.compile; auto compiles on CUDA."""
    capture: Literal["auto", "off"] = "auto"
    """The whole step as one CUDA graph; auto tries it in a run's first steps and keeps what is
    faster. Nothing on other devices."""
    parallel: Literal["auto", "ddp", "fsdp"] = "auto"
    """With several processes: ddp keeps weights, gradients and moments whole on each, fsdp shares
    them out; auto is ddp unless they (16 bytes a parameter) take over 80 % of a GPU's memory."""
    deterministic: bool = False
    """Only deterministic kernels: slower on CUDA, and refuses operations that have none."""
    threads: Count = 0
    """CPU threads; 0 leaves PyTorch's choice."""


class Config(Section, frozen=True, kw_only=True):
    """One experiment."""

    experiment: Annotated[str, Meta(pattern=f"^{EXPERIMENT_NAME}$")]
    """Its name, a part of every file name: letters, digits, dot, dash, underscore."""
    seed: Annotated[int, Meta(ge=0, le=2**63 - 1)] = 1337
    """Of initial weights and the order of the batches."""
    data: DataConfig
    """[data]"""
    model: ModelConfig = ModelConfig()
    """[model]"""
    optim: OptimConfig = OptimConfig()
    """[optim]"""
    schedule: ScheduleConfig
    """[schedule]"""
    log: LogConfig = LogConfig()
    """[log]"""
    eval: EvalConfig = EvalConfig()
    """[eval]"""
    checkpoint: CheckpointConfig = CheckpointConfig()
    """[checkpoint]"""
    sample: SampleConfig = SampleConfig()
    """[sample]"""
    device: DeviceConfig = DeviceConfig()
    """[device]"""

    def __post_init__(self) -> None:
        if self.eval.every % self.log.every:
            raise ValueError(
                f"eval.every {self.eval.every} is not a multiple of log.every {self.log.every}"
            )

    @property
    def tokens_per_step(self) -> int:
        """Tokens that one optimizer step trains on, over all ranks."""
        return self.data.batch_size * self.data.seq_len


def corpus_path(config: Config, config_file: Path) -> Path:
    """Return the corpus reference as a path, relative ones seen from the config file's folder."""
    return config_file.parent / Path(config.data.corpus).expanduser()
