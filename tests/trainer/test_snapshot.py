"""A snapshot holds what was, whatever training does to the tensors afterwards."""

import torch

from trainer.snapshot import snapshot, tensor_bytes

CPU = torch.device("cpu")


def test_training_on_does_not_change_a_snapshot() -> None:
    weight = torch.nn.Parameter(torch.ones(3))
    content = {"model": {"w": weight}, "optimizer": [{"moments": (weight.detach(),)}], "step": 7}

    copied = snapshot(content, CPU)
    with torch.no_grad():
        weight.zero_()

    assert copied["step"] == 7
    assert torch.equal(copied["model"]["w"], torch.ones(3))
    assert torch.equal(copied["optimizer"][0]["moments"][0], torch.ones(3))
    assert not copied["model"]["w"].requires_grad


def test_the_bytes_of_all_tensors_are_counted() -> None:
    assert tensor_bytes({"a": [torch.zeros(3), (torch.zeros(2, dtype=torch.int64),)], "b": 1}) == 28
