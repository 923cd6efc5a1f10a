import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from click.testing import CliRunner

from tests.sampling.tiny import damage, publish, run_with_best, saying, tiny_config
from tokmon.cli import main

ROOT = Path(__file__).parents[2]
KEYS = [
    *("prompt", "text", "tokens", "seed", "finish_reason"),
    *("seq_rep_4", "collapsed", "tokens_per_sec"),
]


def command(*arguments):
    return [sys.executable, "-m", "tokmon", "sample", *map(str, arguments)]


def tokmon(*arguments, stdin=b""):
    return subprocess.run(command(*arguments), input=stdin, capture_output=True, cwd=ROOT)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return run_with_best(tmp_path_factory.mktemp("logs"))


def usage(*arguments):
    return CliRunner().invoke(main, ["sample", *arguments])


def test_json_is_a_line_per_sample_with_exactly_the_stable_keys(run):
    ended = tokmon(
        *(run.path, "--json", "--prompt", "def f", "--prompt", "", "--prompt", "-", "-n", 2),
        *("--seed", 7, "--max-new-tokens", 5, "--device", "cpu"),
        stdin="été\n".encode(),
    )

    samples = [json.loads(line) for line in ended.stdout.splitlines()]
    assert ended.returncode == 0
    assert [list(sample) for sample in samples] == [KEYS] * 6
    assert [sample["prompt"] for sample in samples[::2]] == ["def f", "", "été\n"]
    assert [sample["seed"] for sample in samples] == [7, 8] * 3
    assert {sample["tokens"] for sample in samples} == {5}
    assert samples[0]["text"] != samples[1]["text"]


def test_text_goes_to_stdout_and_what_is_known_of_it_to_stderr(tmp_path):
    run = run_with_best(tmp_path)
    config = tiny_config()
    publish(run.best, saying("naïve\x1b[31m 🙂", config), config, step=5, val_loss=1.0)

    ended = tokmon(run.path, "--prompt", "", "-n", 2, "--temperature", 0)

    assert ended.stdout.decode() == "naïve\x1b[31m 🙂\n" * 2
    talk = ended.stderr.decode().split("--- ")
    assert talk[1].startswith("tiny_best.pt, step 5, cpu")
    assert "seed 0: 7 tokens (end_of_text) at " in talk[1]
    assert "seq-rep-4 0.000, not collapsed" in talk[1]
    assert "seed 1: " in talk[2]


@pytest.mark.skipif(os.name == "nt", reason="a terminal is opened as POSIX has it")
def test_a_terminal_gets_no_control_characters_and_a_stand_in_is_told(tmp_path):
    import pty

    run = run_with_best(tmp_path)
    config = tiny_config()
    speaker = saying("a\x1b]0;title\x07b", config)
    publish(run.step_checkpoint(50), speaker, config, step=50, val_loss=6.0)
    damage(run.best)
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        command(run.path, "--prompt", "", "--prompt", "\x9bp", "--max-new-tokens", 9),
        stdout=theirs,
        stderr=subprocess.PIPE,
        cwd=ROOT,
    )
    _, talk = process.communicate()
    os.close(theirs)
    shown = os.read(ours, 1000)
    os.close(ours)

    assert process.returncode == 0
    assert shown.startswith(b"a^[]0;title^Gb\r\n\\x9bp")
    assert b"\x1b" not in shown
    assert b"note: " in talk
    assert b"tiny_step50.pt stands in for tiny_best.pt" in talk


@pytest.mark.skipif(os.name == "nt", reason="Windows sends no SIGINT to one process")
def test_ctrl_c_ends_with_130_and_without_a_child(run):
    process = subprocess.Popen(
        command(run.path, "--prompt", "x", "--max-new-tokens", 10**9),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=ROOT,
    )
    assert process.stdout.read(20)
    (child,) = psutil.Process(process.pid).children()

    process.send_signal(signal.SIGINT)
    _, talk = process.communicate()

    assert process.returncode == 130
    assert b"Traceback" not in talk
    assert not child.is_running()


def test_a_reader_that_has_enough_ends_it_quietly(run):
    process = subprocess.Popen(
        command(run.path, "--prompt", "x", "--max-new-tokens", 10**9),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=ROOT,
    )
    assert process.stdout.read(20)
    process.stdout.close()

    with process.stderr as stderr:
        talk = stderr.read()
    process.wait()

    assert b"Traceback" not in talk
    assert b"Error" not in talk
    assert b"Exception" not in talk


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "Missing argument"),
        (["here"], "Missing option '--prompt'"),
        (["here", "--prompt", "x", "--temperature", "-1"], "-1.0 is not in the range"),
        (["here", "--prompt", "x", "--temperature", "nan"], "nan is not a finite number"),
        (["here", "--prompt", "x", "--top-p", "0"], "0.0 is not in the range"),
        (["here", "--prompt", "x", "--top-k", "-3"], "-3 is not in the range"),
        (["here", "--prompt", "x", "--max-new-tokens", "0"], "0 is not in the range"),
        (["here", "--prompt", "x", "-n", "0"], "0 is not in the range"),
        (["here", "--prompt", "x", "--seed", "-1"], "-1 is not in the range"),
    ],
)
def test_wrong_usage_is_told_with_exit_code_2(arguments, message):
    result = usage(*arguments)

    assert result.exit_code == 2
    assert message in result.stderr


def test_a_missing_run_is_one_line_and_exit_code_1(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = usage("logs/nothing", "--prompt", "x")

    assert result.exit_code == 1
    assert result.stdout == ""
    assert "Error: logs/nothing: no such run directory or checkpoint; " in result.stderr
    assert "Traceback" not in result.stderr


def test_a_prompt_that_is_not_text_is_refused(tmp_path):
    result = usage(str(tmp_path), "--prompt", "a\udcff")

    assert result.exit_code == 1
    assert "the prompt is not UTF-8 text" in result.stderr


def test_stdin_that_is_not_text_is_refused(tmp_path):
    result = CliRunner().invoke(main, ["sample", str(tmp_path), "--prompt", "-"], input=b"\xff")

    assert result.exit_code == 1
    assert "the prompt is not UTF-8 text" in result.stderr
