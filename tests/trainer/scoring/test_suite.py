from collections import Counter

import pytest

from tests.trainer.scoring.pieces import TOKENIZER
from tokmon.rundir.errors import TokmonError
from trainer.scoring.python_text import logical_lines
from trainer.scoring.suite import KINDS, SUITE, load_suite

REFERENCE = ["def add(a, b):", "class DataLoader:", "import numpy as np"]


def test_shipped_suite_has_the_references_prompts_and_sixty_more():
    prompts = load_suite()

    assert [prompt.text for prompt in prompts if prompt.kind == "reference"] == REFERENCE
    assert len(prompts) >= 63
    assert len({prompt.text for prompt in prompts}) == len(prompts)


def test_shipped_suite_has_every_kind():
    counts = Counter(prompt.kind for prompt in load_suite())

    assert set(counts) == set(KINDS)
    assert counts.pop("empty") == 1
    assert counts.pop("reference") == 3
    assert min(counts.values()) >= 5


def test_held_out_prompts_end_behind_a_statement():
    for prompt in load_suite():
        if prompt.kind == "held_out":
            assert logical_lines(prompt.text)[-1].is_ended, prompt.id


def test_prompts_leave_room_and_end_in_no_blank():
    for prompt in load_suite():
        assert len(TOKENIZER.encode(prompt.text)) <= 256, prompt.id
        # GPT-2 joins a blank to the word that follows: a prompt that ends in one asks for the rare.
        assert not prompt.text.endswith((" ", "\t")), prompt.id


def test_the_suite_lies_in_the_package():
    assert SUITE.is_file()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "the key prompt is missing"),
        ("prompt = []\n", "has no prompt"),
        ('[[prompt]]\nid = "a"\nkind = "function"\n', "the key text is missing"),
        ('[[prompt]]\nid = "a"\nkind = "poem"\ntext = "x"\n', "poem"),
        ('[[prompt]]\nid = "a"\nkind = "class"\ntext = 3\n', "text"),
        ('[[prompt]]\nid = "a"\nkind = "class"\ntext = ""\nmood = 1\n', "mood"),
        ('[[prompt]]\nid = " "\nkind = "class"\ntext = ""\n', "prompt 1: id is empty"),
        (
            2 * '[[prompt]]\nid = "a"\nkind = "class"\ntext = ""\n',
            "prompt 2: id a was there before",
        ),
        (f'[[prompt]]\nid = "a"\nkind = "class"\ntext = "{"x" * 2001}"\n', "2001 characters"),
        ("[[prompt]\n", "not TOML"),
        ("[" * 5000, "not TOML"),
    ],
)
def test_a_bad_file_is_refused_in_one_line(tmp_path, content, message):
    path = tmp_path / "mine.toml"
    path.write_text(content, encoding="utf-8")

    with pytest.raises(TokmonError) as refused:
        load_suite(path)

    assert message in str(refused.value)
    assert str(path) in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_missing_file_and_bytes_are_refused(tmp_path):
    with pytest.raises(TokmonError, match="no such prompt suite"):
        load_suite(tmp_path / "none.toml")
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(TokmonError, match="not UTF-8"):
        load_suite(tmp_path / "bytes.toml")


def test_an_own_suite_is_read(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text('[[prompt]]\nid = "a"\nkind = "empty"\ntext = ""\n', encoding="utf-8")

    assert [(prompt.id, prompt.kind, prompt.text) for prompt in load_suite(path)] == [
        ("a", "empty", "")
    ]
