"""Small real sources: trees of .py files, recipes, wheels."""

import base64
import hashlib
import zipfile
from pathlib import Path

from trainer.corpus.store import Corpus, Split
from trainer.tokenizer import load_tokenizer

CONFIGS = Path(__file__).parents[2] / "configs" / "corpora"
PACKAGES = {
    "alpha/__init__.py": "ALPHA = 1\n",
    "alpha/deep/inner.py": "def inner():\n    return 'alpha'\n",
    "beta/__init__.py": "BETA = 2\n",
    "gamma.py": "class Gamma:\n    value = 3\n",
    "delta.py": "for delta in range(4):\n    print(delta)\n",
}


def write_tree(folder: Path, files: dict[str, str | bytes]) -> Path:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


def write_recipe(
    folder: Path, sources: str = '[[source]]\nkind = "folder"\npath = "src"', split: str = ""
) -> Path:
    path = folder / "sample.toml"
    path.write_text(f'name = "sample"\n[split]\n{split}\n{sources}\n', encoding="utf-8")
    return path


def texts(split: Split) -> list[str]:
    """Return the documents of a split, each without its end-of-text."""
    tokenizer = load_tokenizer()
    documents = []
    for start, end in zip(split.offsets[:-1], split.offsets[1:], strict=True):
        assert split.tokens[end - 1] == tokenizer.end_of_text
        documents.append(tokenizer.decode(split.tokens[start : end - 1].tolist()))
    return documents


def units(corpus: Corpus) -> dict[str, tuple[str, ...]]:
    return {split: counts.units for split, counts in corpus.manifest.splits.items()}


def write_wheel(folder: Path, name: str, version: str, files: dict[str, str]) -> str:
    """Write a wheel that pip accepts; return its sha256."""
    info = f"{name}-{version}.dist-info"
    content = files | {
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(
        f"{path},sha256={_digest(text)},{len(text)}\n" for path, text in content.items()
    )
    path = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for member, text in content.items():
            archive.writestr(member, text)
        archive.writestr(f"{info}/RECORD", f"{record}{info}/RECORD,,\n")
    return hashlib.sha256(path.read_bytes()).hexdigest()


def wheel_source(name: str, version: str, sha256: str) -> str:
    return (
        f'[[source]]\nkind = "wheel"\nname = "{name}"\nversion = "{version}"\n'
        f'sha256 = "{sha256}"\nlicence = "MIT"\n'
    )


def _digest(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
