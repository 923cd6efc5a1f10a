"""`bench/gpu.sh` without a GPU: every part on its own, and the whole with a made nvidia-smi."""

import ctypes
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from bench.gpu.name import slug
from bench.gpu.nvml import plain
from bench.gpu.outcomes import count_tests, gathered
from tests.corpus.samples import write_wheel

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
NO_BASH = pytest.mark.skipif(sys.platform == "win32", reason="needs bash")
SMI = """#!/usr/bin/env bash
case "$*" in
  *utilization.gpu*) echo "0, GPU-0000, NVIDIA GeForce RTX 5090, 3, 512, 32607, 31.5, 575.0, 34" ;;
  *) echo "answer to: $*" ;;
esac
"""


def module(name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", f"bench.gpu.{name}", *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        cwd=ROOT,
    )


def gpu_sh(out: Path, programs: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    search = os.pathsep.join((str(programs), os.environ["PATH"]))
    settings = {"PATH": search, "PYTHON": sys.executable, "DEVICE": "cpu", **environment}
    return subprocess.run(
        ["bash", str(ROOT / "bench" / "gpu.sh"), str(out)],
        capture_output=True,
        text=True,
        timeout=150,
        check=False,
        env=os.environ | settings,
    )


@NO_BASH
def test_the_whole_script_records_machine_run_and_raw_answers(
    tmp_path: Path, source_folder: Path
) -> None:
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "nvidia-smi").write_text(SMI)
    (programs / "nvidia-smi").chmod(0o755)
    out = tmp_path / "out"

    answer = gpu_sh(
        out, programs, CORPUS=str(source_folder), STEPS="machine corpus run", BUDGET_S="120"
    )

    assert answer.returncode == 0, answer.stdout + answer.stderr
    result = json.loads((out / "gpu-rtx-5090.json").read_text())
    assert [step["name"] for step in result["steps"]] == ["machine", "corpus", "run"]
    assert all(step["is_good"] for step in result["steps"])
    assert result["machine"]["versions"]["torch"]
    assert result["run"]["last_line"]["step"] == 20
    assert result["corpus"]["tokens"] > 1000
    page = (out / "gpu-rtx-5090.md").read_text()
    assert "| the run | step 20 in" in page
    assert "| failed steps | none |" in answer.stdout
    raw = out / "gpu-rtx-5090"
    smi = json.loads((raw / "nvidia-smi.json").read_text())
    assert smi["machine"] == result["machine"]
    assert smi["records"][0]["answers"][2]["stdout"] == "answer to: -q\n"
    assert {path.name for path in raw.iterdir()} == {
        "nvidia-smi.json", "nvml.json", "output.txt", "v1_token_bigdata_log.jsonl",
        "v1_token_bigdata_system.jsonl",
    }  # fmt: skip
    assert str(Path.home()) not in page.replace(str(tmp_path), "")


@NO_BASH
def test_what_fails_is_recorded_and_the_rest_goes_on(tmp_path: Path) -> None:
    answer = gpu_sh(
        tmp_path / "out", tmp_path, CORPUS=str(tmp_path / "gone"), STEPS="corpus machine run"
    )

    assert answer.returncode == 1
    written = next((tmp_path / "out").glob("*.json"))
    result = json.loads(written.read_text())
    outcomes = {step["name"]: step["is_good"] for step in result["steps"]}
    assert outcomes["corpus"] is False
    assert outcomes["run"] is False
    assert result["run"] is None
    page = written.with_suffix(".md").read_text()
    assert "## Failed: corpus" in page
    assert "gone: no such" in page or "gone: neither" in page


def step(tmp_path: Path, *arguments: str) -> tuple[int, dict[str, object]]:
    options = [word for word in arguments if word.startswith("--may")]
    rest = [word for word in arguments if word not in options]
    answer = module("step", *options, str(tmp_path), "it", *rest)
    return answer.returncode, json.loads((tmp_path / "it.step.json").read_text())


