"""The model: its size, its causality, and that generation sees what training saw."""

import torch

from trainer.config import ModelConfig
from trainer.kv_cache import Cache
from trainer.model import Model, count_parameters

SMALL = ModelConfig(layers=2, width=32, heads=4, mlp=48, vocab=97)


def small_model(seed: int = 0) -> Model:
    model = Model(SMALL)
    model.initialize(torch.Generator().manual_seed(seed))
    return model.eval()


def random_tokens(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randint(0, SMALL.vocab, shape, generator=torch.Generator().manual_seed(seed))


def test_v1_has_exactly_the_parameters_of_the_reference() -> None:
    with torch.device("meta"):
        model = Model(ModelConfig())

    assert count_parameters(model) == 28_355_328


@torch.inference_mode()
def test_logits_up_to_a_position_do_not_change_with_what_follows() -> None:
    model, tokens = small_model(), random_tokens(3, 24)
    logits = model(tokens)
    for position in range(1, 24):
        changed = tokens.clone()
        changed[:, position:] = (changed[:, position:] + 1) % SMALL.vocab

        assert torch.equal(model(changed)[:, :position], logits[:, :position])


@torch.inference_mode()
def test_cached_logits_equal_the_parallel_ones_whatever_the_chunks() -> None:
    model, tokens = small_model(), random_tokens(2, 20)
    parallel = model(tokens)
    for chunks in ([20], [1] * 20, [7, 1, 5, 7], [10, 10]):
        cache = Cache(SMALL, batch=2, capacity=20)

        cached = torch.cat([model(part, cache) for part in tokens.split(chunks, dim=1)], dim=1)

        torch.testing.assert_close(cached, parallel, rtol=1e-4, atol=1e-5)


def test_same_seed_gives_the_same_weights() -> None:
    one, two, other = small_model(1), small_model(1), small_model(2)

    assert torch.equal(one.head.weight, two.head.weight)
    assert not torch.equal(one.head.weight, other.head.weight)


@torch.inference_mode()
def test_untrained_loss_on_random_tokens_is_that_of_guessing() -> None:
    model, tokens = small_model(), random_tokens(8, 64)

    loss = torch.nn.functional.cross_entropy(
        model(tokens[:, :-1]).flatten(0, 1), tokens[:, 1:].flatten()
    )

    assert abs(loss.item() - torch.log(torch.tensor(97.0)).item()) < 0.05


@torch.inference_mode()
def test_rotation_makes_attention_depend_on_distance_not_on_place() -> None:
    from trainer.model import Rotation

    query, key = torch.randn(1, 1, 1, 8), torch.randn(1, 1, 1, 8)

    def product(query_at: int, key_at: int) -> torch.Tensor:
        turned = [
            Rotation.of_positions(torch.tensor([place]), 8, 10000.0).turn(x)
            for place, x in ((query_at, query), (key_at, key))
        ]
        return (turned[0] * turned[1]).sum()

    torch.testing.assert_close(product(5, 2), product(105, 102), rtol=1e-3, atol=1e-4)
