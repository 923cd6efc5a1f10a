"""The loss in chunks is the loss at once: value, gradients, whatever the rows and the dtype."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.nn import functional

from trainer.device import autocast
from trainer.head import HeadKind, loss_function, mean_loss, token_losses
from trainer.head_libraries import has_library_loss

CPU = torch.device("cpu")
VOCAB, WIDTH = 301, 16


def problem(tokens: int, dtype: torch.dtype = torch.float32) -> tuple[Tensor, Tensor, Tensor]:
    generator = torch.Generator().manual_seed(tokens)
    hidden = torch.randn(tokens, WIDTH, generator=generator, dtype=dtype).requires_grad_()
    weight = torch.randn(VOCAB, WIDTH, generator=generator, dtype=dtype).requires_grad_()
    return hidden, weight, torch.randint(VOCAB, (tokens,), generator=generator)


def gradients(loss: Tensor, *tensors: Tensor) -> tuple[Tensor, ...]:
    return torch.autograd.grad(loss, tensors)


@settings(max_examples=40, deadline=None)
@given(tokens=st.integers(1, 70), rows=st.integers(1, 80), scale=st.floats(0.1, 3))
def test_chunks_give_the_loss_and_the_gradients_of_the_whole(
    tokens: int, rows: int, scale: float
) -> None:
    hidden, weight, targets = problem(tokens)

    whole, chunked = (mean_loss(hidden, weight, targets, each) for each in (0, rows))

    torch.testing.assert_close(chunked, whole)
    ours, theirs = (gradients(loss * scale, hidden, weight) for loss in (chunked, whole))
    for mine, its in zip(ours, theirs, strict=True):
        torch.testing.assert_close(mine, its, rtol=1e-4, atol=1e-6)


def test_gradients_agree_with_float64() -> None:
    hidden, weight, targets = problem(33)
    exact = [tensor.detach().double().requires_grad_() for tensor in (hidden, weight)]
    reference = functional.cross_entropy(functional.linear(*exact), targets)

    loss = mean_loss(hidden, weight, targets, rows=8)

    assert loss.item() == pytest.approx(reference.item(), rel=1e-6)
    for mine, its in zip(
        gradients(loss, hidden, weight), gradients(reference, *exact), strict=True
    ):
        torch.testing.assert_close(mine.double(), its, rtol=1e-4, atol=1e-7)


@pytest.mark.parametrize("kind", ["whole", "chunked", "linear_cross_entropy"])
@pytest.mark.parametrize("columns", [0, 320])
def test_every_way_gives_the_loss_and_the_gradients_of_float64(
    kind: HeadKind, columns: int
) -> None:
    if kind == "linear_cross_entropy" and not has_library_loss():
        pytest.skip("PyTorch before 2.13")
    hidden, weight, targets = problem(40)
    exact = [tensor.detach().double().requires_grad_() for tensor in (hidden, weight)]
    reference = functional.cross_entropy(functional.linear(*exact), targets)

    loss = loss_function(kind, rows=16, columns=columns)(hidden, weight, targets)

    assert loss.item() == pytest.approx(reference.item(), rel=1e-6)
    for mine, its in zip(
        gradients(loss, hidden, weight), gradients(reference, *exact), strict=True
    ):
        torch.testing.assert_close(mine.double(), its, rtol=1e-4, atol=1e-7)


@pytest.mark.parametrize("columns", [0, 20])
@pytest.mark.parametrize("rows", [0, 3])
def test_gradients_are_those_of_finite_differences(rows: int, columns: int) -> None:
    generator = torch.Generator().manual_seed(3)
    hidden, weight = (
        torch.randn(size, 4, generator=generator, dtype=torch.float64).requires_grad_()
        for size in (7, 11)
    )
    targets = torch.randint(11, (7,), generator=generator)

    def loss() -> Tensor:
        return mean_loss(hidden, weight, targets, rows, columns)

    found = gradients(loss(), hidden, weight)

    for tensor, gradient in zip((hidden, weight), found, strict=True):
        numbers = tensor.detach().view(-1)
        for place, slope in enumerate(gradient.flatten().tolist()):
            kept = numbers[place].item()
            numbers[place] = kept + 1e-5
            above = loss().item()
            numbers[place] = kept - 1e-5
            below = loss().item()
            numbers[place] = kept
            assert slope == pytest.approx((above - below) / 2e-5, rel=1e-6, abs=1e-9)


@pytest.mark.parametrize("rows", [0, 7, 64])
def test_bfloat16_stays_within_its_rounding(rows: int) -> None:
    hidden, weight, targets = problem(64)
    exact = mean_loss(hidden, weight, targets, 0)

    with autocast(CPU, torch.bfloat16):
        loss = mean_loss(hidden, weight, targets, rows)

    assert loss.dtype == torch.float32
    assert loss.item() == pytest.approx(exact.item(), rel=5e-3)
    for mine, its in zip(
        gradients(loss, hidden, weight), gradients(exact, hidden, weight), strict=True
    ):
        assert mine.dtype == torch.float32
        assert (mine - its).norm() < 1e-2 * its.norm()


def test_a_target_that_the_model_holds_for_impossible_costs_much_and_not_infinitely() -> None:
    hidden = torch.full((1, WIDTH), 100.0, requires_grad=True)
    weight = torch.zeros(VOCAB, WIDTH)
    weight[0] = 1.0

    loss = mean_loss(hidden, weight.requires_grad_(), torch.tensor([5]), rows=1)

    assert loss.item() == pytest.approx(-math.log(1.2e-38), rel=1e-4)


def test_what_is_not_finite_stays_so() -> None:
    hidden, weight, targets = problem(9)
    with torch.no_grad():
        weight[3] = math.nan

    assert math.isnan(mean_loss(hidden, weight, targets, rows=4).item())


@pytest.mark.parametrize("rows", [0, 1, 10, 100])
def test_scores_are_one_a_token(rows: int) -> None:
    hidden, weight, targets = problem(25)

    losses = token_losses(hidden, weight, targets, rows)

    assert losses.shape == (25,)
    torch.testing.assert_close(losses.mean(), mean_loss(hidden, weight, targets, 0))
