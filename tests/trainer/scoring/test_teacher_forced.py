import math

import numpy as np
import pytest
import torch

from tests.sampling.tiny import random_model, scripted_model, tiny_config
from tests.trainer.scoring.pieces import TOKENIZER, sample_of, split_of
from trainer.scoring.human import documents
from trainer.scoring.intervals import Estimate
from trainer.scoring.measures import Predictions
from trainer.scoring.predictions import Reader, predict
from trainer.scoring.teacher_forced import (
    Passage,
    Reading,
    accuracy_by_class,
    held_out_loss,
    mean_entropy,
    read,
)

CPU = torch.device("cpu")
END = TOKENIZER.end_of_text


def read_on_cpu(model, passages, seq_len=64, batch_size=3):
    return read(model, passages, seq_len, batch_size, CPU, torch.float32)


def reading(hits, entropy=()):
    return Reading(
        nats=np.zeros(len(hits)), is_hit=np.array(hits, bool), entropy=np.array(entropy, float)
    )


def test_readings_agree_with_the_models_logits():
    model = random_model(tiny_config(vocab=97))
    random = np.random.default_rng(0)
    passages = [
        Passage(random.integers(0, 97, before).tolist(), random.integers(0, 97, after).tolist())
        for before, after in [(1, 5), (3, 20), (7, 1), (2, 0), (1, 11)]
    ]

    for passage, found in zip(passages, read_on_cpu(model, passages), strict=True):
        tokens = torch.tensor([[*passage.context, *passage.targets]])
        with torch.inference_mode():
            logs = model(tokens)[0].double().log_softmax(1)
        logs = logs[len(passage.context) - 1 : -1] if passage.targets else logs[:0]
        wanted = torch.tensor(passage.targets, dtype=torch.int64)
        nats = -logs.gather(1, wanted[:, None])[:, 0]
        np.testing.assert_allclose(found.nats, nats, rtol=1e-4)
        np.testing.assert_allclose(found.entropy, -(logs.exp() * logs).sum(1), rtol=1e-3, atol=1e-5)
        assert found.is_hit.tolist() == (logs.argmax(1) == wanted).tolist()


def test_a_sure_model_has_no_entropy_and_an_unknowing_one_all():
    config = tiny_config(vocab=50)
    sure, unknowing = scripted_model(config, [3, 4, 5]), scripted_model(config, [3])

    (known,) = read_on_cpu(sure, [Passage([3], [4, 5])])
    (unknown,) = read_on_cpu(unknowing, [Passage([7], [8, 9])])

    assert known.is_hit.tolist() == [True, True]
    np.testing.assert_allclose(known.nats, 0, atol=1e-6)
    np.testing.assert_allclose(known.entropy, 0, atol=1e-6)
    np.testing.assert_allclose(unknown.entropy, math.log(50), rtol=1e-6)
    np.testing.assert_allclose(unknown.nats, math.log(50), rtol=1e-6)


def test_bfloat16_is_for_the_products_only():
    model = random_model(tiny_config(vocab=97))
    passages = [Passage([1], list(range(2, 40)))]

    (exact,) = read_on_cpu(model, passages)
    (rounded,) = read(model, passages, 64, 1, CPU, torch.bfloat16)

    np.testing.assert_allclose(rounded.entropy, exact.entropy, atol=0.1)
    assert rounded.entropy.mean() == pytest.approx(exact.entropy.mean(), rel=0.02)


def test_reads_no_more_positions_than_the_model_was_trained_on():
    model = random_model(tiny_config(vocab=20))

    long, full, whole = read_on_cpu(
        model,
        [Passage([1], [2] * 30), Passage([1] * 30, [2] * 5), Passage([1], [2] * 8)],
        seq_len=8,
    )

    assert (len(long.nats), len(full.nats), len(whole.nats)) == (8, 1, 8)
    np.testing.assert_allclose(long.nats, whole.nats, rtol=1e-5)


def test_nothing_to_read():
    model = random_model(tiny_config(vocab=20))

    assert read_on_cpu(model, []) == []
    assert [len(found.nats) for found in read_on_cpu(model, [Passage([1], [])] * 2)] == [0, 0]


def test_accuracy_is_by_class_of_the_true_token():
    # Keywords 1 of 2, identifiers 1 of 1, whitespace 0 of 1; the rest of the second is not read.
    readings = [reading([True, False]), reading([True, False])]
    classes = [np.array([0, 0], np.int8), np.array([1, 4, 0, 0], np.int8)]

    accuracy = accuracy_by_class(readings, classes, seed=0)

    assert {name: estimate.value for name, estimate in accuracy.items()} == {
        "all": 0.5,
        "keyword": 0.5,
        "identifier": 1.0,
        "operator": None,
        "literal": None,
        "whitespace": 0.0,
        "comment": None,
    }


def test_means_weigh_by_tokens():
    readings = [reading([True], [1.0]), reading([True] * 3, [2.0] * 3)]

    assert mean_entropy(readings, 0).value == pytest.approx(7 / 4)
    assert (mean_entropy(readings, 0).low, mean_entropy(readings, 0).high) == (1.0, 2.0)
    assert held_out_loss(readings, 0).value == 0.0
    assert mean_entropy([], 0) == Estimate()


def test_predictions_of_a_model_that_knows_its_document():
    config = tiny_config()
    ids = TOKENIZER.encode("def f(x): return x")
    model = scripted_model(config, [END, *ids[:-1]])
    reader = Reader(
        model=model,
        tokenizer=TOKENIZER,
        seq_len=64,
        batch_size=2,
        device=CPU,
        dtype=torch.float32,
    )
    held_out = documents(split_of("def f(x): return x"), TOKENIZER)
    known = Predictions(val_loss=Estimate(1.5))

    found = predict(reader, held_out, [sample_of("def f(", "x):")], [sample_of("", "a")], 0, known)

    assert found.val_loss.value == 1.5
    assert found.accuracy["keyword"].value == 1.0
    assert found.accuracy["identifier"].value == pytest.approx(2 / 3)
    assert found.entropy.value == pytest.approx(0, abs=1e-5)
    assert found.human_entropy.value == pytest.approx(0, abs=1e-5)
