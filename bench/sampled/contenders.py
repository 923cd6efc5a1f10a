"""Who samples: tokmon, and transformers' `generate` with the same weights in its own Llama."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

import torch

from trainer.generate import generate_batch
from trainer.model import Model
from trainer.sampling_settings import Limits, Settings


class Task(NamedTuple):
    """What is to be written."""

    prompts: list[list[int]]
    """Tokens of each."""
    new_tokens: int
    """Of each, no fewer."""
    is_greedy: bool
    """Else temperature 0.8, top-p 0.95: tokmon's defaults."""


class Contender(Protocol):
    """Continues prompts."""

    name: str

    def write(self, task: Task) -> list[list[int]]:
        """Return the new tokens of each prompt."""


class Ours:
    """tokmon."""

    name = "tokmon"

    def __init__(self, model: Model, seq_len: int, vocab_size: int) -> None:
        self._model = model
        # No token ends a text, so that all are of one length.
        self._limits = Limits(seq_len=seq_len, vocab_size=vocab_size, end_of_text=vocab_size)

    def write(self, task: Task) -> list[list[int]]:
        temperature = 0.0 if task.is_greedy else 0.8
        settings = Settings(max_new_tokens=task.new_tokens, temperature=temperature)
        rows: list[list[int]] = [[] for _ in task.prompts]
        seeds = range(len(rows))
        for choices in generate_batch(self._model, task.prompts, seeds, settings, self._limits):
            for choice in choices:
                rows[choice.row].append(choice.token)
        return rows


class Transformers:
    """LlamaForCausalLM.generate, as its documentation has it: left padding, a dynamic cache."""

    def __init__(self, model: Model, seq_len: int) -> None:
        import transformers

        transformers.logging.set_verbosity_error()
        self.name = f"transformers {transformers.__version__}"
        own = model.config
        config = transformers.LlamaConfig(
            vocab_size=own.vocab,
            hidden_size=own.width,
            intermediate_size=own.mlp,
            num_hidden_layers=own.layers,
            num_attention_heads=own.heads,
            max_position_embeddings=seq_len,
            rms_norm_eps=own.norm_eps,
            rope_theta=own.rope_theta,
            tie_word_embeddings=False,
            bos_token_id=None,
            eos_token_id=None,
            pad_token_id=0,
        )
        self._model = transformers.LlamaForCausalLM(config).eval()
        self._model.load_state_dict(llama_weights(model))

    @torch.inference_mode()
    def write(self, task: Task) -> list[list[int]]:
        longest = max(map(len, task.prompts))
        padded = [[0] * (longest - len(prompt)) + prompt for prompt in task.prompts]
        mask = [[0] * (longest - len(prompt)) + [1] * len(prompt) for prompt in task.prompts]
        how = {"do_sample": False} if task.is_greedy else _SAMPLING
        torch.manual_seed(0)
        written = self._model.generate(
            input_ids=torch.tensor(padded),
            attention_mask=torch.tensor(mask),
            max_new_tokens=task.new_tokens,
            min_new_tokens=task.new_tokens,
            **how,
        )
        return written[:, longest:].tolist()


_SAMPLING = {"do_sample": True, "temperature": 0.8, "top_p": 0.95, "top_k": 0}
_NAMES = {
    "embedding": "model.embed_tokens",
    "norm": "model.norm",
    "head": "lm_head",
    "attention_norm": "input_layernorm",
    "mlp_norm": "post_attention_layernorm",
    "attention.query": "self_attn.q_proj",
    "attention.key": "self_attn.k_proj",
    "attention.value": "self_attn.v_proj",
    "attention.out": "self_attn.o_proj",
    "mlp.gate": "mlp.gate_proj",
    "mlp.up": "mlp.up_proj",
    "mlp.down": "mlp.down_proj",
}


def llama_weights(model: Model) -> dict[str, torch.Tensor]:
    """Return the weights by the names of transformers' Llama."""
    return {_llama_name(name): weight for name, weight in model.state_dict().items()}


def _llama_name(name: str) -> str:
    part = name.removesuffix(".weight")
    if not part.startswith("blocks."):
        return f"{_NAMES[part]}.weight"
    _, layer, inner = part.split(".", 2)
    return f"model.layers.{layer}.{_NAMES[inner]}.weight"


def common_prefix(ours: Sequence[int], theirs: Sequence[int]) -> int:
    """Return how many tokens are the same from the first on."""
    pairs = enumerate(zip(ours, theirs, strict=True))
    return next((place for place, (own, other) in pairs if own != other), len(ours))
