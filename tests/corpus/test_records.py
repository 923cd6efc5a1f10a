import bz2
import gzip
import json
import lzma
import sys
from contextlib import suppress
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.corpus.samples import texts, units, write_recipe
from tokmon.rundir.errors import TokmonError
from trainer.corpus.build import open_or_build
from trainer.corpus.recipe import JsonlSource, ParquetSource, TextSource
from trainer.corpus.sources.jsonl import jsonl_reader
from trainer.corpus.sources.parquet import parquet_reader
from trainer.corpus.sources.text import text_reader

MIB = 2**20
PACK = {
    "": lambda content: content,
    ".gz": gzip.compress,
    ".bz2": bz2.compress,
    ".xz": lzma.compress,
    ".zst": zstandard.compress,
}
ROWS = [
    {"text": "x = 1\n", "repo": "alpha"},
    {"text": "y = 2\n", "repo": "beta"},
    {"text": "z = 3\n", "repo": "alpha"},
]


def lines(*rows):
    return "".join(f"{json.dumps(row)}\n" for row in rows).encode()


def jsonl(path, max_file_bytes=MIB, **columns):
    return jsonl_reader(JsonlSource(path=str(path), **columns), Path(), max_file_bytes)


def parquet(path, max_file_bytes=MIB, **columns):
    return parquet_reader(ParquetSource(path=str(path), **columns), Path(), max_file_bytes)


def content(source):
    files = source.list_files().files
    with source.reading() as read:
        return [(file.unit, read(file.path)) for file in files]


def written(tmp_path, content, name="rows.jsonl"):
    path = tmp_path / name
    path.write_bytes(content)
    return path


EXPECTED = [("alpha", b"x = 1\n"), ("beta", b"y = 2\n"), ("alpha", b"z = 3\n")]


@pytest.mark.parametrize("suffix", PACK)
def test_json_lines_are_read_however_they_are_packed(tmp_path, suffix):
    packed = PACK[suffix](lines(*ROWS))
    path = written(tmp_path, packed, f"rows.jsonl{suffix}")
    misnamed = written(tmp_path, packed, "misnamed")

    assert content(jsonl(path)) == content(jsonl(misnamed)) == EXPECTED


def test_a_file_of_records_is_a_corpus_split_by_its_unit_column(tmp_path):
    path = written(tmp_path, lines(*ROWS), "my rows.jsonl")

    corpus = open_or_build(path)

    assert corpus.manifest.name == "my-rows"
    assert sorted(map(sorted, (texts(corpus.train), texts(corpus.val)))) == [
        ["x = 1\n", "z = 3\n"], ["y = 2\n"],
    ]  # fmt: skip
    assert set(units(corpus).values()) == {("alpha",), ("beta",)}


def test_bad_lines_are_counted_and_never_fatal(tmp_path):
    bad = [
        b"not json", b"[1, 2]", b'"text"', b'{"text": "cut', b'{"text": "x"} more',
        b'{"text": "\\ud800"}', b'{"text": NaN}',
        b'{"body": "x"}', b'{"text": null}', b'{"text": 3}',
        b'{"text": "caf\xe9"}',
        b'{"text": "' + b"x" * 3000 + b'"}',
        b"", b"   \r",
    ]  # fmt: skip
    path = written(
        tmp_path, b"\xef\xbb\xbf" + b"\n".join([lines(ROWS[0]).strip(), *bad, b'{"text": "end"}'])
    )

    source = jsonl(path, max_file_bytes=300)

    assert [text for _, text in content(source)] == [b"x = 1\n", b"end"]
    assert source.list_files().skipped == {
        "bad_record": 7, "no_text": 3, "not_utf8": 1, "too_large": 1,
    }  # fmt: skip


def test_the_rules_for_files_hold_for_records(tmp_path):
    rows = [{"text": text, "repo": "alpha"} for text in (
        "a = 1\r\nb = 2\r\n", "nul = '\0'\n", " \n", "# @generated\n", "x" * 2000,
    )]  # fmt: skip
    written(tmp_path, lines(*rows, ROWS[1]))
    source = '[[source]]\nkind = "jsonl"\npath = "rows.jsonl"\n'
    recipe = write_recipe(tmp_path, source, 'validation = ["beta"]')
    recipe.write_text("max_file_bytes = 1000\n" + recipe.read_text())

    corpus = open_or_build(recipe)

    assert texts(corpus.train) == ["a = 1\nb = 2\n"]
    assert corpus.manifest.skipped == {"nul": 1, "empty": 1, "generated": 1, "too_large": 1}


def test_columns_can_be_named_and_globs_see_the_path_column(tmp_path):
    rows = [
        {"source": f"n = {n}\n", "text": "no", "project": n % 2, "file": f"lib/{name}"}
        for n, name in enumerate(["a.py", "b.py", "tests/a.py", "README.md"])
    ]
    written(tmp_path, lines(*rows))
    source = (
        '[[source]]\nkind = "jsonl"\npath = "rows.jsonl"\ntext_column = "source"\n'
        'unit_column = "project"\npath_column = "file"\n'
        'include = ["*.py"]\nexclude = ["*/tests/*"]\n'
    )

    corpus = open_or_build(write_recipe(tmp_path, source, 'validation = ["1"]'))

    assert texts(corpus.train) == ["n = 0\n"]
    assert texts(corpus.val) == ["n = 1\n"]


