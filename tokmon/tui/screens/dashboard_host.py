"""The dashboard's own look at this host: only while its pane is in sight and the log is no help."""

import platform

from tokmon.rundir.layout import RunDir
from tokmon.tui.glyphs import Glyphs
from tokmon.tui.host_reader import HostReading
from tokmon.tui.host_source import is_reading_wanted
from tokmon.tui.host_watch import HostWatch
from tokmon.tui.messages import HostRead
from tokmon.tui.screens.run_screen import RunScreen
from tokmon.tui.widgets.system_pane import SystemPane


class HostFollowing(RunScreen):
    """Starts and stops the thread that reads; hands what it read to the pane."""

    def __init__(self, run: RunDir, glyphs: Glyphs) -> None:
        super().__init__(run, glyphs)
        self._host = HostWatch(run.path, self._post_reading)
        self._has_host_in_sight = False
        self._is_on_top = False

    def on_unmount(self) -> None:
        self._host.stop()

    def on_screen_suspend(self) -> None:
        self._is_on_top = False
        self.follow_host()

    def on_screen_resume(self) -> None:
        self._is_on_top = True
        self.follow_host()

    def on_system_pane_sight_changed(self, message: SystemPane.SightChanged) -> None:
        self._has_host_in_sight = message.is_in_sight
        self.follow_host()

    def on_host_read(self, message: HostRead) -> None:
        self.query_one(SystemPane).reading = message.reading

    @property
    def is_reading_host(self) -> bool:
        """Whether this host is read at the moment."""
        return self._host.is_reading

    def follow_host(self) -> None:
        """Read this host, or stop that: the state or what is in sight has changed."""
        state = self.state
        is_in_sight = self._has_host_in_sight and self._is_on_top
        is_wanted = state is not None and is_reading_wanted(state, platform.node())
        info = state.info if state is not None and is_in_sight and is_wanted else None
        self._host.follow(info)

    def _post_reading(self, reading: HostReading) -> None:
        self.post_message(HostRead(reading))
