"""What is taken out of the panel and put into it: copies, files, prompts of the suite."""

from functools import partial
from pathlib import Path

import pytest

from tests.runs.builder import RunBuilder
from tests.tui.fake_sampler import FakeSampler
from tests.tui.screens import screen_text, showing, state_of, until
from tests.tui.test_generation import AREA, generated, requests
from tokmon.rundir.errors import TokmonError
from tokmon.sampler.prompt_suite import suite_prompts
from tokmon.tui.screens.save import SaveScreen
from tokmon.tui.widgets.prompt_area import PromptArea


async def test_copying_takes_prompt_and_text_and_says_so(builder: RunBuilder) -> None:
    async with showing(state_of(builder.run, builder.now), AREA) as pilot:
        await generated(pilot, "g", "enter")
        await pilot.press("down", "down", "y")
        await until(pilot, lambda: "copied prompt and text, 24 characters" in screen_text(pilot))

        assert pilot.app.clipboard == "def f():\n\treturn 1^[[31m"
        assert "control characters spelled out" in screen_text(pilot)


async def test_a_lone_surrogate_can_be_copied(builder: RunBuilder) -> None:
    odd = partial(FakeSampler, pieces=("\ud800", "\u202e"))
    async with showing(state_of(builder.run, builder.now), AREA, new_client=odd) as pilot:
        await generated(pilot, "g", "enter")
        await pilot.press("down", "down", "y")

        assert pilot.app.clipboard == "def \\ud800\\u202e"


async def test_saving_never_overwrites_unasked(
    builder: RunBuilder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    name = "v1_token_bigdata_step18500_seed0.py"
    (tmp_path / name).write_text("precious")
    async with showing(state_of(builder.run, builder.now), AREA) as pilot:
        await generated(pilot, "g", "enter")
        await pilot.press("ctrl+s", "enter")
        await until(pilot, lambda: "exists already" in screen_text(pilot))
        assert (tmp_path / name).read_text() == "precious"
        await pilot.press("enter")
        await until(pilot, lambda: f"saved {name}" in screen_text(pilot))

    content = (tmp_path / name).read_text()
    assert content.startswith("# v1_token_bigdata_best.pt, step 18500, val loss 2.16")
    assert "# seed 0" in content
    assert content.endswith("def f():\n\treturn 1\x1b[31m\n")


async def test_a_folder_that_is_not_there_is_told(builder: RunBuilder) -> None:
    async with showing(state_of(builder.run, builder.now), AREA) as pilot:
        await generated(pilot, "g", "enter")
        await pilot.press("ctrl+s")
        await until(pilot, lambda: isinstance(pilot.app.screen, SaveScreen))
        pilot.app.screen.query_one("Input").value = "/nowhere/at/all.py"
        await pilot.press("enter")
        await until(pilot, lambda: "cannot be written: No such file" in screen_text(pilot))
        await pilot.press("escape")


async def test_nothing_to_copy_or_save_is_told(builder: RunBuilder) -> None:
    async with showing(state_of(builder.run, builder.now), AREA) as pilot:
        await pilot.press("g", "ctrl+s")

        assert "nothing to save yet" in screen_text(pilot)


async def test_a_prompt_of_the_suite_is_taken(builder: RunBuilder) -> None:
    chosen = suite_prompts()[1].text
    async with showing(state_of(builder.run, builder.now), AREA) as pilot:
        await pilot.press("g", "ctrl+l", "down", "enter")
        await until(pilot, lambda: pilot.app.screen.query_one(PromptArea).text == chosen)
        await generated(pilot, "enter")

    assert requests()[0].prompt == chosen


@pytest.mark.parametrize("content", [None, "[[prompt", "prompt = 3", "[[prompt]]\nid = 4"])
def test_a_suite_that_cannot_be_read_is_told(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "prompts.toml"
    if content is not None:
        path.write_text(content)

    with pytest.raises(TokmonError, match=r"prompts.toml: "):
        suite_prompts(path)
