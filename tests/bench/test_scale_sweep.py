"""A sweep without measuring: its points, what is made of outcomes, and the page."""

import json
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from bench.scale.forecast import forecast
from bench.scale.ground import Assumptions, counted_ground, measured_ground
from bench.scale.measured import Row, row_of
from bench.scale.page import method, sweep_page
from bench.scale.point import (
    BASE,
    BATCH,
    LAYERS,
    RANKS,
    RANKS_SAME_SHARE,
    SEQUENCE,
    WIDTH,
    Outcome,
    Point,
    Task,
)
from bench.scale.runner import or_better, outcome_of
from bench.scale.sweep import points
from bench.speed.process import Ended
from tokmon.rundir.errors import TokmonError
from trainer.config import Config
from trainer.config_file import load_config
from trainer.flops import Rates
from trainer.shipped import shipped_config

V1 = shipped_config("v1_token_bigdata.toml")
BASE_CONFIG = load_config(V1)
RATES = {"bfloat16": Rates(700e12, 4e12), "float32": Rates(50e12, 4e12)}
ASSUMED = Assumptions(
    gpus=(1, 2, 4), links={"NVLink": 370.0, "PCIe": 24.0}, bucket_mb=25, tflops=790,
    copy_gb_per_sec=4300,
)  # fmt: skip


def timed(*step_s: float, dtype: str = "bfloat16", gpu: str = "") -> Outcome:
    return Outcome(
        step_s=list(step_s), peak_bytes=10**9, dtype=dtype, how="bfloat16, eager", gpu=gpu
    )


def row(point: Point, outcome: Outcome, rates: dict[str, Rates] = RATES) -> Row:
    try:
        config = load_config(V1, point.overrides)
    except TokmonError:
        config = None
    return row_of(point, config, outcome, rates)


def test_one_thing_at_a_time_differs_from_the_base() -> None:
    values = {WIDTH: (512, 128, 256), LAYERS: (8,), BATCH: (64, 32), SEQUENCE: (1024,), RANKS: (4,)}

    found = points(BASE_CONFIG, values)

    assert [str(point) for point in found] == [
        "base", "width 128", "width 512", "layers 8", "batch 64", "sequence 1024",
        "4 ranks, same batch", "4 ranks, same batch each",
    ]  # fmt: skip
    configs = [load_config(V1, point.overrides) for point in found]
    assert configs[0] == configs[6] == BASE_CONFIG
    assert (configs[2].model.heads, configs[2].model.mlp) == (8, 1024)
    assert configs[7].data.batch_size == 4 * 32


def test_a_narrow_model_keeps_one_head() -> None:
    narrow = points(BASE_CONFIG, {WIDTH: (32,)})[1]

    assert load_config(V1, narrow.overrides).model.heads == 1


def test_dimensions_can_be_left_out() -> None:
    assert points(BASE_CONFIG, {WIDTH: (), RANKS: (1,)}) == [Point(BASE, 0)]


def test_a_task_survives_the_command_line() -> None:
    task = Task("a.toml", ("a=b", 'c="d e"'), 1, 2, 1, {"dtype": "float32"})

    assert Task.decode(task.encode()) == task


def test_what_the_ranks_say_is_one_outcome() -> None:
    good, bad = (json.dumps(asdict(one)) for one in (timed(0.1), Outcome(failed="no memory")))

    assert outcome_of(Ended(0, f"noise\n{good}\n", ""), 60).step_s == [0.1]
    assert outcome_of(Ended(1, f"{good}\n{bad}\n", "traceback"), 60).failed == "no memory"
    assert outcome_of(Ended(None, "", ""), 60).failed == "ran over its 60 s"
    assert outcome_of(Ended(-9, "", ""), 60).failed == "killed by signal 9"
    assert outcome_of(Ended(1, "", "Oh no\n=====\n"), 60).failed == "Oh no"
    assert outcome_of(Ended(0, "", ""), 60).failed == "it said nothing"


def test_the_best_of_two_measurements_of_the_machine_counts() -> None:
    before, after = {"a": Rates(1, 5)}, {"a": Rates(2, 3), "b": Rates(7, 7)}

    assert or_better(before, after) == {"a": Rates(2, 5), "b": Rates(7, 7)}


def test_a_row_is_measured_against_what_is_counted() -> None:
    one = row(Point(BASE, 0), timed(0.1, 0.2, 0.6)).numbers

    assert one is not None
    assert (one.step_s, one.fastest_s, one.slowest_s) == (0.2, 0.1, 0.6)
    assert one.tokens_per_sec == pytest.approx(16_384 / 0.2)
    assert one.mfu == pytest.approx(1.574e12 / 0.2 / 700e12, rel=1e-3)
    assert one.floor_share is not None
    assert one.mfu < one.floor_share < 1


def test_gpus_of_their_own_have_their_share_and_ranks_on_a_cpu_have_everything_together() -> None:
    point = Point(RANKS, 4, ranks=4)

    on_cpu = row(point, timed(0.2)).numbers
    on_gpus = row(point, timed(0.2, gpu="A GPU")).numbers

    assert on_cpu is not None
    assert on_gpus is not None
    assert on_cpu.mfu is not None
    assert on_gpus.mfu == pytest.approx(on_cpu.mfu / 4)


