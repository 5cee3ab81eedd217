"""The executor: Snakemake's local one, with the memo in front of it."""

import contextlib
import os
import time
from collections.abc import Callable
from typing import Any

import psutil
from snakemake.executors.local import Executor as LocalExecutor

from .build import Build
from .memoizing import Memoizing
from .meter import Meter, Ran, device

_TERMINATE_S = 5.0


class Executor(Memoizing, LocalExecutor):
    """Runs misses in worker threads, measures their processes, and ends all of them when the build is stopped."""

    def __post_init__(self) -> None:
        self._meter = Meter()
        super().__post_init__()

    def new_build(self) -> Build:
        """The build; what its jobs start ends with it."""
        build = super().new_build()
        os.environ["MODELWORKS_BUILD_PID"] = str(os.getpid())
        os.environ.pop("MODELWORKS_SCRATCH", None)  # of one job alone
        return build

    def cached_or_run(self, job: Any, run_func: Callable[..., Any], *args: Any) -> None:
        """Run one job in a worker thread, measuring its processes."""
        started, mark = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), self._meter.start()
        try:
            super().cached_or_run(job, run_func, *args)
        finally:
            cost = self._meter.stop(mark)
            if self.build is not None:
                used = device(bool(job.resources.get("gpu", 0)))
                self.build.ran[job] = Ran(started, cost, os.uname().nodename, used)

    def cancel(self) -> None:
        """Stop the build."""
        self.kill_jobs()
        super().cancel()

    def kill_jobs(self) -> None:
        """End the processes of running jobs, again for what was started meanwhile."""
        while stopping := self._meter.children():
            for process in stopping:
                _signal(process.terminate)
            _, alive = psutil.wait_procs(stopping, timeout=_TERMINATE_S)
            for process in alive:
                _signal(process.kill)
            psutil.wait_procs(alive, timeout=_TERMINATE_S)


def _signal(send: Callable[[], None]) -> None:
    with contextlib.suppress(psutil.Error):
        send()
