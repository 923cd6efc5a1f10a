"""The alert history on its screen: what, when, where; newest first; scrolls with j and k."""

from dataclasses import replace
from pathlib import Path

import pytest
from textual.app import App

import tokmon.tui
from tests.monitor.alert_frames import START
from tests.monitor.states import state_of
from tests.tui.screens import SIZES, check_golden, screen_text
from tokmon.monitor.alerting.span import AlertSpan
from tokmon.monitor.state import Alert, BadLine, RunState, Severity
from tokmon.tui.glyphs import ASCII, UNICODE, Glyphs
from tokmon.tui.screens.alerts import AlertsScreen
from tokmon.tui.theme import CHART_VARIABLES, TOKMON_THEME

DAY_S = 86_400
SPANS = (
    AlertSpan(
        rule="crash", severity=Severity.ERROR, message="the trainer crashed: [/x] ^[[31m",
        first_step=100, last_step=200, begun_at=START - DAY_S, ended_at=START - DAY_S + 7_300,
    ),
    AlertSpan(rule="not_finite", severity=Severity.ERROR, message="grad_norm was not finite",
        first_step=300, last_step=300),
    AlertSpan(
        rule="gpu_idle", severity=Severity.WARNING,
        message="the GPU was idle while the run was training", begun_at=START + 5,
        ended_at=START + 95,
    ),
    AlertSpan(rule="skipped_spike", severity=Severity.INFO, first_step=400, last_step=400,
        message="1 step far above the last, left out by the trainer", begun_at=START + 100,
        ended_at=START + 100),
    AlertSpan(rule="throughput", severity=Severity.WARNING, is_open=True, first_step=600,
        last_step=900, message="throughput fell to 42 % of its median", begun_at=START + 240),
)  # fmt: skip
STATE = replace(
    state_of([3.0] * 90),
    alerts=(Alert(Severity.WARNING, "throughput fell to 42 % of its median"),),
    bad_lines=(BadLine("x_log.jsonl", 7, "{torn", "not JSON"),),
    bad_line_count=1,
)


class Bare(App[None]):
    """The program's styles with nothing behind the screen under test."""

    CSS_PATH = Path(str(tokmon.tui.__file__)).with_name("tokmon.tcss")

    def __init__(self) -> None:
        super().__init__()
        self.register_theme(TOKMON_THEME)
        self.theme = TOKMON_THEME.name

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return CHART_VARIABLES


async def shown(
    size: tuple[int, int],
    state: RunState = STATE,
    spans: tuple[AlertSpan, ...] = SPANS,
    keys: tuple[str, ...] = (),
    glyphs: Glyphs = UNICODE,
) -> str:
    async with Bare().run_test(size=size) as pilot:
        await pilot.app.push_screen(AlertsScreen(state, glyphs, spans))
        await pilot.pause()
        await pilot.press(*keys)
        await pilot.pause()
        return screen_text(pilot)


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_the_golden_screen(size: tuple[int, int]) -> None:
    check_golden(f"alerts_{size[0]}x{size[1]}", await shown(size))


async def test_the_golden_screen_in_ascii() -> None:
    screen = await shown((80, 24), glyphs=ASCII)

    assert screen.isascii()
    check_golden("alerts_80x24_ascii", screen)


async def test_it_scrolls_line_by_line_and_to_its_ends() -> None:
    top = await shown((50, 14))

    assert await shown((50, 14), keys=("j", "j", "k", "k")) == top
    assert await shown((50, 14), keys=("j",)) != top
    assert "{torn" in await shown((50, 14), keys=("G",))
    assert await shown((50, 14), keys=("end", "g")) == top
    assert await shown((50, 14), keys=("space", "b")) == top


async def test_a_long_history_is_cut_and_counted() -> None:
    spans = tuple(replace(SPANS[-1], begun_at=START + place) for place in range(1_000))

    assert "and 800 older" in await shown((80, 24), spans=spans, keys=("G",))


async def test_a_run_without_alerts_says_so() -> None:
    quiet = replace(STATE, alerts=(), bad_lines=(), bad_line_count=0)

    screen = await shown((80, 24), quiet, ())

    assert "nothing to report now" in screen
    assert "History" not in screen
