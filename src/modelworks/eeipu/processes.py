"""The builds that run for a sweep: on its cores in all, and all of them ended when the sweep is stopped."""

import contextlib
import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

_INHERITED = ("MODELWORKS_BUILD_PID", "MODELWORKS_SCRATCH")  # of a build that the sweep itself is a job of
_KILLED = -9


class Builds:
    """Runs Snakemake's command lines in a repository, from any number of threads, on `cores` in all.

    A build gets an equal share of the cores, at least one: with fewer cores than trials at a time, some wait. What the
    process that they are forked from prints goes to `log`.
    """

    def __init__(self, root: Path, cores: int, parallel: int, log: Path) -> None:
        self._root, self._log = root, log
        self._parent: subprocess.Popen[str] | None = None
        self._waiting: dict[int, queue.Queue[int]] = {}
        self._number = 0
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
            self._check()
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
        ended: queue.Queue[int] = queue.Queue()
        with self._lock:
            self._check()
            self._number += 1
            number = self._number
            self._waiting[number] = ended
            self._order(start=number, arguments=list(arguments), log=str(log))
        try:
            status = ended.get()
        except BaseException:
            with self._lock:
                self._order(stop=number)
            ended.get()
            raise
        self._check()
        return status

    def stop(self) -> None:
        """End all builds, and wait for it; `run` raises KeyboardInterrupt in its threads. May be called twice."""
        with self._lock:
            self._stopped = True
            parent = self._parent
        if parent is not None and parent.stdin is not None:
            with contextlib.suppress(OSError):
                parent.stdin.close()
            parent.wait()

    def _check(self) -> None:
        if self._stopped:
            raise KeyboardInterrupt("the sweep is stopped")

    def _order(self, **order: object) -> None:
        """Send a line to the process that forks; start it if need be. The caller holds the lock."""
        if "start" in order and (self._parent is None or self._parent.poll() is not None):
            self._parent = self._begin()
        if self._parent is not None and self._parent.stdin is not None:
            with contextlib.suppress(OSError):  # it has just died: the reader tells who waits
                self._parent.stdin.write(json.dumps(order) + "\n")
                self._parent.stdin.flush()

    def _begin(self) -> "subprocess.Popen[str]":
        environ = {name: value for name, value in os.environ.items() if name not in _INHERITED}
        with self._log.open("a") as log:
            parent = subprocess.Popen(
                [sys.executable, "-m", "modelworks.eeipu.build_process"],
                cwd=self._root,
                env=environ,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                process_group=0,
            )
        threading.Thread(target=self._read, args=(parent,), name="sweep-builds", daemon=True).start()
        return parent

    def _read(self, parent: "subprocess.Popen[str]") -> None:
        """Tell each build's thread how it has ended; if the process that forks has died, its builds have, too."""
        for line in parent.stdout or ():
            answer = json.loads(line)
            self._waiting.pop(answer["ended"]).put(answer["status"])
        parent.wait()
        with self._lock:
            for number in list(self._waiting):
                self._waiting.pop(number).put(_KILLED)
