"""What a process says is in its output log, whoever says it and however it ends."""

import subprocess
import sys
from pathlib import Path

import pytest


def run_program(
    body: str, path: Path, *, is_quiet: bool = False
) -> subprocess.CompletedProcess[str]:
    program = (
        "import os, sys\nfrom pathlib import Path\nfrom trainer.output import OutputLog\n"
        f"with OutputLog(Path({str(path)!r}), is_quiet={is_quiet}) as output:\n"
        + "".join(f"    {line}\n" for line in body.splitlines())
        + "print('afterwards')\n"
    )
    return subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=60
    )


def test_python_and_native_output_go_to_the_file_and_are_shown(tmp_path: Path) -> None:
    path = tmp_path / "output.log"

    answer = run_program("print('from python')\nos.write(2, b'from a library\\n')", path)

    assert path.read_text() == "from python\nfrom a library\n"
    assert answer.stderr == "from python\nfrom a library\n"
    assert answer.stdout == "afterwards\n"


def test_quiet_shows_nothing(tmp_path: Path) -> None:
    path = tmp_path / "output.log"

    answer = run_program("print('hello')", path, is_quiet=True)

    assert path.read_text() == "hello\n"
    assert answer.stderr == ""


def test_last_words_of_a_process_that_dies_at_once_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "output.log"

    run_program("os.write(1, b'last words')\nos._exit(3)", path)

    assert path.read_text() == "last words"


def test_earlier_output_stays_and_is_not_shown_again(tmp_path: Path) -> None:
    path = tmp_path / "output.log"
    path.write_text("earlier\n")

    answer = run_program("print('now')", path)

    assert path.read_text() == "earlier\nnow\n"
    assert answer.stderr == "now\n"


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX pipes")
def test_a_terminal_that_goes_away_does_not_stop_the_process(tmp_path: Path) -> None:
    path = tmp_path / "output.log"
    body = "for i in range(3): print(i, flush=True); __import__('time').sleep(0.15)"
    program = (
        "from pathlib import Path\nfrom trainer.output import OutputLog\n"
        f"with OutputLog(Path({str(path)!r})):\n    {body}\n"
    )
    process = subprocess.Popen([sys.executable, "-c", program], stderr=subprocess.PIPE)
    assert process.stderr is not None
    process.stderr.close()

    assert process.wait(timeout=60) == 0
    assert path.read_text() == "0\n1\n2\n"
