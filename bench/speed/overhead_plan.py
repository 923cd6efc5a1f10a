"""What `--overhead` runs, and what comes out of it. Pure."""

from dataclasses import dataclass
from statistics import median

from bench.speed.job import Shape

DEFAULT_EVAL_EVERY, DEFAULT_WINDOWS, DEFAULT_BATCH = 500, 1024, 32
_CONFIG = """\
experiment = "speed"
[data]
corpus = "{corpus}"
seq_len = {shape.seq_len}
batch_size = {shape.batch_size}
[model]
layers = {shape.layers}
width = {shape.width}
heads = {shape.heads}
mlp = {shape.mlp}
vocab = {shape.vocab}
[schedule]
steps = {steps}
warmup = {warmup}
[log]
every = {log_every}
[eval]
every = {eval_every}
windows = {windows}
[checkpoint]
every = {checkpoint_every}
[device]
device = "{device}"
dtype = "{dtype}"
compile = "{compile}"
"""


@dataclass(frozen=True)
class Plan:
    """What is run."""

    shape: Shape
    device: str
    dtype: str
    compile: str
    corpus: str
    log_every: int
    """Steps between two lines; 100 by default."""
    eval_every: int
    """Steps between two evaluations; 500 by default."""
    evaluations: int
    """How many there are in the steps that count."""
    checkpoint_every: int
    """Steps between two; 5,000 by default."""

    @property
    def first(self) -> int:
        """The step after which counting starts."""
        return self.log_every

    @property
    def last(self) -> int:
        """The last step that counts: a line of the log, as the first one is."""
        return self.log_every + self.eval_every * self.evaluations

    @property
    def windows(self) -> int:
        """Held-out windows an evaluation reads: as large a share of those trained on as usual."""
        trained = self.eval_every * self.shape.batch_size
        return round(DEFAULT_WINDOWS * trained / (DEFAULT_EVAL_EVERY * DEFAULT_BATCH))

    @property
    def counted(self) -> int:
        """How many steps count."""
        return self.last - self.first

    def config(self) -> str:
        """Return the TOML; the run ends a step after the last that counts."""
        steps = self.last + 1
        return _CONFIG.format(**vars(self), windows=self.windows, steps=steps, warmup=steps // 25)


@dataclass(frozen=True)
class Round:
    """Bare steps, then the run."""

    bare_s: list[float]
    """Seconds a step of the session alone, one number for the steps of a line of the log."""
    run_s: list[float]
    """The same of the run, with all that it does beside its steps."""
    interrupted_s: float
    """Seconds in all the counted steps for which the run stood still, to evaluate and to save."""
    saved: int
    """Checkpoints in the counted steps, the best ones included."""
    account: dict[str, float]
    """Shares of the run's time by its own marks: gap, save, eval."""


@dataclass(frozen=True)
class Overhead:
    """All rounds together: medians, so that a moment in which the machine did else costs little."""

    bare_s: float
    """Of a bare step."""
    run_s: float
    """Of a step of the run."""
    fastest_bare_s: float
    """By the line, the fastest."""
    fastest_run_s: float
    """By the line, the fastest."""
    slowest_bare_s: float
    """By the line, the slowest."""
    account: dict[str, float]
    """Median shares by the run's own marks."""
    interrupted_s: float
    """What evaluation and saving add to a step."""

    @property
    def steps(self) -> float:
        """How much longer a step of the run takes, as a share."""
        return self.run_s / self.bare_s - 1

    @property
    def interruption(self) -> float:
        """What evaluation and saving add to a bare step, as a share of it."""
        return self.interrupted_s / self.bare_s

    @property
    def everything(self) -> float:
        """The same with evaluation and saving."""
        return (self.run_s + self.interrupted_s) / self.bare_s - 1


def overhead_of(rounds: list[Round], plan: Plan) -> Overhead:
    """Put all rounds together."""
    bare = [seconds for one in rounds for seconds in one.bare_s]
    run = [seconds for one in rounds for seconds in one.run_s]
    return Overhead(
        bare_s=median(bare),
        run_s=median(run),
        fastest_bare_s=min(bare),
        fastest_run_s=min(run),
        slowest_bare_s=max(bare),
        account={part: median(one.account[part] for one in rounds) for part in rounds[0].account},
        interrupted_s=median(one.interrupted_s for one in rounds) / plan.counted,
    )
