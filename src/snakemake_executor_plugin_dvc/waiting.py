"""Which build makes what: this one leases the keys that it makes, and waits for those that another one makes.

A job that waits gives its cores back. When the other build has ended with it, it is restored at once, whether or not a
core is free, or is ready to run if there is nothing to restore.
"""

import threading
import time
from dataclasses import dataclass
from typing import Any

from snakemake_interface_executor_plugins.executors.base import SubmittedJobInfo

from . import scheduling
from .jobs import title
from .leases import BEAT_S, Lease, Leases

_POLL_S = 0.25


@dataclass(frozen=True)
class _Wait:
    key: str
    lease: Lease
    since: float
    executor: Any


class Waiting:
    """The leases of one build, its jobs that wait for other builds, and the thread that watches over both.

    Snakemake's scheduler ends when nothing runs and nothing is ready: a waiting job counts as running, without its
    resources, until it is restored or ready again. `build` is the build that it belongs to.
    """

    def __init__(self, build: Any, leases: Leases) -> None:
        self._build = build
        self._workflow = build.workflow
        self._leases = leases
        self._jobs: dict[Any, _Wait] = {}
        self._thread: threading.Thread | None = None
        self._ended = threading.Event()

    def for_another(self, job: Any, key: str, executor: Any, wait: bool) -> bool:
        """Whether a selected job waits for another build now; else this one has the lease of its key, if it can be had.

        Without `wait` it does not, and goes without the lease if another build has it.
        """
        try:
            other, dead = self._leases.take(key)
        except OSError:  # a read-only cache: nobody can say what he builds
            return False
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="memo-leases", daemon=True)
            self._thread.start()
        if other is not None and wait:
            self._build.reporter.say(f"{title(job)} is being built by {other}: waiting for it")
            self._jobs[job] = _Wait(key, other, time.monotonic(), executor)
            scheduling.give_back(self._workflow, job)
            return True
        if dead is not None:
            self._build.reporter.say(f"{title(job)} was being built by {dead}, which is gone: taking over")
        return False

    def items(self) -> list[tuple[Any, Lease, float]]:
        """The waiting jobs, who makes them, and for how many seconds they have waited."""
        now = time.monotonic()
        return [(job, wait.lease, now - wait.since) for job, wait in list(self._jobs.items())]

    def end(self) -> None:
        """Give all leases back and stop watching."""
        self._ended.set()
        self._leases.release_all()

    def _run(self) -> None:
        beaten = time.monotonic()
        while not self._ended.wait(_POLL_S):
            if time.monotonic() - beaten > BEAT_S:
                beaten = time.monotonic()
                self._leases.beat()
            for job, wait in list(self._jobs.items()):
                self._look(job, wait)

    def _look(self, job: Any, wait: _Wait) -> None:
        """End the wait of a job if it is time to."""
        stopping = scheduling.is_stopping(self._workflow)
        try:
            if not stopping and self._leases.live(wait.key, cancel=True) is not None:
                return
            restored = not stopping and self._build.restored_after_waiting(job)
        except Exception as error:  # whatever it is, the job can be run
            self._build.reporter.warn(f"{title(job)}: {error}")
            restored = False
        del self._jobs[job]
        if restored:
            scheduling.take_again(self._workflow, job)
            wait.executor.report_job_success(SubmittedJobInfo(job=job))
        else:
            scheduling.make_ready(self._workflow, job)
