"""The mouse can be given back to the terminal and taken again."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

import pytest
from textual.app import App
from textual.driver import Driver

from tests.tui.hosting import Host
from tokmon.tui.mouse import release_or_take, told

_ON, _OFF = "\x1b[?1003h", "\x1b[?1003l"


def app_with(driver: type[Driver]) -> tuple[App[Any], list[str]]:
    """Return an app whose driver writes to a list; it is not started."""
    app = Host()
    made = driver(app, mouse=True, size=(80, 24))
    written: list[str] = []
    made.write = written.append  # type: ignore[method-assign]
    made.flush = lambda: None  # type: ignore[method-assign]
    app._driver = made
    return app, written


@pytest.fixture
def no_input() -> Iterator[TextIO]:
    with Path(os.devnull).open() as file:
        yield file


@pytest.mark.skipif(sys.platform == "win32", reason="the driver of Linux and macOS")
async def test_reporting_is_switched_off_and_on_again(
    monkeypatch: pytest.MonkeyPatch, no_input: TextIO
) -> None:
    from textual.drivers.linux_driver import LinuxDriver

    monkeypatch.setattr(sys, "__stdin__", no_input)  # pytest's own has no file number
    app, written = app_with(LinuxDriver)

    assert release_or_take(app) is False
    assert (_OFF in written, _ON in written) == (True, False)
    written.clear()
    app._driver._enable_mouse_support()  # type: ignore[union-attr]  # as after a suspend
    assert written == []
    assert release_or_take(app) is True
    assert _ON in written


async def test_a_driver_without_a_mouse_has_none_to_give() -> None:
    app = Host()
    async with app.run_test():
        assert release_or_take(app) is None


def test_each_outcome_has_words() -> None:
    assert len({told(None), told(True), told(False)}) == 3
    assert "M takes it back" in told(False)
