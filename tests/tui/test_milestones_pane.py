"""Stations with clock times, in as many lines as there is room for."""

import pytest
from textual.app import App, ComposeResult
from textual.content import Content
from textual.geometry import Size

from tests.monitor.states import state_of
from tests.tui.screens import screen_text
from tokmon.monitor.state import Phase, RunState
from tokmon.tui.glyphs import ASCII, UNICODE, Glyphs
from tokmon.tui.theme import CHART_VARIABLES, TOKMON_THEME
from tokmon.tui.widgets.milestones import MilestonesPane

HALF_WAY = state_of([3.0] * 60)


class Shown(App[None]):
    """The pane alone."""

    def __init__(self, state: RunState, glyphs: Glyphs = UNICODE) -> None:
        super().__init__()
        self.register_theme(TOKMON_THEME)
        self.theme = TOKMON_THEME.name
        self._state, self._glyphs = state, glyphs

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return CHART_VARIABLES

    def compose(self) -> ComposeResult:
        pane = MilestonesPane(self._glyphs)
        pane.styles.display = "block"
        yield pane

    def on_mount(self) -> None:
        self.query_one(MilestonesPane).state = self._state


async def shown(state: RunState, glyphs: Glyphs = UNICODE, width: int = 44) -> list[str]:
    async with Shown(state, glyphs).run_test(size=(width, 8)) as pilot:
        await pilot.pause()
        return [line.strip() for line in screen_text(pilot).splitlines() if line.strip()][1:]


def drawn(state: RunState, width: int, height: int) -> Content:
    return MilestonesPane(UNICODE).draw(state, Size(width, height))


async def test_each_is_passed_at_a_time_or_expected_at_one() -> None:
    assert await shown(HALF_WAY) == [
        "✓ 20%       2,000  14:14",
        "✓ warm-up   2,000  14:14",
        "✓ 50%       5,000  14:16",
        "100%     10,000  expected 14:19",
    ]


async def test_ascii_and_a_run_that_ended_early() -> None:
    lines = await shown(state_of([3.0] * 30, phase=Phase.STOPPED), ASCII)

    assert lines[0].startswith("+ 20%")
    assert lines[-1].endswith("not reached")


async def test_another_day_has_its_date() -> None:
    tomorrow = state_of([3.0] * 60, now=1_790_000_000.0 + 86_400)

    assert (await shown(tomorrow))[0].endswith("21 Sep 14:14")


@pytest.mark.parametrize("height", [1, 2, 3])
def test_in_little_room_stand_the_last_passed_and_what_comes_next(height: int) -> None:
    lines = drawn(HALF_WAY, 40, height).plain.splitlines()

    assert len(lines) == height
    assert lines[0].startswith("✓ 50%" if height <= 2 else "✓ warm-up")


@pytest.mark.parametrize("width", [1, 9, 16, 24])
def test_a_narrow_pane_leaves_out_the_step_first(width: int) -> None:
    lines = drawn(HALF_WAY, width, 4).plain.splitlines()

    assert all(len(line) <= max(width, 9) for line in lines)
    assert ("14:14" in lines[0]) == (width >= 16)


async def test_a_run_of_unknown_length_says_so() -> None:
    assert await shown(state_of([3.0], max_steps=None)) == ["the run does not say how long it is"]
