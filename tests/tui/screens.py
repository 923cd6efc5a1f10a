"""Drive the app without a terminal, and read its screen as plain text."""

import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from textual.pilot import Pilot

from tests.tui.fake_sampler import FakeSampler
from tokmon.monitor.sources.tokmon_run import RunSource
from tokmon.monitor.state import RunState
from tokmon.rundir.layout import RunDir
from tokmon.tui.app import TokmonApp
from tokmon.tui.glyphs import UNICODE, Glyphs
from tokmon.tui.messages import StateChanged
from tokmon.tui.sampling import ClientFactory

GOLDEN = Path(__file__).parents[1] / "golden"
_UPDATE = "TOKMON_UPDATE_GOLDEN"
_PATIENCE_S = 10.0
_PAUSE_S = 0.02

SIZES = ((160, 45), (80, 24), (50, 14), (120, 30), (250, 70))


def state_of(run: RunDir, now: float) -> RunState:
    """Return the state of a run whose trainer counts as alive."""
    source = RunSource(run, is_alive=lambda _: True)
    state = source.poll(now)
    while state.is_loading:
        state = source.poll(now)
    return state


@asynccontextmanager
async def showing(
    state: RunState,
    size: tuple[int, int] = SIZES[0],
    *,
    glyphs: Glyphs = UNICODE,
    new_client: ClientFactory = FakeSampler,
) -> AsyncIterator[Pilot[None]]:
    """Show one state; the poller is off, so nothing changes but by the test."""
    app = TokmonApp(state.run, glyphs=glyphs, new_client=new_client)
    async with app.run_test(size=size) as pilot:
        await post(pilot, state)
        yield pilot


async def post(pilot: Pilot[None], state: RunState) -> None:
    pilot.app.post_message(StateChanged(state))
    await pilot.pause()
    await pilot.pause()


async def until(pilot: Pilot[None], is_true: Callable[[], bool]) -> None:
    """Wait for a condition; fails by showing the screen."""
    waited_s = 0.0
    while not is_true():
        assert waited_s < _PATIENCE_S, screen_text(pilot)
        await pilot.pause(_PAUSE_S)
        waited_s += _PAUSE_S


def screen_text(pilot: Pilot[None]) -> str:
    """Return the screen as lines of text, as a terminal would show it."""
    # Private, but what App.export_screenshot itself reads; this is the only place.
    strips = pilot.app.screen._compositor.render_strips()
    return "\n".join(strip.text.rstrip() for strip in strips) + "\n"


def check_golden(name: str, screen: str) -> None:
    """Compare with tests/golden/NAME.txt; TOKMON_UPDATE_GOLDEN=1 writes it, to be looked at."""
    path = GOLDEN / f"{name}.txt"
    if os.environ.get(_UPDATE) == "1":
        path.write_text(screen, encoding="utf-8", newline="\n")
    assert screen == path.read_text(encoding="utf-8")
