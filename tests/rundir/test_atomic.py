"""Files are replaced whole or not at all."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from tokmon.rundir.atomic import is_temporary, replacing, write_atomic


def test_a_failed_write_leaves_the_old_content_and_no_temporary_file(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_atomic(path, b"old")

    def fail() -> None:
        with replacing(path) as temporary:
            temporary.write_bytes(b"half")
            raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        fail()

    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_readers_never_see_a_part_and_kill_leaves_a_whole_file(tmp_path: Path) -> None:
    path = tmp_path / "file"
    program = (
        "import itertools, sys; from pathlib import Path\n"
        "from tokmon.rundir.atomic import write_atomic\n"
        "for i in itertools.count(): write_atomic(Path(sys.argv[1]), bytes([i % 256]) * 50_000)"
    )
    writer = subprocess.Popen([sys.executable, "-c", program, str(path)])
    seen = set()
    deadline = time.monotonic() + 30
    while len(seen) < 20 and time.monotonic() < deadline:
        content = path.read_bytes() if path.exists() else b""
        assert len(set(content)) <= 1
        assert len(content) in (0, 50_000)
        seen.update(content[:1])
    writer.kill()
    writer.wait()

    assert len(seen) >= 20
    assert len(path.read_bytes()) == 50_000
    assert all(is_temporary(other) for other in tmp_path.iterdir() if other != path)
