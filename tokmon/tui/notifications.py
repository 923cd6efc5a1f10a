"""Rings: the terminal's bell, its desktop notifications, a user's command, web hooks.

Nothing here blocks the screen: the command and the posting run beside it, one after the other. What
goes wrong with them is told once. Must not decide what is news (tokmon.monitor.notices does).
"""

import asyncio
import importlib
import logging
import os
from collections.abc import Callable, Mapping
from typing import Any

from textual.app import App

from tokmon.monitor.alerting.span import AlertSpan
from tokmon.monitor.notices import Notice, Notices
from tokmon.monitor.notify_settings import NotifySettings
from tokmon.monitor.state import RunState, Severity
from tokmon.monitor.visible import visible

_MAX_OSC9_LENGTH = 200
_APPRISE_TYPES = {Severity.INFO: "info", Severity.WARNING: "warning", Severity.ERROR: "failure"}


class Notifications:
    """Rings for the news of one run.

    Args:
        app: whose terminal and event loop are used.
        settings: what rings.
        environment: of this process.
        write: takes escape sequences; None for the app's terminal.
    """

    def __init__(
        self,
        app: App[Any],
        settings: NotifySettings,
        environment: Mapping[str, str] = os.environ,
        write: Callable[[str], None] | None = None,
    ) -> None:
        self._app = app
        self._settings = settings
        self._environment = environment
        self._write = write or self._write_to_terminal
        self._notices = Notices(settings)
        self._waiting: list[Notice] = []
        self._is_delivering = False
        self._told_faults: set[str] = set()

    def tell(self, state: RunState, spans: tuple[AlertSpan, ...]) -> None:
        """Ring if a state has news."""
        notice = None if self._settings.is_silent else self._notices.look(state, spans)
        if notice is None:
            return
        if self._settings.bell:
            self._write("\a")
        if self._settings.osc9:
            self._write(osc9(f"{notice.title}: {notice.message}", self._environment))
        if self._settings.command or self._settings.urls:
            self._waiting.append(notice)
            if not self._is_delivering:
                self._is_delivering = True
                self._app.run_worker(self._deliver(), group="notifications")

    async def _deliver(self) -> None:
        """Send what waits; what comes meanwhile is sent together afterwards."""
        try:
            while self._waiting:
                notice = self._waiting[0]
                for later in self._waiting[1:]:
                    notice = notice.joined(later)
                self._waiting.clear()
                await self._send(notice)
        finally:
            self._is_delivering = False

    async def _send(self, notice: Notice) -> None:
        settings, faults = self._settings, []
        if settings.command:
            environment = {**self._environment, **variables(notice)}
            faults.append(await run_command(settings.command, environment, settings.timeout_s))
        if settings.urls:
            faults.append(await post(settings.urls, notice, settings.timeout_s))
        for fault in faults:
            if fault and fault not in self._told_faults:
                self._told_faults.add(fault)
                self._app.notify(visible(fault), severity="warning", markup=False)

    def _write_to_terminal(self, text: str) -> None:
        # Private, but what App.bell itself writes by, and there is no other way; the only place.
        driver = self._app._driver
        if driver is not None and not self._app.is_headless:
            driver.write(text)


def osc9(text: str, environment: Mapping[str, str]) -> str:
    """Return the escape sequence of a desktop notification, wrapped where tmux is in between.

    OSC 9 ; TEXT BEL is iTerm2's. tmux hands on what stands in DCS tmux; ... ST, every ESC doubled,
    if `allow-passthrough` is on (tmux(1)).
    """
    shown = visible(text)[:_MAX_OSC9_LENGTH]
    sequence = f"\x1b]9;{shown}\a"
    if environment.get("TMUX"):
        doubled = sequence.replace("\x1b", "\x1b\x1b")
        return f"\x1bPtmux;{doubled}\x1b\\"
    return sequence


def variables(notice: Notice) -> dict[str, str]:
    """Return the environment variables that a command finds a notice in."""
    return {
        "TOKMON_EXPERIMENT": notice.experiment,
        "TOKMON_RUN": visible(notice.run),
        "TOKMON_TITLE": notice.title,
        "TOKMON_MESSAGE": notice.message,
        "TOKMON_SEVERITY": notice.severity,
        "TOKMON_PHASE": notice.phase,
        "TOKMON_STEP": "" if notice.step is None else str(notice.step),
    }


async def run_command(
    command: tuple[str, ...], environment: Mapping[str, str], timeout_s: float
) -> str:
    """Run a program without a shell; return what went wrong, nothing if all went well."""
    null = asyncio.subprocess.DEVNULL
    try:
        process = await asyncio.create_subprocess_exec(
            *command, env=environment, stdin=null, stdout=null, stderr=null
        )
    except (OSError, ValueError) as error:
        return f"notification command {command[0]}: {getattr(error, 'strerror', None) or error}"
    try:
        status = await asyncio.wait_for(process.wait(), timeout_s)
    except TimeoutError:
        return f"notification command {command[0]}: took more than {timeout_s:g} s and was ended"
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return f"notification command {command[0]}: exit status {status}" if status else ""


async def post(urls: tuple[str, ...], notice: Notice, timeout_s: float) -> str:
    """Post a notice through Apprise; return what went wrong, nothing if all went well."""
    try:
        # In a thread: it loads a hundred modules, which takes a second.
        sender, unknown = await asyncio.to_thread(_sender, urls)
    except ImportError:
        return "notification urls need apprise: pip install 'tokmon[notify]'"
    if unknown:
        # A URL holds passwords; its scheme does not.
        return f"notification url {unknown[0].partition('://')[0]}://...: not one of Apprise's"
    kind = _APPRISE_TYPES[notice.severity]
    sending = sender.async_notify(body=notice.message, title=notice.title, notify_type=kind)
    try:
        is_sent = await asyncio.wait_for(sending, timeout_s)
    except TimeoutError:
        return f"notification urls: no answer within {timeout_s:g} s"
    return "" if is_sent else "notification urls: one of them did not take it"


def _sender(urls: tuple[str, ...]) -> tuple[Any, list[str]]:
    """Return Apprise's object for `urls`, and those that it does not know."""
    apprise = importlib.import_module("apprise")
    # Its words would otherwise go to stderr, which is the screen.
    logging.getLogger("apprise").addHandler(logging.NullHandler())
    sender = apprise.Apprise()
    return sender, [url for url in urls if not sender.add(url)]
