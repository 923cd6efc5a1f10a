"""Loads a folder in Hugging Face's Llama format as a model of ours. Runs no code out of it.

What our model cannot represent exactly is refused, naming file and key: a number that is a little
wrong would be worse than none.
"""

import hashlib
import re
from pathlib import Path
from typing import Annotated, Any

import msgspec
import torch
from msgspec import UNSET, Meta, UnsetType
from safetensors import SafetensorError, safe_open
from torch import Tensor

from tokmon.rundir.errors import TokmonError
from trainer.config import Config, DataConfig, ModelConfig, ScheduleConfig
from trainer.evaluation.vocabulary import refuse_other_vocabulary
from trainer.model import Model
from trainer.tokenizer import load_tokenizer
from trainer.trained import TrainedModel, for_reading

CONFIG = "config.json"
WEIGHTS = "model.safetensors"
MOST_POSITIONS = 2048
"""Positions that are used at most: a config may allow many more than fit an evaluation."""
_BATCH = 8
_MOST_BYTES = 2**24
_PIECE_BYTES = 2**20
_FLOATS = {"F16", "BF16", "F32", "F64"}
_HINT = "tokmon reads Llama models of its own architecture (docs/EVALUATION.md)"
_NAMES = {
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
_WHOLE_NAMES = {
    "embedding.weight": "model.embed_tokens.weight",
    "norm.weight": "model.norm.weight",
    "head.weight": "lm_head.weight",
}
_BLOCK = re.compile(r"blocks\.(\d+)\.(.+)\.weight")
# Old exports keep the rotary frequencies, which follow from rope_theta.
_SUPERFLUOUS = re.compile(r"model\.layers\.\d+\.self_attn\.rotary_emb\.inv_freq")

_Size = Annotated[int, Meta(ge=1, le=2**31)]


class _LlamaConfig(msgspec.Struct, frozen=True, kw_only=True):
    """The keys of config.json that bear on the arithmetic, with the format's own defaults."""

    model_type: str
    vocab_size: _Size
    hidden_size: _Size
    intermediate_size: _Size
    num_hidden_layers: _Size
    num_attention_heads: _Size
    num_key_value_heads: int | None = None
    head_dim: int | None = None
    hidden_act: str = "silu"
    attention_bias: bool = False
    mlp_bias: bool = False
    rms_norm_eps: float = 1e-6
    rope_theta: float | None = None
    rope_scaling: dict[str, Any] | None = None
    rope_parameters: dict[str, Any] | None = None
    max_position_embeddings: _Size = 2048
    tie_word_embeddings: bool = False
    quantization_config: Any | UnsetType = UNSET


def is_huggingface(path: Path) -> bool:
    """Say whether `path` is a folder of that format rather than a run directory."""
    return (path / CONFIG).is_file()


def load_huggingface(folder: Path, device: torch.device) -> TrainedModel:
    """Load the Llama model in `folder` on `device`, in float32.

    Its positions count as the sequence length, 2,048 at most. No step and no loss is recorded.

    Raises:
        TokmonError: a file is missing or damaged, or the model is not of our architecture.
    """
    config = _read_config(folder / CONFIG)
    model_config = _model_config(folder / CONFIG, config)
    refuse_other_vocabulary(folder, load_tokenizer())
    weights = _read_weights(folder, model_config, is_tied=config.tie_word_embeddings)
    with torch.device("meta"):
        model = Model(model_config)
    model.load_state_dict(weights, assign=True)
    positions, notice = config.max_position_embeddings, ""
    if positions > MOST_POSITIONS:
        notice = f"{folder / CONFIG}: of {positions} positions the first {MOST_POSITIONS} are used"
    return TrainedModel(
        model=for_reading(model.to(device)),
        config=_config(folder, model_config, min(positions, MOST_POSITIONS)),
        step=0,
        val_loss=None,
        sha256=_sha256(folder / WEIGHTS),
        path=folder,
        notice=notice,
    )


def _config(folder: Path, model: ModelConfig, seq_len: int) -> Config:
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", folder.absolute().name).strip("._-") or "model"
    return Config(
        experiment=name,
        data=DataConfig(corpus="", seq_len=seq_len, batch_size=_BATCH),
        model=model,
        schedule=ScheduleConfig(steps=1),
    )


def _read_config(path: Path) -> _LlamaConfig:
    try:
        with path.open("rb") as file:
            content = file.read(_MOST_BYTES)
        return msgspec.json.decode(content, type=_LlamaConfig)
    except OSError as error:
        raise TokmonError(f"{path}: cannot be read ({error.strerror})") from error
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise TokmonError(f"{path}: not the config of a Llama model ({error})", _HINT) from error


def _model_config(path: Path, config: _LlamaConfig) -> ModelConfig:
    heads = config.num_attention_heads
    expected = {
        "model_type": "llama",
        "hidden_act": "silu",
        "attention_bias": False,
        "mlp_bias": False,
        "num_key_value_heads": heads,
        "head_dim": config.hidden_size // heads,
        "quantization_config": None,
    }
    for key, wanted in expected.items():
        found = getattr(config, key)
        # A key that is absent or null says what is usual.
        if found not in (wanted, None, UNSET):
            raise TokmonError(f"{path}: {key} is {found!r:.60}, not {wanted!r}", _HINT)
    tokens = load_tokenizer().vocab_size
    if config.vocab_size < tokens:
        raise TokmonError(f"{path}: vocab_size is {config.vocab_size}, below GPT-2's {tokens}")
    try:
        return msgspec.convert(
            {
                "layers": config.num_hidden_layers,
                "width": config.hidden_size,
                "heads": heads,
                "mlp": config.intermediate_size,
                "vocab": config.vocab_size,
                "rope_theta": _rope_theta(path, config),
                "norm_eps": config.rms_norm_eps,
            },
            ModelConfig,
        )
    except msgspec.ValidationError as error:
        raise TokmonError(f"{path}: no model of ours ({error})", _HINT) from error


def _rope_theta(path: Path, config: _LlamaConfig) -> Any:
    """Return the base of the rotary frequencies, in the older or the newer spelling."""
    theta: Any = config.rope_theta
    for key in ("rope_scaling", "rope_parameters"):
        rope = getattr(config, key) or {}
        kind = rope.get("rope_type", rope.get("type", "default"))
        if kind != "default":
            raise TokmonError(f"{path}: {key} is of type {kind!r:.60}, not 'default'", _HINT)
        share = rope.get("partial_rotary_factor", 1.0)
        if share != 1.0:
            raise TokmonError(f"{path}: {key} has partial_rotary_factor {share!r:.60}", _HINT)
        theta = rope.get("rope_theta", theta)
    return 10000.0 if theta is None else theta


def _read_weights(folder: Path, config: ModelConfig, *, is_tied: bool) -> dict[str, Tensor]:
    path = folder / WEIGHTS
    if not path.is_file():
        others = sorted(found.name for found in folder.glob("*") if _is_weights(found))
        has = f"; it has {', '.join(others[:3])}" if others else ""
        raise TokmonError(f"{path}: missing{has}", "save the model as one safetensors file")
    try:
        with safe_open(path, framework="pt", device="cpu") as file:
            return _taken(path, file, config, is_tied=is_tied)
    except (SafetensorError, OSError, ValueError) as error:
        reason = str(error).partition("\n")[0]
        raise TokmonError(f"{path}: damaged, or no safetensors file ({reason})") from error


def _is_weights(path: Path) -> bool:
    return path.suffix in (".safetensors", ".bin", ".pt", ".gguf") or "index" in path.name


def _taken(path: Path, file: Any, config: ModelConfig, *, is_tied: bool) -> dict[str, Tensor]:
    names = set(file.keys())
    if config.layers > len(names):
        raise TokmonError(f"{path}: has {len(names)} tensors for {config.layers} layers")
    with torch.device("meta"):
        shapes = {key: tensor.shape for key, tensor in Model(config).state_dict().items()}
    weights: dict[str, Tensor] = {}
    for key, shape in shapes.items():
        name = _name_of(key)
        if name == _WHOLE_NAMES["head.weight"] and is_tied:
            names.discard(name)
            weights[key] = weights["embedding.weight"].clone()
            continue
        if name not in names:
            raise TokmonError(f"{path}: lacks {name}", _HINT)
        names.discard(name)
        weights[key] = _tensor(path, file, name, tuple(shape))
    rest = sorted(name for name in names if not _SUPERFLUOUS.fullmatch(name))
    if rest:
        raise TokmonError(f"{path}: has {rest[0]!r:.80}, which our model has not", _HINT)
    return weights


def _tensor(path: Path, file: Any, name: str, shape: tuple[int, ...]) -> Tensor:
    # Type and shape first: they are in the header, and a wrong one may be too large to read.
    part = file.get_slice(name)
    found = tuple(part.get_shape())
    if part.get_dtype() not in _FLOATS or found != shape:
        raise TokmonError(
            f"{path}: {name} is {part.get_dtype()} of shape {found}, not a float of {shape}", _HINT
        )
    tensor: Tensor = file.get_tensor(name)
    return tensor.float().contiguous()


def _name_of(key: str) -> str:
    """Return what the format calls a parameter of ours."""
    if match := _BLOCK.fullmatch(key):
        return f"model.layers.{match[1]}.{_NAMES[match[2]]}.weight"
    return _WHOLE_NAMES[key]


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
