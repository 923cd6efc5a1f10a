import math

import msgspec
import numpy as np
import pytest
import torch

from tests.sampling.tiny import random_model, saying, tiny_config
from tests.trainer.scoring.pieces import TOKENIZER, split_of
from tokmon.rundir.errors import TokmonError
from trainer.batches import Windows
from trainer.evaluate import evaluate
from trainer.evaluation.held_out import HeldOut, accuracy, held_out_losses
from trainer.scoring.predictions import Reader
from trainer.scoring.token_classes import CLASSES, token_classes
from trainer.trained import TrainedModel

CPU = torch.device("cpu")
TEXTS = [f"def f{n}(x):\n    if x:\n        return x + {n}\n    return None\n" for n in range(12)]
SPLIT = split_of(*TEXTS)
CONFIG = msgspec.structs.replace(
    tiny_config(seq_len=16), eval=msgspec.structs.replace(tiny_config().eval, windows=9)
)


def trained(model, config=CONFIG):
    from pathlib import Path

    return TrainedModel(
        model=model, config=config, step=10, val_loss=None, sha256="", path=Path("tiny.pt")
    )


def held_out(config=CONFIG):
    return HeldOut(SPLIT, config.data.seq_len, config.eval.windows, CPU)


def reader(model):
    return Reader(
        model=model,
        tokenizer=TOKENIZER,
        seq_len=16,
        batch_size=4,
        device=CPU,
        dtype=torch.float32,
    )


def test_losses_are_those_that_a_run_records():
    model = random_model(CONFIG)

    found = held_out_losses(trained(model), held_out(), TOKENIZER, CPU, seed=0)
    recorded = evaluate(
        model, Windows(SPLIT.tokens, 16), TOKENIZER.token_bytes, CONFIG, CPU, torch.float32
    )

    assert found.val_loss.value == pytest.approx(recorded.val_loss, rel=1e-6)
    assert found.val_bpb.value == pytest.approx(recorded.val_bpb, rel=1e-6)
    assert found.val_ppl.value == pytest.approx(math.exp(recorded.val_loss), rel=1e-5)
    for estimate in (found.val_loss, found.val_ppl, found.val_bpb):
        assert estimate.low < estimate.value < estimate.high


def test_progress_reaches_the_number_of_windows():
    told = []

    held_out_losses(
        trained(random_model(CONFIG)),
        held_out(),
        TOKENIZER,
        CPU,
        seed=0,
        on_progress=lambda done, total: told.append((done, total)),
    )

    assert told[-1] == (9, 9)


def test_accuracy_is_the_share_of_hits_at_targets_of_a_class():
    model = random_model(CONFIG)
    windows = Windows(SPLIT.tokens, 16)
    chosen = held_out().chosen
    classes = np.concatenate(
        [
            np.append(
                token_classes([TOKENIZER.piece(token) for token in TOKENIZER.encode(text)]), -1
            )
            for text in TEXTS
        ]
    )

    found = accuracy(reader(model), held_out(), most=99, seed=0)

    inputs, targets = windows.read(chosen)
    with torch.no_grad():
        hits = (model(inputs).argmax(-1) == targets).numpy()
    places = windows.starts_of(chosen).numpy()[:, None] + np.arange(1, 17)
    assert found["all"].value == pytest.approx(hits.mean())
    for number, name in enumerate(CLASSES):
        is_class = classes[places] == number
        expected = hits[is_class].mean() if is_class.any() else None
        assert found[name].value == (expected if expected is None else pytest.approx(expected))
    assert found["keyword"].value is not None


def test_a_model_that_knows_a_keyword_is_right_there():
    # After a space " return" is certain, and nothing else ever.
    model = saying(" return", CONFIG)
    with torch.no_grad():
        space, returned = TOKENIZER.encode(" ")[0], TOKENIZER.encode(" return")[0]
        model.embedding.weight.zero_()
        model.head.weight.zero_()
        model.embedding.weight[space, 3] = 1
        model.head.weight[returned, 3] = 100

    found = accuracy(reader(model), held_out(), most=99, seed=0)

    # " return" is two of the six keywords of a function, and follows a space in each.
    assert 0.2 < found["keyword"].value < 0.5
    assert found["literal"].value == 0


def test_fewer_windows_may_be_read_for_accuracy():
    found = accuracy(reader(random_model(CONFIG)), held_out(), most=1, seed=0)

    assert found["all"].value is not None


def test_weights_that_are_not_finite_are_one_line():
    model = random_model(CONFIG)
    with torch.no_grad():
        model.head.weight[0] = math.nan

    with pytest.raises(TokmonError, match=r"tiny\.pt: its loss on held-out text is not finite"):
        held_out_losses(trained(model), held_out(), TOKENIZER, CPU, seed=0)


def test_a_split_that_is_too_short_is_one_line():
    with pytest.raises(TokmonError, match=r"tokens"):
        HeldOut(split_of("x\n"), 16, 0, CPU)
