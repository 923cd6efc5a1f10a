import numpy as np
import pytest

from tests.trainer.scoring.pieces import TOKENIZER, sample_of, split_of
from tokmon.rundir.errors import TokmonError
from trainer.scoring.human import cut_prefixes, documents, human_pieces

LONG = "".join(
    f"def f{n}(x):\n    '''Caf\u00e9 {n} \u4e2d'''\n    return x + {n}\n\n\n" for n in range(40)
)
SHORT = "x = 1\n"


def test_pieces_have_the_lengths_of_the_samples():
    samples = [sample_of("def add(a, b):", "\n    return a + b\n" * n) for n in range(1, 6)]

    pieces = human_pieces(split_of(SHORT, LONG), samples, TOKENIZER, seed=0)

    for sample, piece in zip(samples, pieces, strict=True):
        assert len(piece.prompt_ids) == len(sample.prompt_ids)
        assert len(piece.ids) == len(sample.ids)
        assert piece.whole in LONG
        assert not piece.is_finished


def test_pieces_begin_where_a_statement_does():
    samples = [sample_of("ab cd", " x y z")] * 20

    pieces = human_pieces(split_of(LONG), samples, TOKENIZER, seed=3)

    assert all(piece.whole.startswith("def f") for piece in pieces)
    assert len({piece.whole for piece in pieces}) > 5


def test_pieces_do_not_overlap_while_there_is_room():
    sample = sample_of("def f", "(x):\n   ")
    pieces = human_pieces(split_of(LONG), [sample] * 40, TOKENIZER, seed=0)
    more = human_pieces(split_of(LONG), [sample] * 45, TOKENIZER, seed=0)

    assert len({piece.whole for piece in pieces}) == 40
    assert len(more) == 45


def test_a_seed_gives_the_same_pieces():
    split, samples = split_of(LONG, SHORT), [sample_of("", "a b c")] * 5

    assert human_pieces(split, samples, TOKENIZER, 1) == human_pieces(split, samples, TOKENIZER, 1)
    assert human_pieces(split, samples, TOKENIZER, 1) != human_pieces(split, samples, TOKENIZER, 2)


def test_where_no_document_is_long_enough_the_longest_is_taken():
    pieces = human_pieces(
        split_of(SHORT, "\n\nif y:\n    z = 2 + 3\n"), [sample_of("", "a b c " * 50)], TOKENIZER, 0
    )

    assert pieces[0].whole == "if y:\n    z = 2 + 3\n"


def test_text_without_statements_is_an_error_of_one_line():
    with pytest.raises(TokmonError, match="no Python statement"):
        human_pieces(split_of("# nothing\n"), [sample_of("", "a")], TOKENIZER, 0)
    assert human_pieces(split_of("# nothing\n"), [], TOKENIZER, 0) == ()


def test_prefixes_end_behind_logical_lines():
    texts = [f"import a{n}\n\nx = (1,\n     2)\nfor i in x:\n    print(i)\n" for n in range(10)]

    prefixes = cut_prefixes(split_of(*texts), TOKENIZER, 8, seed=0, max_tokens=20)

    assert len(prefixes) == 8
    assert len({prefix.split("\n")[0] for prefix in prefixes}) == 8
    for prefix in prefixes:
        rest = prefix.split("\n", 1)[1]
        assert rest in ("", "\nx = (1,\n     2)\n", "\nx = (1,\n     2)\nfor i in x:\n")
        assert len(TOKENIZER.encode(prefix)) <= 20
    assert prefixes == cut_prefixes(split_of(*texts), TOKENIZER, 8, seed=0, max_tokens=20)


def test_fewer_prefixes_where_there_are_fewer():
    assert cut_prefixes(split_of("x = 1\n", "y"), TOKENIZER, 5, seed=0) == ("x = 1\n",)


def test_documents_are_drawn_in_order_without_their_end():
    split = split_of(*(f"x = {n}\n" for n in range(20)))

    everything = documents(split, TOKENIZER)
    some = documents(split, TOKENIZER, 5, seed=1)

    assert [document.text for document in everything] == [f"x = {n}\n" for n in range(20)]
    assert len({document.text for document in some}) == 5
    assert [document.text for document in some] == sorted(
        (document.text for document in some), key=lambda text: int(text.split()[-1])
    )
    assert np.array_equal(everything[3].ids, TOKENIZER.encode("x = 3\n"))
