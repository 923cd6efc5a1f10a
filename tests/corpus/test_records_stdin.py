import io
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from tests.corpus.samples import PACKAGES

ROOT = Path(__file__).parents[2]
ROWS = b'{"text": "x = 1\\n", "repo": "alpha"}\n{"text": "y = 2\\n", "repo": "beta"}\n'
BUILDER = """
import sys
from pathlib import Path
from tokmon.rundir.errors import TokmonError
from trainer.corpus.build import open_or_build

try:
    corpus = open_or_build(Path(sys.argv[1]))
    print(corpus.manifest.name, corpus.manifest.documents, corpus.folder.name)
except TokmonError as error:
    print(error)
"""


def build(content: bytes, reference: str | Path = "-") -> str:
    done = subprocess.run(
        [sys.executable, "-c", BUILDER, str(reference)],
        cwd=ROOT, input=content, capture_output=True, check=False, timeout=120,
    )  # fmt: skip
    assert not done.stderr
    return done.stdout.decode().strip()


def tar_of_packages() -> bytes:
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz") as archive:
        for name, text in PACKAGES.items():
            info = tarfile.TarInfo(name)
            info.size = len(text)
            archive.addfile(info, io.BytesIO(text.encode()))
    return content.getvalue()


def test_json_lines_are_kept_for_the_build_only(cache):
    first = build(ROWS)

    assert first.startswith("stdin 2 ")
    assert build(ROWS) == first
    assert build(ROWS.replace(b"1", b"7")) != first
    assert list((cache / "stdin").iterdir()) == []


def test_an_archive_is_told_by_its_bytes():
    assert build(tar_of_packages()).startswith("stdin 5 ")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "-: standard input is empty; pipe JSON lines"),
        (b"x = 1\n", "-: standard input is one plain document, and a document is never split"),
    ],
)
def test_what_makes_no_corpus_is_one_line(content, message):
    assert build(content).startswith(message)


def test_a_recipe_takes_a_plain_document_beside_another_source(tmp_path):
    (tmp_path / "held.txt").write_text("held = 1\n")
    recipe = tmp_path / "mixed.toml"
    recipe.write_text(
        'name = "mixed"\n[split]\nvalidation = ["held.txt"]\n[[source]]\nkind = "text"\n'
        'path = "-"\n[[source]]\nkind = "text"\npath = "held.txt"\n'
    )

    assert build(b"x = 1\n", recipe).startswith("mixed 2 ")