def test_without_the_machines_rates_there_is_no_share_of_them() -> None:
    one = row(Point(BASE, 0), timed(0.2), {}).numbers

    assert one is not None
    assert one.mfu is one.floor_share is None


@pytest.fixture
def rows() -> list[Row]:
    return [
        row(Point(BASE, 0), timed(0.2, gpu="NVIDIA H200")),
        row(Point(WIDTH, 33, ("model.width=33",)), Outcome(failed="no | such width")),
        row(Point(WIDTH, 512, ("model.width=512",)), Outcome(failed="out of memory")),
        row(Point(BATCH, 8, ("data.batch_size=8",)), timed(0.1, gpu="NVIDIA H200")),
        row(Point(RANKS, 4, ranks=4), timed(0.09, gpu="NVIDIA H200")),
        row(Point(RANKS_SAME_SHARE, 4, ("data.batch_size=128",), 4), timed(0.25, gpu="GPU")),
    ]


def test_the_page_has_a_table_a_dimension_with_the_base_in_its_place(rows: list[Row]) -> None:
    page = sweep_page(rows, BASE_CONFIG, ["TOP"], has_gpu=True)

    titles = [line for line in page.splitlines() if line.startswith("#")]
    assert titles[1:] == [
        "## Width", "## Batch", "## Ranks, the same batch", "## Ranks, the same batch each",
    ]  # fmt: skip
    lines = [line for line in page.splitlines() if line.startswith(("| 8 |", "| 32 (base)"))]
    assert lines[0].startswith("| 8 | 28.36 | 4,096 | 40,960 | 0.50 | 100 | 100 - 100 | 1,000 |")
    assert lines[1].startswith("| 32 (base) | 28.36 | 16,384 | 81,920 | 1.00 | 200 |")
    assert "| 33 | - | - |" in page
    assert "**not measured:** no \\| such width |" in page
    assert "| 512 | 58.81 | 16,384 | - |" in page
    assert all(
        line.count(" |") == 11 for line in page.replace("\\|", "").splitlines() if "|" in line
    )


def test_a_base_that_failed_leaves_nothing_to_compare_with() -> None:
    failed = row(Point(BASE, 0), Outcome(failed="out of memory"))

    page = sweep_page([failed, row(Point(LAYERS, 8), timed(0.3))], BASE_CONFIG, [], has_gpu=False)

    assert "| 4 (base) | 28.36 | 16,384 | - |" in page
    assert "| 8 | 28.36 | 16,384 | 54,613 | - |" in page


def test_a_base_alone_has_a_table(rows: list[Row]) -> None:
    page = sweep_page(rows[:1], BASE_CONFIG, [], has_gpu=True)

    assert "| base | 28.36 | 16,384 |" in page


def test_the_method_says_what_differs() -> None:
    task = Task("a.toml", (), 2, 5, 1)

    cpu = method(task, has_gpu=False, is_one_plan=True)
    gpu = method(replace(task, steps=200, block=20), has_gpu=True, is_one_plan=False)

    assert "Every point computes as the base does." in unwrapped(cpu)
    assert "timed 20 at a time" in unwrapped(gpu)
    assert "allocated by torch on the GPU" in unwrapped(gpu)


def unwrapped(text: str) -> str:
    return " ".join(text.split())


def predicted(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith(("| 1 GPU |", "| 2 GPUs |"))]


def test_without_a_gpu_the_prediction_is_of_the_counted_floor_and_says_so() -> None:
    paragraphs, numbers = forecast(counted_ground(BASE_CONFIG, ASSUMED), BASE_CONFIG.model, ASSUMED)

    text = "\n".join(paragraphs)
    assert "**This is a PREDICTION: what is predicted was not measured.**" in text
    assert "no GPU was measured" in unwrapped(text)
    assert predicted(text)[0].startswith("| 1 GPU | - | 32 | 3.50 | the base | - | - | 3.50 |")
    assert "Left out" in text
    assert "1.13B, 18 x 2048" in text
    assert "**does not fit**" in text
    assert "measured here, step ms" not in text
    assert numbers["is"] == "a prediction, not a measurement"
    json.dumps(numbers)


def test_with_a_gpu_it_stands_on_what_was_measured_and_beside_it(rows: list[Row]) -> None:
    base = replace(timed(0.2, gpu="NVIDIA H200"), gpu_bytes=150 * 10**9)
    ground = measured_ground(rows, base, RATES)

    paragraphs, numbers = forecast(ground, BASE_CONFIG.model, ASSUMED, rows)

    text = "\n".join(paragraphs)
    assert "as measured above, 200.00 ms for" in unwrapped(text)
    assert "left of NVIDIA H200 here" in text
    assert "| 1 GPU | - | 32 | 200.00 | the base | - | - | 200.00 |" in text
    assert "| 4 GPUs | NVLink | 8 | 100.00 | batch 8 as measured |" in text
    four = next(line for line in text.splitlines() if line.startswith("| 4 GPUs | NVLink |"))
    assert four.endswith("| 90.00 |")
    assert numbers["same_batch"][0]["step_s"] == pytest.approx(0.2)


def test_the_config_of_the_base_is_not_changed_by_a_sweep() -> None:
    before: Config = load_config(Path(V1))

    points(before, {WIDTH: (64,), RANKS: (2,)})

    assert before == BASE_CONFIG
