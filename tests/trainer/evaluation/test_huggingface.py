import json

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import save_file

from tests.sampling.tiny import random_model, tiny_config
from tests.trainer.evaluation.huggingface_folder import huggingface_tensors, write_huggingface
from tokmon.rundir.errors import TokmonError
from trainer.evaluation.vocabulary import _characters
from trainer.huggingface import is_huggingface, load_huggingface
from trainer.tokenizer import load_tokenizer

CPU = torch.device("cpu")
CONFIG = tiny_config()
MODEL = random_model(CONFIG)
TOKENS = torch.arange(24).reshape(2, 12) * 97


@pytest.fixture
def folder(tmp_path):
    return write_huggingface(tmp_path / "llama", MODEL, seq_len=64)


def changed(folder, **keys):
    path = folder / "config.json"
    config = json.loads(path.read_text(encoding="utf-8")) | keys
    config = {key: value for key, value in config.items() if value != "absent"}
    path.write_text(json.dumps(config), encoding="utf-8")
    return folder


def rewritten(folder, tensors):
    save_file(tensors, folder / "model.safetensors")
    return folder


def refusal(folder):
    with pytest.raises(TokmonError) as caught:
        load_huggingface(folder, CPU)
    line = str(caught.value)
    assert "\n" not in line
    return line


def test_the_weights_give_the_same_logits(folder):
    loaded = load_huggingface(folder, CPU)

    with torch.no_grad():
        assert torch.equal(loaded.model(TOKENS), MODEL(TOKENS))
    assert loaded.config.model == CONFIG.model
    assert loaded.config.data.seq_len == 64
    assert (loaded.step, loaded.val_loss, loaded.notice) == (0, None, "")
    assert is_huggingface(folder)
    assert not is_huggingface(folder.parent)


def test_tied_embeddings_are_copied(folder):
    tensors = huggingface_tensors(MODEL)
    del tensors["lm_head.weight"]
    changed(rewritten(folder, tensors), tie_word_embeddings=True)

    model = load_huggingface(folder, CPU).model

    assert torch.equal(model.head.weight, MODEL.embedding.weight)
    assert model.head.weight.data_ptr() != model.embedding.weight.data_ptr()


def test_half_precision_becomes_float32(folder):
    tensors = {name: part.bfloat16() for name, part in huggingface_tensors(MODEL).items()}

    model = load_huggingface(rewritten(folder, tensors), CPU).model

    assert {parameter.dtype for parameter in model.parameters()} == {torch.float32}
    assert torch.equal(model.head.weight, MODEL.head.weight.bfloat16().float())


def test_the_newer_spelling_of_rope_is_read(folder):
    changed(
        folder,
        rope_theta="absent",
        rope_parameters={"rope_type": "default", "rope_theta": 5000.0},
    )

    assert load_huggingface(folder, CPU).config.model.rope_theta == 5000.0


def test_keys_that_say_what_is_usual_are_no_reason_to_refuse(folder):
    changed(
        folder,
        num_key_value_heads=None,
        rope_scaling=None,
        head_dim=CONFIG.model.width // CONFIG.model.heads,
        dtype="float32",
        attention_dropout=0.0,
        rms_norm_eps="absent",
    )

    assert load_huggingface(folder, CPU).config.model.norm_eps == 1e-6


def test_more_positions_than_an_evaluation_needs_are_cut_and_told(folder):
    loaded = load_huggingface(changed(folder, max_position_embeddings=131072), CPU)

    assert loaded.config.data.seq_len == 2048
    assert "of 131072 positions the first 2048" in loaded.notice


