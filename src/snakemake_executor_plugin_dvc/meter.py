"""What a job that ran has used, and on what: seconds and memory of its processes, and the device."""

import contextlib
import os
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import psutil


@dataclass(frozen=True)
class Cost:
    """What one job used: seconds of wall and CPU time and peak resident bytes of its processes."""

    wall_s: float
    cpu_s: float
    peak_bytes: int


@dataclass(frozen=True)
class Ran:
    """Where and when one job ran (UTC, ISO 8601), and what it used; `scheduler_job` is a cluster's id of it."""

    started: str
    cost: Cost
    host: str
    device: str
    scheduler_job: str | None = None


def device(uses_gpu: bool) -> str:
    """The device that a job ran on: the GPU's model, or `cpu`."""
    if uses_gpu:
        for path in sorted(Path("/proc/driver/nvidia/gpus").glob("*/information")):
            for line in path.read_text().splitlines():
                if line.startswith("Model:"):
                    return line.removeprefix("Model:").strip()
    return "cpu"


class Meter:
    """Measures the processes that worker threads start, by sampling `/proc`; one Meter a build.

    CPU time is what the kernel adds to this process when a thread's children are reaped; peak memory is the largest
    sum of resident sizes seen, sampled every 20 ms at first and every half second later.
    """

    def __init__(self) -> None:
        self._peaks: dict[int, int] = {}
        self._attributed = _children_cpu()
        self._lock = threading.Lock()
        self._sampler: threading.Thread | None = None

    def start(self) -> tuple[int, float]:
        """Begin measuring the calling thread's children."""
        thread = threading.get_native_id()
        with self._lock:
            if not self._peaks:
                self._attributed = _children_cpu()
            self._peaks[thread] = 0
            if self._sampler is None:
                self._sampler = threading.Thread(target=self._sample, name="memo-meter", daemon=True)
                self._sampler.start()
        return thread, time.monotonic()

    def stop(self, started: tuple[int, float]) -> Cost:
        """End measuring and return what was used."""
        thread, begin = started
        with self._lock:
            cpu = _children_cpu()
            used, self._attributed = cpu - self._attributed, cpu
            peak = self._peaks.pop(thread, 0)
        return Cost(wall_s=time.monotonic() - begin, cpu_s=max(used, 0.0), peak_bytes=peak)

    def children(self) -> list[psutil.Process]:
        """The live processes that measured threads have started, with all their descendants."""
        with self._lock:
            threads = list(self._peaks)
        return [process for thread in threads for process in _tree(thread)]

    def _sample(self) -> None:
        pause = 0.02
        while True:
            time.sleep(pause)
            pause = min(pause * 1.5, 0.5)
            with self._lock:
                threads = list(self._peaks)
                if not threads:
                    self._sampler = None
                    return
            for thread in threads:
                total = 0
                for process in _tree(thread):
                    with contextlib.suppress(psutil.Error):
                        total += process.memory_info().rss
                with self._lock:
                    if thread in self._peaks:
                        self._peaks[thread] = max(self._peaks[thread], total)


def _children_cpu() -> float:
    times = os.times()
    return times.children_user + times.children_system


def _tree(thread: int) -> list[psutil.Process]:
    processes = []
    with contextlib.suppress(OSError, psutil.Error):
        for pid in Path(f"/proc/self/task/{thread}/children").read_text().split():
            process = psutil.Process(int(pid))
            processes += [process, *process.children(recursive=True)]
    return processes
