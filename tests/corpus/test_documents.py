import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainer.corpus.documents import Skip, document_text


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", Skip.EMPTY),
        (b" \r\n\t\n", Skip.EMPTY),
        (b"\xef\xbb\xbf", Skip.EMPTY),
        (b"x = '\0'\n", Skip.NUL),
        ("x = 1".encode("utf-16"), Skip.NUL),
        ("# caf\xe9\n".encode("latin-1"), Skip.NOT_UTF8),
        (b"\xed\xa0\x80", Skip.NOT_UTF8),
        (b"x = 1\n", "x = 1\n"),
        (b"\xef\xbb\xbfx = 1\r\ny = 2\rz\n\r", "x = 1\ny = 2\nz\n\n"),
    ],
)
def test_a_file_becomes_text_or_a_reason(content, expected):
    assert document_text(content) == expected


@given(st.binary())
def test_no_content_is_fatal(content):
    text = document_text(content)

    if not isinstance(text, Skip):
        assert text.strip()
        assert "\r" not in text
        assert text.encode()
