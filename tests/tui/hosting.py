"""An app that shows one screen of the monitor without the dashboard."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from textual.app import App
from textual.pilot import Pilot
from textual.screen import Screen

import tokmon.tui
from tokmon.tui.theme import CHART_VARIABLES, TOKMON_LIGHT, TOKMON_THEME


class Host(App[None]):
    """Has the monitor's colours and styles, nothing else."""

    CSS_PATH = Path(tokmon.tui.__file__).parent / "tokmon.tcss"

    def __init__(self, theme: str = TOKMON_THEME.name) -> None:
        super().__init__()
        for known in (TOKMON_THEME, TOKMON_LIGHT):
            self.register_theme(known)
        self.theme = theme
        self.notices: list[str] = []

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return CHART_VARIABLES

    def notify(self, message: str, **options: Any) -> None:
        self.notices.append(message)
        super().notify(message, **options)


@asynccontextmanager
async def hosting(
    make: Callable[[Host], Screen[Any]], size: tuple[int, int] = (80, 24), theme: str = "tokmon"
) -> AsyncIterator[Pilot[None]]:
    """Show the screen that `make` returns."""
    app = Host(theme)
    async with app.run_test(size=size) as pilot:
        app.push_screen(make(app))
        await pilot.pause()
        yield pilot


def notices(pilot: Pilot[None]) -> list[str]:
    """Return what the user was told, oldest first."""
    assert isinstance(pilot.app, Host)
    return pilot.app.notices
