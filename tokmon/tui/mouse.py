"""Gives the mouse back to the terminal, so that text can be selected, and takes it again.

Textual 8.2 switches mouse reporting on once at the start (`App.run(mouse=...)`) and has no public
way to change it later; its drivers have two methods that write the escape sequences (DECSET 1000,
1003, 1006, 1015). They are private and used in this place only. A driver without them has no mouse.
"""

from typing import Any, Protocol, cast, runtime_checkable

from textual.app import App


@runtime_checkable
class _MouseDriver(Protocol):
    _mouse: bool

    def _enable_mouse_support(self) -> None: ...

    def _disable_mouse_support(self) -> None: ...


def release_or_take(app: App[Any]) -> bool | None:
    """Turn mouse reporting off if it is on, else on.

    Returns:
        Whether the monitor has the mouse now; None where there is none to give.
    """
    driver = cast(object, app._driver)
    if not isinstance(driver, _MouseDriver):
        return None
    if driver._mouse:
        driver._disable_mouse_support()
        # Else the driver would switch it on again after a suspend (ctrl+z, fg).
        driver._mouse = False
    else:
        driver._mouse = True
        driver._enable_mouse_support()
    return driver._mouse


def told(has_mouse: bool | None) -> str:
    """Return what the user should know after `release_or_take`."""
    if has_mouse is None:
        return "this terminal gives no mouse"
    if has_mouse:
        return "the monitor has the mouse again"
    return "the mouse is the terminal's: select text with it; M takes it back"
