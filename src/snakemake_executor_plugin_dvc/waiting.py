"""Which build makes what: this one leases the keys that it makes, and waits for those that another one makes.

A job that waits gives its cores back, and is ready again when the other build has ended with it.
"""

import threading
import time
from collections.abc import Callable
from typing import Any

from .jobs import title
from .leases import BEAT_S, Lease, Leases

_POLL_S = 0.25


class Waiting:
    """The leases of one build, its jobs that wait for other builds, and the thread that watches over both.

    Snakemake's scheduler ends when nothing runs and nothing is ready: a waiting job counts as running, without its
    resources, until it is ready again and is looked up anew.
    """

    def __init__(self, workflow: Any, leases: Leases, say: Callable[[str], None]) -> None:
        self._workflow = workflow
        self._leases = leases
        self._say = say
        self._jobs: dict[Any, tuple[str, Lease, float]] = {}
        self._thread: threading.Thread | None = None
        self._ended = threading.Event()

    def for_another(self, job: Any, key: str) -> bool:
        """Whether a selected job has to wait for another build; else this one has the lease of its key now."""
        try:
            other, dead = self._leases.take(key)
        except OSError:  # a read-only cache: nobody can say what he builds
            return False
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="memo-leases", daemon=True)
            self._thread.start()
        if other is not None:
            self._say(f"{title(job)} is being built by {other}: waiting for it")
            self._add(job, key, other)
        elif dead is not None:
            self._say(f"{title(job)} was being built by {dead}, which is gone: taking over")
        return other is not None

    def _add(self, job: Any, key: str, lease: Lease) -> None:
        scheduler = self._workflow.scheduler
        with scheduler._lock:
            scheduler._free_resources(job)
            self._jobs[job] = (key, lease, time.monotonic())
        scheduler._open_jobs.release()

    def items(self) -> list[tuple[Any, Lease, float]]:
        """The waiting jobs, who makes them, and for how many seconds they have waited."""
        now = time.monotonic()
        return [(job, lease, now - since) for job, (_, lease, since) in list(self._jobs.items())]

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
            if self._jobs:
                self._look()

    def _look(self) -> None:
        scheduler, dag = self._workflow.scheduler, self._workflow.dag
        stopping = scheduler._user_kill or (scheduler._errors and not scheduler.keepgoing)
        over = [job for job, (key, _, _) in list(self._jobs.items()) if stopping or self._leases.live(key) is None]
        if not over:
            return
        with scheduler._lock:
            for job in over:
                del self._jobs[job]
                scheduler.running.discard(job)
                dag._running.discard(job)
                dag._ready_jobs.add(job)
        scheduler._open_jobs.release()