def test_without_a_unit_column_the_text_decides_the_unit(tmp_path):
    rows = [{"text": f"x = {number}\n"} for number in range(3000)]
    forward = content(jsonl(written(tmp_path, lines(*rows, *rows))))
    backward = content(jsonl(written(tmp_path, lines(*rows[::-1]))))

    assert dict(map(reversed, forward)) == dict(map(reversed, backward))
    assert len({text for _, text in forward}) == 3000
    assert 900 < len({unit for unit, _ in forward}) <= 1024


def test_a_record_without_its_unit_gets_a_bucket(tmp_path):
    path = written(tmp_path, lines({"text": "x", "repo": None}, {"text": "y"}, ROWS[0]))

    found = [unit for unit, _ in content(jsonl(path))]

    assert found[2] == "alpha"
    assert all(unit.startswith("bucket ") for unit in found[:2])


def test_several_files_are_one_source(tmp_path):
    for name, row in zip("cab", ROWS, strict=True):
        written(tmp_path, gzip.compress(lines(row)), f"part-{name}.jsonl.gz")

    assert content(jsonl(tmp_path / "part-*.jsonl.gz")) == [EXPECTED[1], EXPECTED[2], EXPECTED[0]]


def test_records_are_read_in_any_order(tmp_path):
    source = jsonl(written(tmp_path, lines(*ROWS)))
    keys = [file.path for file in source.list_files().files]

    with source.reading() as read:
        for index in (2, 0, 1, 1, 2):
            assert read(keys[index]) == EXPECTED[index][1]


