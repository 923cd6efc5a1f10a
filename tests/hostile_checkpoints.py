"""Checkpoint files that a trainer of ours never writes, with sidecars that vouch for them."""

import hashlib
import io
import os
import pickle
import struct
import zipfile
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from tokmon.rundir.layout import RunDir
from tokmon.rundir.records import CheckpointInfo, encode


def commit(path: Path, raw: bytes, step: int = 4) -> Path:
    """Write `raw` as the checkpoint `path` with a sidecar that matches it."""
    path.write_bytes(raw)
    sha256 = hashlib.sha256(raw).hexdigest()
    info = CheckpointInfo(step=step, sha256=sha256, bytes=len(raw), val_loss=1.0)
    RunDir.sidecar(path).write_bytes(encode(info) + b"\n")
    return path


def saved(content: Any) -> bytes:
    """Return what torch.save makes of `content`."""
    file = io.BytesIO()
    torch.save(content, file)
    return file.getvalue()


class Command:
    """Unpickling it runs a shell command."""

    def __init__(self, command: str) -> None:
        self.command = command

    def __reduce__(self) -> tuple[object, ...]:
        return os.system, (self.command,)


class Touch:
    """Unpickling it makes a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, ...]:
        return Path.touch, (self.path,)


def malicious(mark: Path) -> dict[str, bytes]:
    """Return files whose careless loading makes the file `mark`, by kind."""
    command = Command(f'echo x > "{mark}"')
    return {
        "in a torch file": saved({"format": 1, "step": 4, "model": command}),
        "as a method call": saved({"format": 1, "step": 4, "model": Touch(mark)}),
        "as a bare pickle": pickle.dumps(command, protocol=2),
        "as a newer pickle": pickle.dumps(command, protocol=5),
        "in the old torch format": _old_format({"format": 1, "model": command}),
    }


def archive(program: bytes, compression: int = zipfile.ZIP_STORED, **data: bytes) -> bytes:
    """Return a .pt file around a pickle."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as parts:
        parts.writestr("archive/data.pkl", program)
        parts.writestr("archive/version", b"3\n")
        parts.writestr("archive/byteorder", b"little")
        for key, content in data.items():
            parts.writestr(f"archive/data/{key.lstrip('_')}", content)
    return file.getvalue()


def pickle_of(raw: bytes) -> bytes:
    """Return the pickle in a .pt file."""
    return zipfile.ZipFile(io.BytesIO(raw)).read("archive/data.pkl")


def with_pickle(raw: bytes, change: Callable[[bytes], bytes]) -> bytes:
    """Return a .pt file with its pickle changed, its checksums right."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(raw)) as old, zipfile.ZipFile(file, "w") as new:
        for name in old.namelist():
            part = old.read(name)
            new.writestr(name, change(part) if name.endswith("data.pkl") else part)
    return file.getvalue()


def odd_files() -> dict[str, Callable[[], bytes]]:
    """Return files that are damaged, monstrous or something else, by kind."""
    return {
        "nothing": lambda: b"",
        "zeros": lambda: bytes(100_000),
        "text": lambda: b"this is not a checkpoint",
        "an empty zip": lambda: archive(b"")[-22:],
        "an empty pickle": lambda: archive(b""),
        "a list": lambda: saved([1, 2]),
        "a string": lambda: saved("weights"),
        "a tensor": lambda: saved(torch.zeros(3)),
        "another format": lambda: saved({"format": 2, "step": 1}),
        "a tensor as format": lambda: saved({"format": torch.ones(2), "step": 1}),
        "a dict that is none": lambda: saved(OrderedDict(format=1)),
        "a TorchScript archive": _torchscript,
        "a zip bomb": lambda: archive(b"\x80\x02]q\x00." + bytes(2**26), zipfile.ZIP_DEFLATED),
        "a list in itself": lambda: archive(b"\x80\x02]q\x00h\x00a."),
        "a dict in itself": lambda: archive(b"\x80\x02}q\x00X\x06\x00\x00\x00formath\x00s."),
        "pairs of pairs as a key": lambda: archive(
            b"\x80\x02})q\x00" + b"h\x00h\x00\x86q\x00" * 60 + b"K\x01s."
        ),
        "a deep tuple as a key": lambda: archive(b"\x80\x02})" + b"\x85" * 500_000 + b"K\x01s."),
        "a deep list": lambda: archive(b"\x80\x02" + b"]" * 100_000 + b"a" * 99_999 + b"."),
        "a huge storage": lambda: _tensor(numbers=2**40, shape=4),
        "a storage of minus one": lambda: _tensor(numbers=-1, shape=4),
        "a huge tensor": lambda: _tensor(numbers=4, shape=2**40),
        "a huge bytearray": lambda: archive(
            b"\x80\x02cbuiltins\nbytearray\n\x8a\x06" + (2**40).to_bytes(6, "little") + b"\x85R."
        ),
        "an unknown opcode": lambda: archive(b"\x80\x02\x99."),
        "a newer protocol": lambda: archive(b"\x80\x04}\x94."),
    }


def _torchscript() -> bytes:
    file = io.BytesIO()
    plain = zipfile.ZipFile(io.BytesIO(saved({"format": 1})))
    with plain, zipfile.ZipFile(file, "w") as script:
        for name in plain.namelist():
            script.writestr(name, plain.read(name))
        # What makes it one to PyTorch.
        script.writestr("archive/constants.pkl", plain.read("archive/data.pkl"))
    return file.getvalue()


def _old_format(content: Any) -> bytes:
    file = io.BytesIO()
    torch.save(content, file, _use_new_zipfile_serialization=False)
    return file.getvalue()


def _tensor(numbers: int, shape: int) -> bytes:
    """Return a file with a tensor that claims `numbers` stored ones and a shape."""
    tensor = (
        b"ctorch._utils\n_rebuild_tensor_v2\n(("
        + b"".join((_text("storage"), b"ctorch\nFloatStorage\n", _text("0"), _text("cpu")))
        + b"".join((_number(numbers), b"tQ", _number(0), _number(shape), b"\x85"))
        + b"".join((_number(1), b"\x85\x89ccollections\nOrderedDict\n)RtR"))
    )
    program = b"\x80\x02}" + _text("format") + b"K\x01s" + _text("model") + tensor + b"s."
    return archive(program, _0=bytes(16))


def _text(text: str) -> bytes:
    return b"X" + struct.pack("<I", len(text)) + text.encode()


def _number(number: int) -> bytes:
    return b"\x8a\x08" + struct.pack("<q", number)