@pytest.mark.parametrize(
    "keys",
    [
        {"num_key_value_heads": 1},
        {"attention_bias": True},
        {"mlp_bias": True},
        {"hidden_act": "gelu"},
        {"model_type": "gpt2"},
        {"head_dim": 64},
        {"rope_scaling": {"rope_type": "llama3", "factor": 8.0}},
        {"rope_scaling": {"type": "linear", "factor": 2.0}},
        {"rope_parameters": {"rope_type": "yarn"}},
        {"rope_parameters": {"rope_type": "default", "partial_rotary_factor": 0.5}},
        {"quantization_config": {"bits": 4}},
        {"vocab_size": 32000},
        {"hidden_size": "absent"},
        {"hidden_size": "wide"},
        {"num_hidden_layers": 0},
        {"num_attention_heads": 3, "num_key_value_heads": 3, "head_dim": 5},
        {"rope_theta": "large"},
        {"rms_norm_eps": -1.0},
    ],
    ids=str,
)
def test_what_our_model_cannot_represent_names_file_and_key(folder, keys):
    line = refusal(changed(folder, **keys))

    assert str(folder / "config.json") in line
    key = next(iter(keys))
    assert key in line or {"num_attention_heads": "width", "rms_norm_eps": "norm_eps"}[key] in line


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda t: t.pop("model.norm.weight"), "lacks model.norm.weight"),
        (lambda t: t.pop("lm_head.weight"), "lacks lm_head.weight"),
        (
            lambda t: t.update({"model.layers.0.self_attn.q_proj.bias": torch.zeros(16)}),
            "model.layers.0.self_attn.q_proj.bias",
        ),
        (lambda t: t.update({"model.norm.weight": torch.zeros(17)}), "of shape (17,)"),
        (
            lambda t: t.update({"model.norm.weight": torch.zeros(16, dtype=torch.int8)}),
            "model.norm.weight is I8",
        ),
    ],
)
def test_tensors_that_do_not_fit_are_named(folder, change, expected):
    tensors = huggingface_tensors(MODEL)
    change(tensors)

    line = refusal(rewritten(folder, tensors))

    assert str(folder / "model.safetensors") in line
    assert expected in line


def test_a_config_of_endless_layers_is_refused_at_once(folder):
    assert "12 tensors" in refusal(changed(folder, num_hidden_layers=2**31 - 1))


def test_files_that_are_not_there_or_damaged_are_one_line(folder):
    weights = folder / "model.safetensors"
    content = weights.read_bytes()
    weights.write_bytes(content[: len(content) // 2])
    assert "damaged" in refusal(folder)
    weights.write_bytes(b"")
    assert "damaged" in refusal(folder)
    weights.unlink()
    (folder / "pytorch_model.bin").write_bytes(b"x")
    line = refusal(folder)
    assert "missing; it has pytorch_model.bin" in line
    (folder / "config.json").write_bytes(b"\xff{")
    assert "config.json" in refusal(folder)


def vocabulary():
    tokenizer = load_tokenizer()
    return {
        "".join(map(_characters().__getitem__, tokenizer.piece(token))): token
        for token in range(tokenizer.end_of_text)
    }


def test_gpt2s_own_vocabulary_passes_in_both_files(folder):
    spelled = vocabulary()
    assert spelled["\u0120return"] == load_tokenizer().encode(" return")[0]
    (folder / "vocab.json").write_text(json.dumps(spelled | {"<|endoftext|>": 50256}))
    load_huggingface(folder, CPU)
    (folder / "tokenizer.json").write_text(json.dumps({"model": {"vocab": spelled}}))

    load_huggingface(folder, CPU)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("vocab.json", {"a": 0}),
        ("vocab.json", []),
        ("tokenizer.json", {"model": {"vocab": {"a": 0}}}),
        ("tokenizer.json", {"model": {"vocab": [["a", 0.1]]}}),
        ("tokenizer.json", {}),
        ("tokenizer.model", {}),
    ],
)
def test_another_vocabulary_is_refused_naming_the_file(folder, name, content):
    (folder / name).write_text(json.dumps(content))

    assert str(folder / name) in refusal(folder)


@settings(max_examples=30, deadline=None)
@given(
    st.binary(max_size=200)
    | st.recursive(
        st.none() | st.integers() | st.text(max_size=5),
        lambda inner: st.dictionaries(
            st.sampled_from(["model_type", "hidden_size", "vocab_size", "rope_scaling"]), inner
        ),
        max_leaves=6,
    ).map(lambda value: json.dumps(value).encode())
)
def test_any_config_is_refused_in_one_line(tmp_path_factory, content):
    folder = tmp_path_factory.mktemp("any")
    (folder / "config.json").write_bytes(content)

    refusal(folder)
