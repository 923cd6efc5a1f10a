import re
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.corpus.samples import CONFIGS
from tokmon.rundir.errors import TokmonError
from trainer.corpus.documents import Skip
from trainer.corpus.recipe import Filters, Recipe, Source, SplitRule, WheelSource
from trainer.corpus.recipe_file import load_recipe

DOCUMENT = Path(__file__).parents[2].joinpath("docs/CORPUS.md").read_text(encoding="utf-8")
KINDS = "stdlib, folder, wheel, archive, jsonl, parquet, text"
STDLIB = '[[source]]\nkind = "stdlib"\n'


def explained(path, text):
    path.write_text(text, encoding="utf-8")
    with pytest.raises(TokmonError) as caught:
        load_recipe(path)
    return str(caught.value).replace(str(path), "R")


@pytest.mark.parametrize("path", sorted(CONFIGS.glob("*.toml")), ids=lambda path: path.stem)
def test_every_shipped_recipe_loads(path):
    recipe = load_recipe(path)

    assert recipe.name == path.stem
    assert recipe.description
    wheels = [source for source in recipe.source if isinstance(source, WheelSource)]
    assert all(source.licence and "GPL" not in source.licence for source in wheels)
    assert len({source.name for source in wheels}) == len(wheels)
    if wheels:
        assert set(recipe.split.validation) < {source.name for source in wheels}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name = \n", "R: not TOML: Invalid value (at line 1, column 8)"),
        (STDLIB, "R: the key name is missing"),
        ('name = "x"\n', "R: the key source is missing"),
        ('nam = "x"\n' + STDLIB, "R:1: nam: unknown key; did you mean name?"),
        (
            'name = "x"\n\n[[sources]]\nkind = "stdlib"\n',
            "R:3: sources: unknown key; did you mean source?",
        ),
        (
            f'name = "x"\n{STDLIB}\n[[source]]\nkind = "folder"\npat = "src"\n',
            "R:7: source[1].pat: unknown key; did you mean path?",
        ),
        (
            f'name = "x"\n{STDLIB}[[source]] # mine\nkind = "folder"\npath = 3\n',
            "R:6: source[1].path: Expected `str`, got `int`",
        ),
        (
            'name = "x"\n[[source]]\nkind = "folder"\n',
            "R:2: source[0]: the key path is missing",
        ),
        (
            'name = "x"\n[[source]]\nkind = "stdlb"\n',
            f"R:3: source[0].kind: Invalid value 'stdlb'; known: {KINDS}",
        ),
        (
            f'name = "x"\n[split]\nvalidation = [\n  "a",\n  3,\n]\n{STDLIB}',
            "R:3: split.validation[1]: Expected `str`, got `int`",
        ),
        (
            f'name = "x"\n[split]\nshare = 1.5\n{STDLIB}',
            "R:3: split.share: Expected `float` < 1.0",
        ),
        (
            f'name = "x"\n[split]\nshare = 0.5\nvalidation = ["a"]\n{STDLIB}',
            "R:2: split: either validation or share, not both",
        ),
        (
            f'name = "x"\n[split]\nzzz = 1\n{STDLIB}',
            "R:3: split.zzz: unknown key; known keys: validation, share, seed",
        ),
        (
            'name = "x"\nsource = []\n',
            "R:2: source: Expected `array` of length >= 1",
        ),
    ],
)
def test_a_fault_names_file_line_and_key(tmp_path, text, message):
    assert explained(tmp_path / "recipe.toml", text) == message


def test_every_key_and_kind_and_reason_is_documented():
    kinds = get_args(Source)
    tables = (Recipe, Filters, SplitRule, *kinds)
    keys = {key for table in tables for key in table.__struct_fields__} - {"source"}
    keys |= {str(kind.__struct_config__.tag) for kind in kinds} | {skip.value for skip in Skip}

    code = re.findall(r"`([^`]+)`", re.sub(r"```.*?```", "", DOCUMENT, flags=re.DOTALL))
    described = set(re.findall(r"\w+", " ".join(code)))

    assert keys <= described


def test_the_documented_recipe_loads(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(DOCUMENT.split("```toml\n")[1].split("```")[0], encoding="utf-8")

    assert [source.path for source in load_recipe(path).source] == [
        "~/work/*/src",
        "dumps/part-*.jsonl.zst",
    ]


def test_a_missing_recipe_says_what_may_be_named(tmp_path):
    with pytest.raises(TokmonError, match=r"gone\.toml: no such recipe; name a recipe"):
        load_recipe(tmp_path / "gone.toml")


def test_a_recipe_that_is_no_text_is_refused(tmp_path):
    path = tmp_path / "recipe.toml"
    path.write_bytes(b'name = "\xff"\n')

    with pytest.raises(TokmonError, match=r"not UTF-8 text \(byte 8\)"):
        load_recipe(path)
    with pytest.raises(TokmonError, match="cannot be read"):
        load_recipe(tmp_path)


def fault_of(path):
    try:
        load_recipe(path)
    except TokmonError as error:
        return str(error)
    return ""


WORDS = st.sampled_from(
    ["name", "x", "[split]", "[[source]]", "kind", "=", '"stdlib"', "[", "]", "1", "share",
     "validation", "path", "\n", "{", "}", ",", "."]
)  # fmt: skip


@given(st.lists(WORDS, max_size=30).map(" ".join))
def test_no_text_gives_another_error(tmp_path_factory, text):
    path = tmp_path_factory.mktemp("recipe") / "recipe.toml"
    path.write_text(text, encoding="utf-8")

    message = fault_of(path)

    assert "\n" not in message
    assert not message or message.startswith(str(path))
