"""Whether the process that writes a run is there."""

import platform
import subprocess
import sys
import time

import psutil
import pytest

from tokmon.rundir.records import RunInfo
from tokmon.rundir.writer import is_alive, this_process


def test_this_process_is_alive_until_it_says_it_ended() -> None:
    host, pid, created = this_process()
    info = RunInfo(experiment="x", host=host, pid=pid, process_created=created)

    assert is_alive(info) is True
    assert is_alive(RunInfo(experiment="x", host=host, pid=pid, phase="finished")) is False


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no zombies")
def test_a_killed_process_is_dead_also_before_its_parent_has_noticed() -> None:
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    created = psutil.Process(child.pid).create_time()
    info = RunInfo(experiment="x", host=platform.node(), pid=child.pid, process_created=created)
    assert is_alive(info) is True
    child.kill()
    while psutil.Process(child.pid).status() != psutil.STATUS_ZOMBIE:
        time.sleep(0.01)

    assert is_alive(info) is False
    child.communicate()
    assert is_alive(info) is False


def test_a_later_process_of_the_same_number_is_not_the_writer() -> None:
    host, pid, created = this_process()

    info = RunInfo(experiment="x", host=host, pid=pid, process_created=created - 1000)

    assert is_alive(info) is False


def test_another_host_cannot_be_known() -> None:
    assert is_alive(RunInfo(experiment="x", host="elsewhere", pid=1)) is None
