"""Bell, OSC 9, a real program and a real web server; their faults are told once."""

import asyncio
import json
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from textual.app import App
from textual.pilot import Pilot

from tests.monitor.alert_frames import START
from tests.monitor.states import state_of
from tests.tui.screens import until
from tokmon.monitor.alerting.span import AlertSpan
from tokmon.monitor.notices import Notice
from tokmon.monitor.notify_settings import NotifySettings
from tokmon.monitor.state import Phase, Severity
from tokmon.tui.notifications import Notifications, osc9, post, run_command, variables

STATE = state_of([3.0] * 5)
SPAN = AlertSpan(
    rule="spike", severity=Severity.ERROR, message="a \x1bspike", first_step=400, begun_at=START
)
NOTICE = Notice(
    experiment="x", run="/runs/x", severity=Severity.ERROR, phase=Phase.RUNNING, step=500,
    messages=("a spike at step 400",),
)  # fmt: skip
PYTHON = sys.executable
IGNORING_ITS_WARNINGS = pytest.mark.filterwarnings("ignore::DeprecationWarning")
"""Apprise imports modules of Python's that are to go."""


def new_span(number: int) -> AlertSpan:
    return replace(SPAN, message=f"spike {number}", begun_at=START + number)


@asynccontextmanager
async def ringing(
    settings: NotifySettings,
) -> AsyncIterator[tuple[Pilot[None], Notifications, list[str]]]:
    """An app whose notifications have looked at the run once; and what it writes."""
    written: list[str] = []
    app: App[None] = App()
    async with app.run_test(notifications=True) as pilot:
        notifications = Notifications(app, settings, {}, written.append)
        notifications.tell(STATE, ())
        yield pilot, notifications, written


def toasts(pilot: Pilot[None]) -> list[str]:
    return [toast.message for toast in pilot.app._notifications]


async def test_the_bell_and_osc9_ring_for_a_new_alert_only() -> None:
    async with ringing(NotifySettings(bell=True, osc9=True)) as (_, notifications, written):
        assert written == []
        notifications.tell(STATE, (SPAN,))
        notifications.tell(STATE, (SPAN,))

    assert written == ["\a", "\x1b]9;tokmon: x (error): a ^[spike at step 400\a"]


async def test_by_default_nothing_rings() -> None:
    async with ringing(NotifySettings()) as (_, notifications, written):
        notifications.tell(STATE, (SPAN,))

    assert written == []


def test_osc9_is_wrapped_for_tmux_and_holds_no_control_character_of_its_own() -> None:
    assert osc9("a\x07b", {}) == "\x1b]9;a^Gb\a"
    assert osc9("a", {"TMUX": "/tmp/tmux"}) == "\x1bPtmux;\x1b\x1b]9;a\a\x1b\\"
    assert len(osc9("a" * 9_999, {})) < 210


async def test_a_command_finds_the_alert_in_its_environment(tmp_path: Path) -> None:
    written = tmp_path / "told.json"
    code = (
        "import json, os, sys; json.dump({key: value for key, value in os.environ.items()"
        " if key.startswith('TOKMON_')}, open(sys.argv[1], 'w'))"
    )
    settings = NotifySettings(command=(PYTHON, "-c", code, str(written)))
    async with ringing(settings) as (pilot, notifications, _):
        notifications.tell(STATE, (SPAN,))
        await pilot.app.workers.wait_for_complete()

    told = json.loads(written.read_text(encoding="utf-8"))
    assert told["TOKMON_MESSAGE"] == "a ^[spike at step 400"
    assert (told["TOKMON_SEVERITY"], told["TOKMON_STEP"]) == ("error", "500")


async def test_a_fault_is_told_once_and_news_that_wait_go_together(tmp_path: Path) -> None:
    log = tmp_path / "log"
    code = (
        "import os, sys; open(sys.argv[1], 'a').write(os.environ['TOKMON_MESSAGE'] + chr(10))"
        "; sys.exit(3)"
    )
    settings = NotifySettings(command=(PYTHON, "-c", code, str(log)))
    async with ringing(settings) as (pilot, notifications, _):
        for number in range(1, 4):
            notifications.tell(STATE, tuple(new_span(one) for one in range(1, number + 1)))
        await pilot.app.workers.wait_for_complete()
        await until(pilot, lambda: len(toasts(pilot)) == 1)

        assert toasts(pilot) == [f"notification command {PYTHON}: exit status 3"]
    lines = log.read_text(encoding="utf-8").splitlines()
    assert sum(line.count("spike") for line in lines) == 3
    assert len(lines) <= 2


@pytest.mark.parametrize(
    ("command", "fault"),
    [
        (("tokmon-no-such-program",), "No such file or directory"),
        ((PYTHON, "-c", "import time; time.sleep(60)"), "took more than 0.2 s and was ended"),
        ((PYTHON, "-c", "raise SystemExit(7)"), "exit status 7"),
        ((PYTHON, "\0"), "null byte"),
    ],
)
async def test_what_a_command_does_wrong_is_one_line(command: tuple[str, ...], fault: str) -> None:
    timeout_s = 0.2 if "0.2" in fault else 30.0

    told = await run_command(command, variables(NOTICE), timeout_s)

    assert told.startswith("notification command")
    if sys.platform != "win32" or "No such" not in fault:
        assert fault in told


async def test_a_command_that_runs_when_the_screen_is_left_is_ended(tmp_path: Path) -> None:
    started = tmp_path / "started"
    code = f"import pathlib, time; pathlib.Path({str(started)!r}).touch(); time.sleep(60)"
    running = asyncio.create_task(run_command((PYTHON, "-c", code), variables(NOTICE), 60.0))
    async with asyncio.timeout(30):
        while not started.exists():  # noqa: ASYNC110  a file says it, not an event
            await asyncio.sleep(0.02)

    running.cancel()

    with pytest.raises(asyncio.CancelledError):
        await running


class Hook(BaseHTTPRequestHandler):
    """Keeps what is posted."""

    posted: list[dict[str, str]] = []  # noqa: RUF012  emptied by the fixture

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.posted.append(json.loads(body))
        self.send_response(500 if "refused" in self.path else 200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def hook() -> Iterator[str]:
    Hook.posted.clear()
    server = HTTPServer(("127.0.0.1", 0), Hook)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"json://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@IGNORING_ITS_WARNINGS
async def test_a_web_hook_gets_title_and_message(hook: str) -> None:
    pytest.importorskip("apprise")

    assert await post((hook,), NOTICE, 20.0) == ""

    assert [(one["title"], one["message"]) for one in Hook.posted] == [
        ("tokmon: x (error)", "a spike at step 400")
    ]


@IGNORING_ITS_WARNINGS
async def test_a_web_hook_that_refuses_or_does_not_exist_is_told(hook: str) -> None:
    pytest.importorskip("apprise")

    refused = await post((f"{hook}/refused",), NOTICE, 20.0)
    unknown = await post(("secret-word://user:password@host",), NOTICE, 20.0)

    assert refused == "notification urls: one of them did not take it"
    assert unknown == "notification url secret-word://...: not one of Apprise's"


def test_without_apprise_the_way_to_it_is_told() -> None:
    code = (
        "import asyncio, sys; sys.modules['apprise'] = None\n"
        "from tests.tui.test_notifications import NOTICE, post\n"
        "print(asyncio.run(post(('json://localhost',), NOTICE, 5.0)))"
    )

    told = subprocess.run(
        [PYTHON, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )

    assert told.stdout == "notification urls need apprise: pip install 'tokmon[notify]'\n"
