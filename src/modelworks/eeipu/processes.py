"""The builds that run for a sweep: each in a process group of its own, all of them ended when the sweep is stopped."""

import contextlib
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

_PATIENCE_S = 20.0
_INHERITED = ("MODELWORKS_BUILD_PID", "MODELWORKS_SCRATCH")  # of a build that the sweep itself is a job of


class Builds:
    """Runs Snakemake's command lines in a repository, from any number of threads, on `cores` in all.

    A build gets an equal share of the cores, at least one: with fewer cores than trials at a time, some wait.
    """

    def __init__(self, root: Path, cores: int, parallel: int) -> None:
        self._root = root
        self._running: set[subprocess.Popen[bytes]] = set()
        self._lock = threading.Lock()
        self._stopped = False
        self._shares: queue.Queue[int] = queue.Queue()
        at_once = max(1, min(cores, parallel))
        for number in range(at_once):
            self._shares.put(max(1, cores // at_once + (number < cores % at_once)))

    @contextlib.contextmanager
    def share(self) -> Iterator[int]:
        """The cores of one build; waits until there are some. Raises KeyboardInterrupt when the sweep is stopped."""
        while True:
            self.check()
            with contextlib.suppress(queue.Empty):
                cores = self._shares.get(timeout=0.2)
                break
        try:
            yield cores
        finally:
            self._shares.put(cores)

    def run(self, arguments: Sequence[str], log: Path) -> int:
        """Run Snakemake to its end; the exit status, -n if signal n ended it.

        Raises KeyboardInterrupt, with the build ended, when the sweep is stopped.
        """
        environ = {name: value for name, value in os.environ.items() if name not in _INHERITED}
        command = [sys.executable, "-m", "modelworks.eeipu.build_process", str(os.getpid()), *arguments]
        with log.open("ab") as output, self._lock:
            self.check()
            process = subprocess.Popen(
                command,
                cwd=self._root,
                env=environ,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                process_group=0,
            )
            self._running.add(process)
        try:
            status = process.wait()
        except BaseException:
            end([process])
            raise
        finally:
            with self._lock:
                self._running.discard(process)
        self.check()
        return status

    def check(self) -> None:
        """Raise KeyboardInterrupt if the sweep is stopped."""
        if self._stopped:
            raise KeyboardInterrupt("the sweep is stopped")

    def stop(self) -> None:
        """End all builds; `run` raises KeyboardInterrupt in its threads. May be called twice."""
        with self._lock:
            self._stopped = True
            running = list(self._running)
        end(running)


def end(processes: Sequence[subprocess.Popen[bytes]]) -> None:
    """Interrupt builds, which end their jobs then; kill what has not ended in time, with its process group."""
    for process in processes:
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGINT)
    deadline = time.monotonic() + _PATIENCE_S
    while time.monotonic() < deadline and any(process.poll() is None for process in processes):
        time.sleep(0.05)
    for process in processes:
        if process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
