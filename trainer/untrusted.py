"""Turns the bytes of a checkpoint into objects. Must not do what they say, nor drown in it.

A .pt file is a zip of stored members, one of them a pickle: a program for a small machine. Of it
PyTorch's `weights_only` loader runs what it holds for harmless. That is more than a checkpoint
needs, so what no checkpoint of ours holds is refused before that loader sees it.
"""

import io
import pickle
import pickletools
import re
import struct
import warnings
import zipfile
import zlib
from collections.abc import Iterator

import torch

# All that tensors and state_dict() refer to by name.
_KNOWN_NAME = re.compile(
    r"torch [A-Z]\w*Storage|torch\._utils _rebuild_tensor_v2|collections OrderedDict"
)
# A tuple is hashed, compared and deleted part by part, a shared part each time it is met: forty
# pairs of the pair before take 2^40 steps, and a hundred thousand in one another end the process.
_MAX_TUPLE_PARTS = 1000
_REASON_LENGTH = 200
# Found by feeding the loader mutated pickles; it passes on what its own code trips over.
_LOADER_ERRORS = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    EOFError,
    LookupError,
    MemoryError,
    RuntimeError,
    TypeError,
    ValueError,
    pickle.UnpicklingError,
    struct.error,
)
_ZIP_ERRORS = (
    EOFError,
    LookupError,
    NotImplementedError,
    OSError,
    RuntimeError,
    ValueError,
    struct.error,
    zipfile.BadZipFile,
    zlib.error,
)


class RefusedError(Exception):
    """The bytes are not what a trainer of ours writes; one line says why."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason.partition("\n")[0][:_REASON_LENGTH])


def read_objects(raw: bytes) -> object:
    """Return what torch.save wrote into `raw`, tensors on the CPU.

    Raises:
        RefusedError: the bytes are damaged, or would do more than hold tensors and numbers.
    """
    with warnings.catch_warnings():
        # Of what is then refused both readers warn, in several lines.
        warnings.simplefilter("ignore")
        _vet(_pickle_in(raw))
        try:
            return torch.load(io.BytesIO(raw), map_location="cpu", weights_only=True)
        except _LOADER_ERRORS as error:
            raise RefusedError(str(error) or type(error).__name__) from error


def _pickle_in(raw: bytes) -> bytes:
    """Return the pickle of a .pt file whose members are all stored as they are."""
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            members = archive.infolist()
            is_stored = all(member.compress_type == zipfile.ZIP_STORED for member in members)
            if not is_stored or sum(member.file_size for member in members) > len(raw):
                raise RefusedError("its parts unpack to more than the file")
            pickles = [member for member in members if member.filename.endswith("/data.pkl")]
            if len(pickles) != 1:
                raise RefusedError("not written by torch.save")
            return archive.read(pickles[0])
    except _ZIP_ERRORS as error:
        raise RefusedError(f"not written by torch.save: {error}") from error


def _vet(program: bytes) -> None:
    """Raise RefusedError if a pickle refers to unknown names, or holds a monstrous tuple."""
    try:
        for code, argument, _ in pickletools.genops(program):
            if code.name == "GLOBAL" and not _KNOWN_NAME.fullmatch(str(argument)):
                name = str(argument).replace(" ", ".")
                raise RefusedError(f"it refers to {name}, which no checkpoint needs")
        if any(parts > _MAX_TUPLE_PARTS for parts in _tuple_sizes(program)):
            raise RefusedError("it holds a tuple of too many parts")
    except (ValueError, LookupError) as error:
        raise RefusedError("its pickle is damaged") from error


def _tuple_sizes(program: bytes) -> Iterator[int]:
    """Yield of each tuple how many parts it has, those of its parts included.

    Runs the pickle with sizes in place of objects. Only tuples count: other containers are kept by
    reference, and cannot be keys.
    """
    stack: list[int] = []
    marks: list[int] = []
    memo: dict[object, int] = {}
    for code, argument, _ in pickletools.genops(program):
        if code.name in ("BINPUT", "LONG_BINPUT"):
            memo[argument] = stack[-1]
        elif code.name in ("BINGET", "LONG_BINGET"):
            stack.append(memo[argument])
        elif code.name == "MARK":
            marks.append(len(stack))
        else:
            taken = _take(stack, marks, code)
            is_tuple = code.stack_after == [pickletools.pytuple]
            size = 1 + sum(taken) if is_tuple else 1
            if is_tuple:
                yield size
            stack += [size] * len(code.stack_after)


def _take(stack: list[int], marks: list[int], code: pickletools.OpcodeInfo) -> list[int]:
    """Take off the stack what an opcode takes, and return it."""
    has_mark = pickletools.markobject in code.stack_before
    top = marks.pop() if has_mark else len(stack)
    start = top - len(code.stack_before) + 2 * has_mark
    if start < 0:
        raise LookupError("it takes more than there is")
    taken = stack[start:]
    del stack[start:]
    return taken
