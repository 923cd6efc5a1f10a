"""The three runs that answer the hypothesis, at two sizes."""

from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
CONFIGS = ROOT / "configs"
RESULTS = ROOT / "docs" / "results"


@dataclass(frozen=True, slots=True)
class Planned:
    """One run."""

    experiment: str
    config: str
    """File name in configs/."""
    is_masked: bool = True
    """False removes the causal mask on purpose (`bench.experiment.unmasked`)."""

    @property
    def module(self) -> str:
        """What `python -m` starts."""
        return "trainer" if self.is_masked else "bench.experiment.unmasked"


@dataclass(frozen=True, slots=True)
class Scale:
    """The runs at one size."""

    name: str
    small: Planned
    """The reference's earlier experiment."""
    unmasked: Planned
    """The same again, with the mask removed."""
    big: Planned
    """The reference experiment."""
    common: str
    """Recipe in configs/corpora/ whose held-out text none of the runs has trained on."""

    @property
    def runs(self) -> tuple[Planned, ...]:
        """In the order in which they are made."""
        return (self.small, self.unmasked, self.big)

    @property
    def kept(self) -> Path:
        """Where logs and summaries are kept."""
        return RESULTS / f"experiment_{self.name}"


SCALES = {
    scale.name: scale
    for scale in (
        Scale(
            "full",
            Planned("v1_token_small", "v1_token_small.toml"),
            Planned("v1_token_unmasked", "v1_token_small.toml", is_masked=False),
            Planned("v1_token_bigdata", "v1_token_bigdata.toml"),
            common="python_8mb.toml",
        ),
        Scale(
            "64th",
            Planned("v1_64th_small", "v1_64th_small.toml"),
            Planned("v1_64th_unmasked", "v1_64th_small.toml", is_masked=False),
            Planned("v1_64th_bigdata", "v1_64th_bigdata.toml"),
            common="python_8mb_64th.toml",
        ),
    )
}