def test_a_step_keeps_what_was_printed(tmp_path: Path) -> None:
    program = "import sys; print('said'); sys.stderr.write('warned'); sys.exit(3)"

    code, record = step(tmp_path, "60", sys.executable, "-c", program)

    assert code == record["exit_code"] == 3
    assert not record["is_good"]
    assert (tmp_path / "it.out").read_text().strip() == "said"
    assert (tmp_path / "it.err").read_text() == "warned"


@NO_BASH
@pytest.mark.parametrize("option", [[], ["--may-run-out"]])
def test_a_step_that_runs_out_of_time_ends_with_all_it_started(
    tmp_path: Path, option: list[str]
) -> None:
    child = "import os, time; print(os.getpid(), flush=True); time.sleep(100)"
    program = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"

    code, record = step(tmp_path, *option, "2.5", sys.executable, "-c", program)

    assert record["ran_out_of_time"]
    assert (code == 0) == bool(option) == record["is_good"]
    pid = int((tmp_path / "it.out").read_text())
    until_gone(pid)


def until_gone(pid: int) -> None:
    end = time.monotonic() + 20
    while psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < end
        time.sleep(0.05)


@pytest.mark.parametrize("arguments", [("60", "no-such-program"), ("-3", sys.executable)])
def test_a_step_that_cannot_start_is_no_success(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    code, record = step(tmp_path, "--may-run-out", *arguments)

    assert code == record["exit_code"] == 127
    assert not record["is_good"]
    assert (tmp_path / "it.err").read_text()


def test_missing_packages_come_from_wheels_and_a_bad_wheel_keeps_none_away(tmp_path: Path) -> None:
    wheels, site = tmp_path / "wheels", tmp_path / "site"
    wheels.mkdir()
    for name in ("made_up_package", "pytest"):
        write_wheel(wheels, name, "1.0", {f"{name}.py": "FOUND = True\n"})
    (wheels / "an_other-1.0-cp27-none-win32.whl").write_bytes(b"PK")

    answer = module("wheels", str(wheels), str(site))

    assert answer.returncode == 1
    assert "1 of 2 missing packages installed" in answer.stdout
    assert "not installed: an_other-1.0" in answer.stderr
    assert (site / "made_up_package.py").exists()
    assert not (site / "pytest.py").exists()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (" NVIDIA H200", "h200"),
        ("NVIDIA GeForce RTX 5090", "rtx-5090"),
        ("NVIDIA A100-SXM4-80GB MIG 1g.10gb", "a100-sxm4-80gb-mig-1g-10gb"),
        ("../../Tesla T4", "tesla-t4"),
        ("[N/A]", "n-a"),
        ("", "unknown"),
    ],
)
def test_a_gpu_gets_a_name_for_files(name: str, expected: str) -> None:
    assert slug(name) == expected


def test_structures_of_nvml_become_plain() -> None:
    class Memory(ctypes.Structure):
        _fields_ = (("total", ctypes.c_ulonglong), ("name", ctypes.c_char * 8))

    assert plain([Memory(5, b"x"), 1.5, None]) == [{"total": 5, "name": "x"}, 1.5, None]


def test_tests_are_counted_from_what_pytest_wrote(tmp_path: Path) -> None:
    path = tmp_path / "tests.xml"
    path.write_text(
        "<testsuites><testsuite><testcase classname='a' name='one'/>"
        "<testcase classname='a' name='two'><failure/></testcase>"
        "<testcase classname='a' name='three'><skipped/></testcase></testsuite></testsuites>"
    )

    counts = count_tests(path)

    assert (counts["passed"], counts["failed"], counts["skipped"]) == (1, 1, 1)
    assert counts["failures"] == ["a::two"]
    path.write_text("<testsuites>")
    assert "error" in count_tests(path)


def test_a_run_that_was_killed_is_read_up_to_its_last_whole_line(tmp_path: Path) -> None:
    run = tmp_path / "logs" / "train_x"
    run.mkdir(parents=True)
    (run / "x_log.jsonl").write_text(
        '{"step": 100, "val_loss": 3.5}\n{"step": 200, "val_loss": 3.1}\n{"step": 30'
    )

    facts = gathered(tmp_path)

    assert facts["run"]["last_line"]["step"] == facts["run"]["best"]["step"] == 200
    assert facts["bench"] is facts["tests"] is None
    assert facts["steps"] == []
