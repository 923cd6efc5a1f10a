"""Configs, recipes and --set values of any text: a typed value, or one line on what is wrong."""

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.fuzz.cases import edited, fuzzed
from tokmon.rundir.errors import TokmonError
from trainer.config import Config
from trainer.config_file import load_config
from trainer.corpus.recipe import Recipe
from trainer.corpus.recipe_file import load_recipe

FOLDER = Path(__file__).parents[2] / "configs"
CONFIGS = [path.read_bytes() for path in sorted(FOLDER.glob("*.toml"))]
RECIPES = [path.read_bytes() for path in sorted(FOLDER.glob("corpora/*.toml"))]
WORDS = (
    *(b"[model]\n", b"[[source]]\n", b"[data.x]\n", b"model.layers", b"kind", b"seed", b"name"),
    *(b" = ", b"\n", b".", b",", b"'", b'"""', b"\\ud800", b"\x00", b"\xff", b"\r", b"\x1b[2J"),
)
VALUES = (
    *(b"nan", b"-inf", b"1e400", b"-1", b"0", b"9" * 30, b"9" * 5000, b"0x_", b"true", b"''"),
    *(b"1979-05-27", b"'\\ud800'", b"[]", b"{}", b"{a = 1}", b"[1, 'x']", b"[[[]]]", b"'[/x]'"),
    *(b"[" * 3000, b"{a = " * 500, b"a." * 2000 + b"a = 1", b"'auto'"),
    "'\u2028\u202e'".encode(),
)
KEYS = ("seed", "model.layers", "model", "data.corpus", "optim.betas", "eval.every", "a.b", "")


def toml(originals: list[bytes]) -> st.SearchStrategy[bytes]:
    """Texts of a kind: the shipped ones with other values or other bytes, and none at all."""
    values = st.lists(st.tuples(st.integers(0, 200), st.sampled_from(VALUES)), max_size=3)
    words = st.lists(st.sampled_from(WORDS + VALUES), max_size=12)
    return st.one_of(
        st.builds(_with_values, st.sampled_from(originals), values),
        edited(originals, WORDS + VALUES),
        words.map(b"".join),
    )


def assignments() -> st.SearchStrategy[str]:
    """What may stand behind --set; bytes that are no text arrive as lone surrogates."""
    values = st.sampled_from(VALUES).map(lambda value: value.decode(errors="surrogateescape"))
    known = st.builds("{}={}".format, st.sampled_from(KEYS), values)
    return known | st.text(max_size=12) | st.text(max_size=6).map("seed={}".format)


def _with_values(content: bytes, changes: list[tuple[int, bytes]]) -> bytes:
    lines = content.split(b"\n")
    for place, value in changes:
        number = place % len(lines)
        lines[number] = lines[number].partition(b"=")[0] + b"= " + value
    return b"\n".join(lines)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("configs") / "c.toml"


def loaded(load: Callable[[], msgspec.Struct]) -> msgspec.Struct | None:
    """Return the value, or None where it was refused properly."""
    try:
        return load()
    except TokmonError as error:
        line = str(error)
    assert line
    assert line.isprintable()
    return None


@fuzzed(700)
@given(content=toml(CONFIGS))
@example(b"seed = " + b"9" * 5000)
@example(b"seed = " + b"[" * 3000)
@example(CONFIGS[0] + b"\n[optim]\nlr = inf")
def test_any_config(file: Path, content: bytes) -> None:
    file.write_bytes(content)

    config = loaded(lambda: load_config(file))

    # What was accepted can be recorded: run.json holds it.
    assert config is None or msgspec.convert(msgspec.to_builtins(config), Config) == config


@fuzzed(500)
@given(overrides=st.lists(assignments(), min_size=1, max_size=3))
@example(["model=\udcff"])
@example(["seed=-1"])
@example(["seed=" + "[" * 3000])
def test_any_override(file: Path, overrides: list[str]) -> None:
    file.write_bytes(CONFIGS[0])

    config = loaded(lambda: load_config(file, overrides))

    assert config is None or isinstance(config, Config)
    assert config is None or msgspec.json.decode(msgspec.json.encode(config), type=Config) == config


@fuzzed(500)
@given(content=toml(RECIPES))
def test_any_recipe(file: Path, content: bytes) -> None:
    file.write_bytes(content)

    recipe = loaded(lambda: load_recipe(file))

    assert recipe is None or isinstance(recipe, Recipe)
