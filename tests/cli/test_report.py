"""`tokmon report`: where the page goes, how it is kept current, and that its commands run."""

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from tests.cli.commands import command, is_one_line, tokmon
from tests.report.told_runs import TOML, ToldRun, crashed, finished
from tokmon.cli import main
from tokmon.rundir.layout import RunDir

PATIENCE_S = 60.0
posix = pytest.mark.skipif(os.name == "nt", reason="signals, tail and pseudo-terminals")


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, ["report", *(str(argument) for argument in arguments)])


def until(is_true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not is_true():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def live(logs: Path, lines: int = 12) -> ToldRun:
    """Write a run whose trainer is this process and has just given a sign."""
    builder = ToldRun(logs=logs, is_this_process=True).told(lines)
    builder.started = time.time() - builder.elapsed_s
    builder.heartbeat()
    return builder


def test_without_a_file_markdown_goes_to_stdout_without_images(tmp_path: Path) -> None:
    builder = finished(tmp_path)

    result = run(builder.run.path)

    assert result.exit_code == 0
    assert result.stdout.startswith("# `v1_token_bigdata`: FINISHED\n")
    assert "![" not in result.stdout
    assert sorted(path.name for path in tmp_path.iterdir() if path.suffix in (".svg", ".md")) == []


def test_a_file_gets_its_curves_beside_it(tmp_path: Path) -> None:
    builder = finished(tmp_path)
    page = tmp_path / "my status.md"

    result = run(builder.run.path, "-o", page)

    assert (result.exit_code, result.stdout) == (0, "")
    images = re.findall(r"!\[.*\]\((.*)\)", page.read_text(encoding="utf-8"))
    assert images == [f"my%20status_{name}.svg" for name in ("loss", "lr", "tokens")]
    assert (tmp_path / "my status_loss.svg").read_text().startswith("<?xml")


@pytest.mark.parametrize("arguments", [["-o", "page.html"], ["-o", "page.md", "--html"]])
def test_html_is_one_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    builder = finished(tmp_path / "logs")
    monkeypatch.chdir(tmp_path)

    result = run(builder.run.path, *arguments)

    text = (tmp_path / arguments[1]).read_text(encoding="utf-8")
    assert result.exit_code == 0
    assert text.startswith("<!doctype html>")
    assert text.count("<svg") == 3
    assert not re.search(r"\b(href|src)=", text)
    assert 'http-equiv="refresh"' not in text
    assert sorted(path.name for path in tmp_path.iterdir()) == ["logs", arguments[1]]


def test_html_without_a_file_goes_to_stdout(tmp_path: Path) -> None:
    builder = finished(tmp_path)

    assert run(builder.run.path, "--html").stdout.startswith("<!doctype html>")


def test_a_run_is_found_by_its_name_and_held_against_another(tmp_path: Path) -> None:
    finished(tmp_path)
    ToldRun(logs=tmp_path, experiment="other").told(10)

    result = run("v1_token_bigdata", "--against", "other", "--logs", tmp_path)

    assert result.exit_code == 0
    assert "B is `other`" in result.stdout


def test_bad_input_is_one_line(tmp_path: Path) -> None:
    builder, path = finished(tmp_path / "logs"), str(tmp_path / "logs" / "train_v1_token_bigdata")
    other = ToldRun(logs=tmp_path / "logs", experiment="other").told(1)
    os.utime(other.run.run_info, (time.time() + 60, time.time() + 60))
    file_of_run = str(builder.run.log)
    before = builder.run.log.read_bytes()

    answers = [
        tokmon("report", *arguments)
        for arguments in (
            [str(tmp_path / "logs")],
            [str(tmp_path / "nothing")],
            [path, "--against", path],
            [path, "-o", str(tmp_path / "no" / "where.md")],
            [path, "-o", file_of_run],
        )
    ]

    assert all(is_one_line(answer) and answer.returncode == 1 for answer in answers)
    assert [answer.stderr.split(": ", 2)[2].strip() for answer in answers] == [
        f"holds 2 runs; name one of them, such as the newest, {tmp_path}/logs/train_other",
        "no such run directory",
        "is the run itself; name another one with --against",
        "the report cannot be written: No such file or directory; name another place with -o",
        "is a file of the run; name another place with -o",
    ]
    assert builder.run.log.read_bytes() == before


@pytest.mark.parametrize("arguments", [[], ["RUN", "--watch"], ["RUN", "-o", "."]])
def test_wrong_usage_has_exit_code_2(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)

    assert run(*arguments).exit_code == 2


@posix
def test_a_folder_that_may_not_be_written_is_one_line(tmp_path: Path) -> None:
    builder = finished(tmp_path / "logs")
    page = Path("/proc/report.md") if sys.platform == "linux" else Path("/dev/fd/report.md")

    answer = tokmon("report", str(builder.run.path), "-o", str(page))

    assert is_one_line(answer)


@posix
def test_a_link_stays_a_link_and_a_device_a_device(tmp_path: Path) -> None:
    builder = finished(tmp_path / "logs")
    target, link = tmp_path / "real.md", tmp_path / "link.md"
    target.write_text("old")
    link.symlink_to(target)

    assert run(builder.run.path, "-o", link).exit_code == 0
    to_stdout = tokmon("report", str(builder.run.path), "-o", "/dev/stdout")

    assert link.is_symlink()
    assert target.read_text(encoding="utf-8").startswith("# `v1_token_bigdata`")
    assert to_stdout.stdout.startswith("# `v1_token_bigdata`")
    assert not list(Path("/dev").glob("stdout_*"))


@pytest.fixture
def watching(tmp_path: Path) -> Iterator[tuple[ToldRun, Path, subprocess.Popen[str]]]:
    builder, page = live(tmp_path / "logs"), tmp_path / "status.html"
    arguments = command("report", str(builder.run.path), "-o", str(page), "--watch")
    process = subprocess.Popen(arguments, stderr=subprocess.PIPE, text=True)
    try:
        until(page.exists)
        yield builder, page, process
    finally:
        process.kill()
        process.communicate()


def test_watch_follows_the_run_to_its_end(
    watching: tuple[ToldRun, Path, subprocess.Popen[str]],
) -> None:
    builder, page, process = watching
    first = page.read_text(encoding="utf-8")

    for _ in builder.lines(3):
        pass
    builder.heartbeat()
    until(lambda: "1,500 of 50,000" in page.read_text(encoding="utf-8"))
    builder.finish()

    _, stderr = process.communicate(timeout=PATIENCE_S)
    last = page.read_text(encoding="utf-8")
    assert process.returncode == 0
    assert 'http-equiv="refresh"' in first
    assert 'http-equiv="refresh"' not in last
    assert "<strong>FINISHED</strong>" in last
    said = [line.rsplit(" ", 1)[1] for line in stderr.splitlines()]
    assert said == ["RUNNING", "FINISHED"]


@posix
def test_ctrl_c_ends_watching_with_130_and_a_line(
    watching: tuple[ToldRun, Path, subprocess.Popen[str]],
) -> None:
    _, page, process = watching
    whole = page.read_bytes()

    process.send_signal(signal.SIGINT)

    _, stderr = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 130
    assert stderr.splitlines()[-1] == f"stopped; {page} is as it was written last"
    assert "Traceback" not in stderr
    assert page.read_bytes() == whole
    assert not list(page.parent.glob(".*.tmp"))


def test_watching_a_run_that_has_ended_writes_once(tmp_path: Path) -> None:
    builder = finished(tmp_path)

    answer = tokmon("report", str(builder.run.path), "-o", str(tmp_path / "x.md"), "--watch")

    assert answer.returncode == 0
    assert (tmp_path / "x.md").exists()


def commands_of(markdown: str) -> list[str]:
    blocks = re.findall(r"```sh\n(.*?)\n```", markdown, re.DOTALL)
    return [line for block in blocks for line in block.splitlines() if not line.startswith("#")]


@posix
@pytest.mark.parametrize("write", [live, finished, crashed])
def test_every_command_is_one_that_tokmon_takes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, write: Callable[[Path], ToldRun]
) -> None:
    builder = write(tmp_path / "my logs")
    (tmp_path / "configs").mkdir()
    (tmp_path / "configs" / "it's.toml").write_text(TOML)
    monkeypatch.chdir(tmp_path)

    lines = commands_of(run(builder.run.path, "-o", "a b.md").stdout + Path("a b.md").read_text())

    for words in map(shlex.split, lines):
        if words[0] == "tokmon":
            made = main.get_command(click.Context(main), words[1])
            assert made is not None
            # Names and files are looked at; nothing is run.
            made.make_context(words[1], words[2:])
    assert any(words.startswith("tokmon ") for words in lines)


