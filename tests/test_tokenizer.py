import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokmon.rundir.errors import TokmonError
from trainer import tokenizer as module
from trainer.tokenizer import END_OF_TEXT, StreamDecoder, load_tokenizer

TOKENIZER = load_tokenizer()
SPACES = "\t\n\x0b\x0c\r \x85\xa0\u2003\u3000"


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("", []),
        ("Hello world", [15496, 995]),
        ("hello world", [31373, 995]),
        ("def", [4299]),
        (" def", [825]),
        ("\n", [198]),
        ("\n\n", [628]),
        ("import numpy as np", [11748, 299, 32152, 355, 45941]),
        ("it's", [270, 338]),
        (END_OF_TEXT, [27, 91, 437, 1659, 5239, 91, 29]),
    ],
)
def test_gives_the_published_gpt2_ids(text, ids):
    assert TOKENIZER.encode(text) == ids
    assert TOKENIZER.decode(ids) == text


def test_describes_the_shipped_vocabulary():
    assert TOKENIZER.name == "gpt2"
    assert TOKENIZER.vocab_size == 50257
    assert TOKENIZER.end_of_text == 50256
    assert TOKENIZER.sha256.startswith("306cd27f")
    assert TOKENIZER.decode([50256]) == END_OF_TEXT
    assert load_tokenizer() is TOKENIZER


@given(st.text())
def test_any_text_survives_the_round_trip(text):
    ids = TOKENIZER.encode(text)

    assert TOKENIZER.decode(ids) == text
    assert all(0 <= token < TOKENIZER.end_of_text for token in ids)
    assert TOKENIZER.token_bytes[ids].sum() == len(text.encode())


@given(st.lists(st.one_of(st.text(), st.text(SPACES), st.just(f"a{END_OF_TEXT} b"))))
def test_documents_together_give_what_they_give_alone(texts):
    ids = TOKENIZER.encode_documents(texts)

    assert ids.dtype == np.uint16
    assert ids.tolist() == [
        token for text in texts for token in (*TOKENIZER.encode(text), TOKENIZER.end_of_text)
    ]


def test_lengths_in_bytes_stand_by_id():
    lengths = TOKENIZER.token_bytes

    assert lengths.shape == (50257,)
    assert np.issubdtype(lengths.dtype, np.integer)
    assert lengths[825] == len(" def")
    assert lengths[50256] == 0
    assert lengths[:50256].min() == 1


@given(st.lists(st.integers(0, 50256)))
def test_streaming_gives_the_same_text_as_decoding_at_once(ids):
    decoder = StreamDecoder(TOKENIZER)

    pieces = [decoder.push(token) for token in ids]

    assert "".join(pieces) + decoder.finish() == TOKENIZER.decode(ids)


def test_streaming_holds_back_a_cut_character():
    ids = TOKENIZER.encode("\N{GRINNING FACE}")
    decoder = StreamDecoder(TOKENIZER)

    assert len(ids) > 1
    assert [decoder.push(token) for token in ids] == [""] * (len(ids) - 1) + ["\N{GRINNING FACE}"]
    assert decoder.push(ids[0]) == ""
    assert decoder.finish() == "\N{REPLACEMENT CHARACTER}"
    assert decoder.finish() == ""
    assert decoder.push(15496) == "Hello"


def test_an_id_outside_the_vocabulary_is_refused():
    with pytest.raises(KeyError):
        TOKENIZER.piece(50257)


@pytest.mark.parametrize("run", [" ", "\n", "\n "])
def test_a_million_spaces_before_text_are_encoded(run):
    text = "a" + run * 1_100_000 + "x = 1\n"

    ids = TOKENIZER.encode(text)

    assert TOKENIZER.decode(ids) == text
    assert TOKENIZER.encode_documents([text, "Hello"]).tolist() == [*ids, 50256, 15496, 50256]


@given(
    st.lists(st.one_of(st.text(SPACES, max_size=8), st.text(max_size=4), st.just("\x1c"))).map(
        "".join
    )
)
def test_cutting_long_whitespace_does_not_change_the_ids(text):
    whole = TOKENIZER.encode(text)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_SAFE_CHARS", 2)
        assert TOKENIZER.encode(text) == whole


@pytest.mark.parametrize("content", [b"", b"IQ== 0\n", b"\xff\xfe"])
def test_another_vocabulary_file_is_refused(tmp_path, content):
    path = tmp_path / "gpt2.tiktoken"
    path.write_bytes(content)

    with pytest.raises(TokmonError, match=r"gpt2\.tiktoken: not the GPT-2 vocabulary"):
        module._read_ranks(path, module.VOCABULARY_SHA256)


def test_a_missing_vocabulary_file_is_named(tmp_path):
    with pytest.raises(TokmonError, match=r"gone: cannot be read .*install tokmon again"):
        module._read_ranks(tmp_path / "gone", module.VOCABULARY_SHA256)