@pytest.mark.parametrize("suffix", [".gz", ".bz2", ".xz"])
def test_a_cut_file_gives_the_records_before_the_cut(tmp_path, suffix):
    rows = [{"text": f"x = {number**50}\n"} for number in range(8000)]
    packed = PACK[suffix](lines(*rows))
    source = jsonl(written(tmp_path, packed[: len(packed) * 3 // 4], f"cut.jsonl{suffix}"))

    listing = source.list_files()

    assert 500 < len(listing.files) < 8000
    assert listing.skipped["damaged_file"] == 1
    assert len(content(source)) == len(listing.files)


def test_a_file_that_unpacks_without_end_is_stopped(tmp_path, monkeypatch):
    monkeypatch.setattr("trainer.corpus.sources.compression.RATIO_FLOOR_BYTES", 2**20)
    bomb = gzip.compress(lines(ROWS[0]) + b" " * 2**25)

    listing = jsonl(written(tmp_path, bomb, "bomb.jsonl.gz")).list_files()

    assert len(listing.files) == 1
    assert listing.skipped == {"too_compressed": 1}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", r"no record with a text; a source of kind jsonl has a JSON object a line"),
        (b"x\n" * 3, r"\(bad_record 3\); a source of kind jsonl"),
        (
            lines({"body": "x", "id": 1}),
            r"\(no_text 1\); its columns are: body, id; see text_column",
        ),
    ],
)
def test_a_file_without_texts_is_explained(tmp_path, content, message):
    with pytest.raises(TokmonError, match=message):
        jsonl(written(tmp_path, content)).list_files()


def test_a_named_column_that_no_record_has_is_pointed_out(tmp_path):
    path = written(tmp_path, lines(*ROWS))

    with pytest.raises(
        TokmonError, match=r"no record has a column rpo; its columns are: text, repo"
    ):
        jsonl(path, unit_column="rpo").list_files()


def test_a_missing_zstandard_is_one_line(tmp_path, monkeypatch):
    path = written(tmp_path, zstandard.compress(lines(*ROWS)), "rows.jsonl.zst")
    for name in ("zstandard", "compression.zstd"):
        monkeypatch.setitem(sys.modules, name, None)

    with pytest.raises(
        TokmonError, match=r'zst: zstd needs zstandard.*pip install "tokmon\[data\]"'
    ):
        jsonl(path).list_files()


def test_a_missing_pyarrow_is_one_line(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    monkeypatch.delitem(sys.modules, "pyarrow.parquet", raising=False)

    with pytest.raises(TokmonError, match=r'Parquet needs pyarrow.*pip install "tokmon\[data\]"'):
        parquet(tmp_path / "rows.parquet")


TEXT_TYPES = [
    pa.string(), pa.large_string(), pa.binary(), pa.string_view(),
    pa.dictionary(pa.int32(), pa.string()),
]  # fmt: skip


@pytest.mark.parametrize("kind", TEXT_TYPES, ids=str)
def test_parquet_gives_the_same_records_as_json_lines(tmp_path, kind):
    columns = {name: [row[name] for row in ROWS] for name in ("repo", "text")}
    table = pa.table(
        {"id": [1, 2, 3], "text": pa.array(columns["text"]).cast(kind), "repo": columns["repo"]}
    )
    path = tmp_path / "rows.parquet"
    pq.write_table(table, path, row_group_size=2)

    assert content(parquet(path)) == EXPECTED


def test_rows_without_a_text_or_with_a_giant_one_are_counted(tmp_path):
    path = tmp_path / "rows.parquet"
    table = {"content": ["x = 1\n", None, "y" * 101, "end"], "repo_name": ["a", "b", None, None]}
    pq.write_table(pa.table(table), path)
    source = parquet(path, max_file_bytes=100)

    (first, second) = content(source)

    assert first == ("a", b"x = 1\n")
    assert second[0].startswith("bucket ")
    assert source.list_files().skipped == {"no_text": 1, "too_large": 1}


@pytest.mark.parametrize(
    ("table", "columns", "message"),
    [
        (
            {"body": ["x"], "id": [1]},
            {},
            r"no column text or content or code; .*columns are: body, id",
        ),
        ({"text": ["x"]}, {"text_column": "txt"}, r"no column txt; .*columns are: text"),
        ({"text": [1, 2]}, {}, r"column text holds int64, not text"),
        ({"text": ["x"]}, {"unit_column": "repo"}, r"no column repo; .*columns are: text"),
    ],
)
def test_columns_that_are_not_there_are_explained(tmp_path, table, columns, message):
    path = tmp_path / "rows.parquet"
    pq.write_table(pa.table(table), path)

    with pytest.raises(TokmonError, match=message):
        parquet(path, **columns).list_files()


def test_a_parquet_file_of_a_million_rows_a_group_is_streamed(tmp_path):
    path = tmp_path / "rows.parquet"
    pq.write_table(pa.table({"text": [f"x = {n}\n" * 40 for n in range(20_000)]}), path)
    before = pa.total_allocated_bytes()

    with parquet(path).reading() as read:
        assert read("0:19999") == b"x = 19999\n" * 40
        assert pa.total_allocated_bytes() - before < 4 * MIB


def test_text_files_are_documents(tmp_path):
    written(tmp_path, b"one = 1\n", "one.pyi")
    written(tmp_path, gzip.compress(b"two = 2\n"), "two.pyi.gz")
    source = '[[source]]\nkind = "text"\npath = "*.pyi*"\n'

    corpus = open_or_build(write_recipe(tmp_path, source, 'validation = ["two.pyi.gz"]'))

    assert (texts(corpus.train), texts(corpus.val)) == (["one = 1\n"], ["two = 2\n"])
    giant = text_reader(TextSource(path=str(tmp_path / "one.pyi")), Path(), 7)
    with pytest.raises(TokmonError, match=r"\(too_large 1\)"):
        giant.list_files()


def survives(source):
    """List and read all; faults are those that a build counts, or one line for the user."""
    try:
        files = source.list_files().files
    except TokmonError as error:
        return "\n" not in str(error)
    with source.reading() as read:
        for file in files:
            with suppress(OSError):
                assert len(read(file.path)) == file.size
    return True


PIECES = st.sampled_from(
    [b'{"text": "', b"{", b"}", b'"', b"\n", b"\\u", b"d800", b"[" * 2000, b'"repo":', b"null",
     b"\xff", b"\0", b"\xef\xbb\xbf", b"\x1f\x8b", b"BZh9", b"\x28\xb5\x2f\xfd", b"\xfd7zXZ\0"]
)  # fmt: skip


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.one_of(st.binary(max_size=300), st.lists(PIECES | st.binary(max_size=5)).map(b"".join)))
def test_no_bytes_are_fatal_as_json_lines(tmp_path_factory, content):
    assert survives(jsonl(written(tmp_path_factory.mktemp("any"), content), max_file_bytes=100))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data(), st.sampled_from([".gz", ".bz2", ".xz", ".zst", ".parquet"]))
def test_no_damage_is_fatal(tmp_path_factory, data, suffix):
    path = tmp_path_factory.mktemp("damage") / f"rows{suffix}"
    if suffix == ".parquet":
        pq.write_table(pa.Table.from_pylist(ROWS * 20), path)
    else:
        path.write_bytes(PACK[suffix](lines(*ROWS * 20)))
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(content[: data.draw(st.integers(1, len(content)))])

    assert survives(parquet(path) if suffix == ".parquet" else jsonl(path))


TEXTS = st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=20), min_size=1)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(TEXTS)
def test_every_text_comes_back_as_it_was(tmp_path_factory, documents):
    folder = tmp_path_factory.mktemp("texts")
    rows = [{"text": text} for text in documents]
    pq.write_table(pa.Table.from_pylist(rows), folder / "rows.parquet")

    from_json = content(jsonl(written(folder, lines(*rows))))

    assert [text.decode() for _, text in from_json] == documents
    assert content(parquet(folder / "rows.parquet")) == from_json