@posix
def test_the_monitoring_commands_run_as_printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    builder = live(tmp_path / "it's my logs")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    run(builder.run.path, "-o", "a b.md")
    text = (tmp_path / "a b.md").read_text(encoding="utf-8")
    section = text.split("## Monitoring\n")[1].split("\n## ")[0]

    for line in commands_of(section):
        builder.started = time.time() - builder.elapsed_s
        builder.heartbeat()
        runs_as_printed(line, builder)


def runs_as_printed(line: str, builder: ToldRun) -> None:
    """Run a line in a shell until it has shown what it is for, then end it."""
    words = shlex.split(line)
    kind = words[1] if words[0] == "tokmon" else words[0]
    if kind == "nvidia-smi" and shutil.which(kind) is None:
        return
    if kind == "watch":
        assert "v1_token_bigdata" in on_a_terminal(line)
        return
    process = subprocess.Popen(
        ["bash", "-c", f"exec {line}"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        if kind == "tail":
            assert process.stdout is not None
            assert process.stdout.readline().strip()
        elif kind == "report":
            page = Path(words[words.index("-o") + 1])
            written_at = page.stat().st_mtime_ns
            until(lambda: page.stat().st_mtime_ns != written_at)
            process.send_signal(signal.SIGINT)
            assert process.wait(PATIENCE_S) == 130
        elif kind == "ctl":
            answer(builder.run, builder)
            assert process.wait(PATIENCE_S) == 0
        else:
            assert process.wait(PATIENCE_S) == 0
    finally:
        process.kill()
        process.communicate()


def answer(run_dir: RunDir, builder: ToldRun) -> None:
    """Say what a trainer says when it has done what it was asked for."""
    until(run_dir.control.exists)
    request = json.loads(run_dir.control.read_text())
    extra = {"request": request["id"], "outcome": "done"}
    builder.event("control", "checkpoint: saved", extra=extra)


def on_a_terminal(line: str) -> str:
    """Run a line on a pseudo-terminal, leave it with q, and return what it drew."""
    import pty

    master, slave = pty.openpty()
    process = subprocess.Popen(
        ["bash", "-c", f"exec {line}"],
        stdin=slave,
        stdout=slave,
        stderr=slave,
        env=os.environ | {"TERM": "xterm-256color", "COLUMNS": "100", "LINES": "30"},
        start_new_session=True,
    )
    os.close(slave)
    drawn = b""
    try:
        # The alternate screen, then its footer: now keys are heard.
        while b"Quit" not in drawn:
            drawn += os.read(master, 65536)
        os.write(master, b"q")
        while process.poll() is None:
            try:
                drawn += os.read(master, 65536)
            except OSError:  # it has left the terminal
                break
        assert process.wait(PATIENCE_S) == 0
    finally:
        process.kill()
        process.wait()
        os.close(master)
    return drawn.decode(errors="replace")
