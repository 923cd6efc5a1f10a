"""Writes a model of ours as a folder in Hugging Face's Llama format, as other programs do."""

import json
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

from trainer.model import Model

BLOCK = {
    "attention.query": "self_attn.q_proj",
    "attention.key": "self_attn.k_proj",
    "attention.value": "self_attn.v_proj",
    "attention.out": "self_attn.o_proj",
    "mlp.gate": "mlp.gate_proj",
    "mlp.up": "mlp.up_proj",
    "mlp.down": "mlp.down_proj",
    "attention_norm": "input_layernorm",
    "mlp_norm": "post_attention_layernorm",
}


def huggingface_tensors(model: Model) -> dict[str, torch.Tensor]:
    tensors = {
        "model.embed_tokens.weight": model.embedding.weight,
        "model.norm.weight": model.norm.weight,
        "lm_head.weight": model.head.weight,
    }
    for number, block in enumerate(model.blocks):
        for ours, theirs in BLOCK.items():
            tensors[f"model.layers.{number}.{theirs}.weight"] = block.get_submodule(ours).weight
    return {name: tensor.detach().clone() for name, tensor in tensors.items()}


def huggingface_config(model: Model, seq_len: int) -> dict[str, Any]:
    config = model.config
    return {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "vocab_size": config.vocab,
        "hidden_size": config.width,
        "intermediate_size": config.mlp,
        "num_hidden_layers": config.layers,
        "num_attention_heads": config.heads,
        "num_key_value_heads": config.heads,
        "hidden_act": "silu",
        "rms_norm_eps": config.norm_eps,
        "rope_theta": config.rope_theta,
        "max_position_embeddings": seq_len,
        "tie_word_embeddings": False,
        "attention_bias": False,
        "torch_dtype": "float32",
    }


def write_huggingface(folder: Path, model: Model, seq_len: int, **other: Any) -> Path:
    """Write the folder; `other` replaces keys of its config."""
    folder.mkdir(parents=True)
    config = huggingface_config(model, seq_len) | other
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    tensors = {name: tensor.contiguous() for name, tensor in huggingface_tensors(model).items()}
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    return folder
