"""How long a step would take on N GPUs, from one GPU's step and counted bytes. Measures nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from bench.scale.exchange import Gradients, ring_bytes
from trainer.flops import FORWARD_BACKWARD, Floor


class Step(NamedTuple):
    """One GPU's step in seconds, phase after phase."""

    forward_s: float
    head_backward_s: float
    """Of head and loss."""
    trunk_backward_s: float
    """Of the blocks, the last one first."""
    optimizer_s: float
    """What does not depend on the batch."""

    @property
    def total_s(self) -> float:
        """All of it."""
        return sum(self)

    @property
    def backward_end_s(self) -> float:
        """When the last gradient is there."""
        return self.total_s - self.optimizer_s

    def of_batch_share(self, share: float) -> "Step":
        """Return the step on this share of the batch: everything scales but the optimizer."""
        whole = Step(*(share * seconds for seconds in self))
        return whole._replace(optimizer_s=self.optimizer_s)


def phases(total_s: float, floor: Floor) -> Step:
    """Split a step of `total_s` as its floor is split; a third of a product is forward."""
    scale = total_s / floor.total_s
    head_s = scale * (floor.head_s + floor.loss_s)
    trunk_s = scale * (floor.trunk_s + floor.attention_s + floor.activations_s)
    backward = (FORWARD_BACKWARD - 1) / FORWARD_BACKWARD
    return Step(
        forward_s=(1 - backward) * (head_s + trunk_s),
        head_backward_s=backward * head_s,
        trunk_backward_s=backward * trunk_s,
        optimizer_s=scale * floor.optimizer_s,
    )


@dataclass(frozen=True)
class Base:
    """What a prediction starts from."""

    step: Step
    """One GPU's, on the whole batch."""
    batch_size: int
    seq_len: int
    smaller: Mapping[int, Step]
    """One GPU's on smaller batches, where they were measured."""

    def on_share(self, gpus: int) -> tuple[Step, str]:
        """Return one GPU's step on a share of the batch, and where it comes from.

        Never under the whole step / N: one that was measured faster is taken for chance.
        """
        if gpus == 1:
            return self.step, "the base"
        batch_size, rest = divmod(self.batch_size, gpus)
        scaled = self.step.of_batch_share(1 / gpus)
        if rest or batch_size not in self.smaller:
            return scaled, "scaled"
        own = self.smaller[batch_size]
        least_s = self.step.total_s / gpus
        if own.total_s < least_s:
            own = Step(*(seconds * least_s / own.total_s for seconds in own))
        return own, f"batch {batch_size} as measured"


@dataclass(frozen=True)
class Cluster:
    """Some GPUs and what is between them."""

    gpus: int
    link: str
    link_bytes_per_sec: float
    """Into and out of each GPU at once."""


@dataclass(frozen=True)
class Prediction:
    """A step on N GPUs."""

    gpus: int
    link: str
    batch_per_gpu: float
    compute_s: float
    """One GPU's share alone."""
    compute_from: str
    all_reduce_s: float
    """On the link, hidden or not."""
    exposed_s: float
    """What of it the backward pass does not hide."""
    step_s: float
    tokens_per_sec: float
    """Of all GPUs."""
    speedup: float
    """Tokens/s over those of one GPU."""
    efficiency: float
    """The speed-up over N."""


def strong(base: Base, sent: Sequence[Gradients], cluster: Cluster) -> Prediction:
    """Predict one batch shared out over N GPUs; `sent`: the buckets, in their order."""
    step, compute_from = base.on_share(cluster.gpus)
    return _predicted(base, sent, cluster, (step, base.batch_size / cluster.gpus, compute_from))


def weak(base: Base, sent: Sequence[Gradients], cluster: Cluster) -> Prediction:
    """Predict a batch on each of N GPUs as one alone has it."""
    return _predicted(base, sent, cluster, (base.step, base.batch_size, "the base"))


def _predicted(
    base: Base, sent: Sequence[Gradients], cluster: Cluster, own: tuple[Step, float, str]
) -> Prediction:
    step, batch_size, compute_from = own
    moved = sum(ring_bytes(cluster.gpus, bucket.size_bytes) for bucket in sent)
    waits_s = exposed_s(step, sent, cluster)
    step_s = step.total_s + waits_s
    speedup = cluster.gpus * batch_size / base.batch_size * base.step.total_s / step_s
    return Prediction(
        gpus=cluster.gpus,
        link=cluster.link,
        batch_per_gpu=batch_size,
        compute_s=step.total_s,
        compute_from=compute_from,
        all_reduce_s=moved / cluster.link_bytes_per_sec,
        exposed_s=waits_s,
        step_s=step_s,
        tokens_per_sec=cluster.gpus * batch_size * base.seq_len / step_s,
        speedup=speedup,
        efficiency=speedup / cluster.gpus,
    )


def exposed_s(step: Step, sent: Sequence[Gradients], cluster: Cluster) -> float:
    """Return the seconds of the all-reduce that the backward pass does not hide."""
    if cluster.gpus == 1:
        return 0.0
    head_end_s = step.forward_s + step.head_backward_s
    through_s = 0.0
    for bucket in sent:
        ready_s = head_end_s + bucket.depth * step.trunk_backward_s
        moved = ring_bytes(cluster.gpus, bucket.size_bytes)
        through_s = max(through_s, ready_s) + moved / cluster.link_bytes_per_sec
    return max(0.0, through_s - step.backward_end_s)
