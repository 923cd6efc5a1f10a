"""A thread that writes heartbeats and samples of GPUs and host while the loop computes."""

import os
import sys
import threading
import time

from tokmon.rundir.host_sample import HostSampler
from trainer.gpus import read_gpus
from trainer.runlog import RunLog

HEARTBEAT_S = 2.0
SYSTEM_SAMPLE_S = 5.0


class Telemetry:
    """Runs from `with` to its end; a fault is said once and never stops training."""

    def __init__(self, runlog: RunLog) -> None:
        self._runlog = runlog
        self._host = HostSampler(runlog.run.path, os.getpid(), read_gpus)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="telemetry", daemon=True)
        self._has_complained = False

    def __enter__(self) -> "Telemetry":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        self._host.prime()
        first_sample = next_sample = time.monotonic() + HEARTBEAT_S
        while not self._stop.wait(HEARTBEAT_S):
            try:
                self._runlog.heartbeat()
                if time.monotonic() >= next_sample:
                    self._runlog.system(self._host.sample(time.time()))
                    next_sample = time.monotonic() + SYSTEM_SAMPLE_S
            except OSError as error:
                self._complain(error)
        if next_sample == first_sample:
            self._sample_once()

    def _sample_once(self) -> None:
        """Leave a sample of a run that was over before its first was due."""
        try:
            self._runlog.system(self._host.sample(time.time()))
        except OSError as error:
            self._complain(error)

    def _complain(self, error: OSError) -> None:
        if not self._has_complained:
            sys.stderr.write(f"telemetry cannot be written: {error}\n")
            self._has_complained = True
