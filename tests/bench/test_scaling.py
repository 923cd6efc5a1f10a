"""`bench/scaling.py` and how all benchmarks of speed end: as users start them."""

import json
import signal
import sys
from pathlib import Path

import pytest
import torch

from bench.speed.process import run_to_end
from tests.bench.programs import ROOT, bench, stopped_after

pytestmark = pytest.mark.slow

TINY = [
    word
    for key, value in {
        "model.width": 16, "model.heads": 2, "model.mlp": 16, "model.layers": 1,
        "model.vocab": 64, "data.seq_len": 8,
    }.items()
    for word in ("--set", f"{key}={value}")
]  # fmt: skip
TINY += ["--warmup", "1", "--steps", "2"]
NOTHING_SWEPT = ["--width", "--layers", "--batch", "--sequence", "--ranks"]
NO_SIGNALS = pytest.mark.skipif(sys.platform == "win32", reason="signals end processes there")


def test_a_prediction_alone_takes_no_measuring(tmp_path: Path) -> None:
    answer = bench("scaling", "--only-predict", "--gpus", "1", "8", "--out", str(tmp_path / "p.md"))

    assert answer.returncode == 0, answer.stderr
    assert answer.stderr == ""
    page = (tmp_path / "p.md").read_text()
    assert answer.stdout.strip() == page.strip()
    assert "This is a PREDICTION" in page
    assert "`python bench/scaling.py --only-predict --gpus 1 8 --out p.md`" in page
    numbers = json.loads((tmp_path / "p.json").read_text())
    assert numbers["prediction"]["is"] == "a prediction, not a measurement"
    assert numbers["machine"]["cores"]
    assert [one["gpus"] for one in numbers["prediction"]["same_batch"]] == [1, 8, 8]


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
@pytest.mark.parametrize("name", ["scaling", "training_speed"])
def test_a_gpu_that_is_not_there_is_one_line_before_anything_is_built(
    name: str, tmp_path: Path
) -> None:
    cache, out = tmp_path / "cache", tmp_path / "out" / "page.md"

    answer = bench(name, "--device", "cuda", "--out", str(out), TOKMON_CACHE=str(cache))

    assert answer.returncode == 1
    assert answer.stdout == ""
    (line,) = answer.stderr.splitlines()
    assert line.startswith("Error: --device cuda: PyTorch finds no GPU here")
    assert not cache.exists()
    assert not out.parent.exists()


@pytest.mark.parametrize(
    ("words", "code", "reason"),
    [
        (["--config", "gone.toml"], 1, "Error: gone.toml"),
        (["--set", "model.widht=3"], 1, "widht"),
        (["--width", "0"], 2, "0 is not positive"),
        (["--nvlink-gb-s", "0"], 2, "not above zero"),
        (["--out", "page.txt"], 2, "not a .md file"),
    ],
)
def test_what_the_user_got_wrong_is_said_in_a_line(
    words: list[str], code: int, reason: str
) -> None:
    answer = bench("scaling", *words)

    assert answer.returncode == code
    assert reason in answer.stderr.splitlines()[-1]
    assert "Traceback" not in answer.stderr


@pytest.mark.slow
def test_a_small_sweep_measures_what_it_can_and_says_why_not(tmp_path: Path) -> None:
    out = tmp_path / "page.md"
    swept = ["--set", "data.batch_size=3", "--width", "17", "--layers", "--batch", "--sequence"]
    has_ranks = sys.platform != "win32"  # torchrun needs libuv there
    swept += ["--ranks", "2"] if has_ranks else ["--ranks"]

    answer = bench("scaling", *TINY, *swept, "--out", str(out))

    assert answer.returncode == 0, answer.stderr
    numbers = json.loads(out.with_suffix(".json").read_text())
    by_name = {(p["point"]["dimension"], p["point"]["value"]): p for p in numbers["points"]}
    base = by_name["base", 0]
    assert base["numbers"]["tokens_per_sec"] > 0
    assert base["numbers"]["peak_bytes"] > 2**26
    assert 0 < base["numbers"]["mfu"] < base["numbers"]["floor_share"] < 1
    assert "multiple" in by_name["width", 17]["failed"]
    if has_ranks:
        assert "multiple of the 2 ranks" in by_name["ranks", 2]["failed"]
        both = by_name["ranks_same_share", 2]
        assert both["tokens_per_step"] == 2 * 3 * 8
        assert both["numbers"]["tokens_per_sec"] > 0
        assert both["plan"] == base["plan"]
    page = out.read_text()
    assert str(ROOT) not in page
    assert "Versions: python" in page
    assert page.index("## How it was measured") < page.index("## PREDICTION")


@NO_SIGNALS
@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_sweep_that_is_stopped_writes_what_it_has_and_leaves_nobody(
    tmp_path: Path, number: signal.Signals
) -> None:
    out = tmp_path / "page.md"
    more = ["--width", "--layers", "2", "3", "--batch", "--sequence", "--ranks"]

    code, said, at_work = stopped_after(
        "1/3  base", number, tmp_path, "scaling", *TINY, *more, "--out", str(out)
    )

    assert code == 128 + number, said
    assert f"**Cut short:** {number.name} came after 1 of 3 points" in out.read_text()
    assert len(json.loads(out.with_suffix(".json").read_text())["points"]) == 1
    assert not any(process.is_running() for process in at_work)


@NO_SIGNALS
@pytest.mark.slow
def test_a_comparison_that_is_stopped_writes_the_rounds_that_were_whole(tmp_path: Path) -> None:
    out = tmp_path / "page.md"
    words = ["--contestants", "gemm:dtype=float32", "--batch-size", "1", "--warmup", "1"]
    words += ["--steps", "1", "--rounds", "50", "--out", str(out)]

    code, said, at_work = stopped_after(
        "round 1/50  gemm:dtype=bfloat16", signal.SIGTERM, tmp_path, "training_speed", *words
    )

    assert code == 128 + signal.SIGTERM, said
    assert "**Cut short:** SIGTERM came after 1 of 50 rounds" in out.read_text()
    outcomes = json.loads(out.with_suffix(".json").read_text())["outcomes"]
    assert [len(rounds) for rounds in outcomes.values()] == [1, 1]
    assert not any(process.is_running() for process in at_work)


@NO_SIGNALS
@pytest.mark.slow
def test_one_that_is_stopped_before_anything_was_measured_says_so(tmp_path: Path) -> None:
    out = tmp_path / "page.md"

    code, said, _ = stopped_after(
        "", signal.SIGTERM, tmp_path, "scaling", *TINY, *NOTHING_SWEPT, "--out", str(out)
    )

    assert code == 128 + signal.SIGTERM
    assert said == "SIGTERM: nothing was measured yet\n"
    assert not out.exists()


def test_a_program_that_runs_over_its_limit_is_ended_with_all_it_started(tmp_path: Path) -> None:
    child = "import os, time; print(os.getpid(), flush=True); time.sleep(100)"
    program = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"

    ended = run_to_end([sys.executable, "-c", program], 3.0, tmp_path, {"PATH": ""})

    assert ended.exit_code is None
    assert ended.fault == "ran over its time"
    psutil = pytest.importorskip("psutil")
    assert not psutil.pid_exists(int(ended.stdout))


def test_a_program_that_fails_says_why_with_its_last_words(tmp_path: Path) -> None:
    program = "import sys; print('out'); sys.exit('no\\nthe reason\\n=====')"

    ended = run_to_end([sys.executable, "-c", program], 60, tmp_path, {"PATH": ""})

    assert (ended.exit_code, ended.stdout.strip(), ended.fault) == (1, "out", "the reason")
