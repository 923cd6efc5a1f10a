"""Weights, gradients and moments shared out over the ranks (FSDP2), for models too large for one.

Knows neither files nor steps. Checkpoints stay what they are: `full_state` gathers plain tensors in
rank 0's memory, `load_full_state` shares them out again, over however many ranks there are then.
To import this costs a second (PyTorch's DTensor): whoever may do without defers it.
"""

from typing import Any

import torch
from torch import Tensor, nn
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import FSDPModule, MixedPrecisionPolicy, fully_shard
from torch.distributed.tensor import DTensor, distribute_tensor

from trainer.compiled import compiled
from trainer.distributed import Group, whole
from trainer.model import Model
from trainer.optim import restore_optimizer
from trainer.plan import Plan


def shard(objective: nn.Module, plan: Plan, device: torch.device, group: Group) -> None:
    """Share out what `objective` learns over the ranks, in place. Make the optimizer afterwards.

    Its blocks are gathered one at a time, while the one before computes, and let go of again after
    both passes (ZeRO-3, Rajbhandari et al. 2019, arXiv 1910.02054; FSDP2's `fully_shard`). The
    rest, embedding, head and last norm, belongs to the root, whose forward is `objective`'s: the
    head's weight is whole only inside it. The blocks travel in the plan's dtype, what autocast
    would make of their matrices anyway; only the gains of their norms are rounded more than
    without. The root travels as float32, and gradients are added up in it.

    Args:
        objective: holds the `trainer.model.Model` as its attribute `model`, trunk not compiled; the
            same weights on every rank. May still be on the CPU: each block goes to the device when
            its turn comes, so that the whole never has to be there.
        plan: its dtype is obeyed; if it compiles the trunk, each block is compiled for itself,
            since to gather one is no part of a graph.
        device: of this rank.
        group: of more than one process.
    """
    model = objective.model
    assert isinstance(model, Model)
    mesh = init_device_mesh(device.type, (group.size,))
    policy = MixedPrecisionPolicy(
        param_dtype=plan.torch_dtype,
        reduce_dtype=torch.float32,
        # The stream stays float32, as under autocast: a block adds to it.
        cast_forward_inputs=False,
    )
    last = len(model.blocks) - 1
    for number, block in enumerate(model.blocks):
        if plan.is_compiled:
            block.forward = compiled(block.forward)
        # Backward begins with the last block: letting go of it would be to gather it twice.
        fully_shard(block, mesh=mesh, mp_policy=policy, reshard_after_forward=number < last)
    fully_shard(objective, mesh=mesh, reshard_after_forward=False)


def is_sharded(model: nn.Module) -> bool:
    """Say whether `shard` was called on what holds this model."""
    return any(isinstance(module, FSDPModule) for module in model.modules())


def whole_model(model: Model) -> Model:
    """Return `model` with plain weights, a copy if it is shared out; collective.

    For what calls the model in other ways than training does (evaluation, the causality gate): 4
    bytes a parameter on every rank while it lasts, and then the ranks need not keep step in it.
    """
    if not is_sharded(model):
        return model
    with torch.device("meta"):
        copy = Model(model.config)
    # DTensor cannot be detached in inference mode, where this may be called.
    with torch.inference_mode(False), torch.no_grad():
        weights = {name: whole(tensor) for name, tensor in model.state_dict().items()}
    copy.load_state_dict(weights, assign=True)
    return copy.train(model.training)


def full_state(content: dict[str, Any], group: Group) -> dict[str, Any]:
    """Return what `trainer.snapshot.snapshot` would of a model that is not shared out.

    Collective. The tensors come one by one, so a GPU holds one whole tensor more at a time; the
    host of rank 0 holds all of them.

    Args:
        content: nested dicts, lists and tuples of tensors and plain values, in the same order on
            all ranks, as `Session.state` returns it.
        group: rank 0 gets the copy, all others nothing in place of each tensor.
    """
    copied = {key: _gathered(value, is_kept=group.is_main) for key, value in content.items()}
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return copied


def _gathered(value: Any, *, is_kept: bool) -> Any:
    if isinstance(value, Tensor):
        tensor = whole(value.detach())
        return _on_host(tensor) if is_kept else None
    if isinstance(value, dict):
        return {key: _gathered(inner, is_kept=is_kept) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(_gathered(inner, is_kept=is_kept) for inner in value)
    return value


def _on_host(tensor: Tensor) -> Tensor:
    # Pinned: a copy from a GPU need not wait for the one before.
    host = torch.empty_like(tensor, device="cpu", pin_memory=tensor.is_cuda)
    return host.copy_(tensor, non_blocking=True)


def load_full_state(
    model: Model, optimizer: torch.optim.Optimizer, state: dict[str, Any] | None, group: Group
) -> None:
    """Go on from the `model` and `optimizer` of a checkpoint that only rank 0 has; collective.

    Args:
        model: shared out, as is what `optimizer` updates.
        optimizer: made of the model after it was shared out.
        state: has the two state dicts, plain tensors; None on all ranks but 0.
        group: whose ranks call this.
    """
    weights, moments = group.share(_outline(state))
    parameters = model.state_dict()
    full = state["model"] if state is not None else weights
    model.load_state_dict({name: _spread(full[name], parameters[name]) for name in weights})
    numbered = [parameter for each in optimizer.param_groups for parameter in each["params"]]
    full = state["optimizer"]["state"] if state is not None else moments
    spread = {
        number: {key: _spread(full[number][key], numbered[number]) for key in parts}
        for number, parts in moments.items()
    }
    restore_optimizer(optimizer, {"state": spread})


def _outline(state: dict[str, Any] | None) -> Any:
    """Return the names in a state, in their order, and what in it is small."""
    if state is None:
        return None
    moments = {
        number: {key: _small(tensor) for key, tensor in parts.items()}
        for number, parts in state["optimizer"]["state"].items()
    }
    return dict.fromkeys(state["model"]), moments


def _small(value: Tensor) -> Tensor | None:
    """Return a count of steps; nothing in place of a moment, which is as large as its weight."""
    return value if value.dim() == 0 else None


def _spread(full: Tensor | None, like: Tensor) -> Tensor:
    """Return this rank's share of rank 0's tensor, placed as `like`; a count goes to all."""
    if full is not None and full.dim() == 0:
        return full
    assert isinstance(like, DTensor)
    if full is None:
        full = torch.empty(like.shape, dtype=like.dtype, device=like.device)
    on_device = full.to(like.device)
    return distribute_tensor(on_device, like.device_mesh, like.placements, src_data_rank=0)
