"""The memo in front of an executor of Snakemake's: a base class for the plugins `dvc` and `dvc-slurm`."""

import atexit
import importlib
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from snakemake.exceptions import WorkflowError
from snakemake_interface_executor_plugins.executors.base import SubmittedJobInfo
from snakemake_interface_executor_plugins.executors.real import RealExecutor
from snakemake_interface_executor_plugins.settings import ExecMode

from .buildlock import BuildLock
from .commandline import resuming
from .jobs import (
    is_forced,
    is_write_protected,
    only_collects,
    register,
    release_links,
    stand_in_for_benchmark,
    title,
)
from .key import NotMemoized, relative
from .ledger import Cost, Ledger, Record, device
from .memo import Hit, Memo, Miss
from .reporter import Reporter
from .repository import find_root, journal

_DEFAULT_RATE = (100, 1.0)


class Memoizing(RealExecutor):
    """Restores hits in the main process, hands misses on to the executor that it is mixed with, commits what they made.

    `class Executor(Memoizing, LocalExecutor)`. What the other class runs it books in `_costs`: job -> (start, cost).
    """

    def __post_init__(self) -> None:
        super().__post_init__()
        self._active = self.workflow.exec_mode == ExecMode.DEFAULT
        self._hits: dict[Any, Hit] = {}
        self._misses: dict[Any, Miss] = {}
        self._costs: dict[Any, tuple[str, Cost]] = {}
        self._running: dict[Any, float] = {}
        self._considered: set[Any] = set()
        self._counted: set[Any] = set()
        self._reporter = Reporter()
        self._loaded: Memo | None = None
        self._finished = False
        self._lock = BuildLock(Path.cwd())
        if self._active:
            self._begin()

    def _begin(self) -> None:
        try:
            root = find_root(Path.cwd())
        except FileNotFoundError as error:
            raise WorkflowError(str(error)) from None
        holder = self._lock.acquire()
        if holder is not None:
            raise WorkflowError(f"{Path.cwd()} is already being built by {holder}")
        os.environ["MODELWORKS_BUILD_PID"] = str(os.getpid())
        atexit.register(self._finish)
        if journal(root).exists():  # a killed build left finished stages that are not in dvc.lock
            self._write_lock()

    @property
    def memo(self) -> Memo:
        """The memo, loaded when the first job is looked up: a build with nothing to do never pays for it."""
        if self._loaded is None:
            settings = self.workflow.executor_settings
            refresh = _resolve(settings.refresh if settings else None)
            try:
                self._loaded = Memo(self.workflow.dag_settings.max_checksum_file_size, refresh, self._reporter.warn)
            except (OSError, ValueError) as error:
                raise WorkflowError(str(error)) from None
        return self._loaded

    # Deciding and running

    def run_jobs(self, jobs: list[Any]) -> None:
        """Restore what is in the cache; run the rest. Called by the scheduler with jobs whose inputs are complete."""
        if not self._active:
            super().run_jobs(jobs)
            return
        self._lift_default_rate_limit()
        misses = [job for job in jobs if not self._restored(job)]
        if misses:
            super().run_jobs(misses)
        self._restore_ready()
        self._reporter.progress(self._describe)

    def _lift_default_rate_limit(self) -> None:
        """Drop Snakemake's default of 100 jobs a second, meant for cluster schedulers: restoring submits nothing.

        A limit that the user has set stays.
        """
        scheduler = self.workflow.scheduler
        limit = self.workflow.scheduling_settings.max_jobs_per_timespan
        if limit is not None and (limit.max_jobs, limit.timespan) == _DEFAULT_RATE and scheduler.job_rate_limiter:
            scheduler.job_rate_limiter = None
            scheduler.resources["_job_count"] = sys.maxsize

    def _restored(self, job: Any) -> bool:
        """Restore a selected job, or say why it must run."""
        if only_collects(job):
            return False
        answer = self._look_up(job)
        if isinstance(answer, Hit) and self._restore(job, answer):
            return True
        if isinstance(answer, NotMemoized):
            self._count_not_memoized(job, answer.reason)
        else:
            self._misses[job] = answer if isinstance(answer, Miss) else self.memo.miss(answer, "forced")
            self.memo.lock.begin(answer.spec.name, [str(path) for path in job.output])
        release_links(job)
        register(job)
        self._running[job] = time.monotonic()
        return False

    def _restore_ready(self) -> None:
        """Restore every other ready job that is in the cache, so that no hit waits for a core or a scheduling round.

        A round takes as many jobs as there are cores, and costs Snakemake time for every job that is ready.
        """
        scheduler = self.workflow.scheduler
        for job in self.dag.ready_jobs - self._considered:
            self._considered.add(job)
            if job.is_group() or only_collects(job):
                continue
            answer = self._look_up(job)
            if not isinstance(answer, Hit):
                continue
            if self._restore(job, answer):
                self.dag.register_running({job})
                scheduler.running.add(job)
                scheduler.update_available_resources([job])

    def _restore(self, job: Any, hit: Hit) -> bool:
        if is_forced(job, self.dag, self.workflow.dag_settings) or is_write_protected(job):
            return False
        self.memo.lock.begin(hit.spec.name, [str(path) for path in job.output])
        try:
            self.memo.restore(hit)
            stand_in_for_benchmark(job, hit.seconds)
        except OSError as error:
            self._reporter.warn(f"{hit.spec.name} cannot be restored, so it runs: {error}")
            return False
        self._hits[job] = hit
        self.report_job_success(SubmittedJobInfo(job=job))
        return True

    def _look_up(self, job: Any) -> Hit | Miss | NotMemoized:
        try:
            return self.memo.look_up(job)
        except OSError as error:
            return NotMemoized(f"input {error.filename} cannot be read: {error.strerror}")

    # Afterwards

    def handle_job_success(self, job: Any) -> None:
        """Commit or note one job. Called by the scheduler after it has verified and touched the outputs."""
        super().handle_job_success(job)
        if not self._active:
            return
        hit = self._hits.pop(job, None)
        if hit is not None:
            self.memo.restored(hit)
            self._reporter.tally.restored += 1
            self._reporter.tally.saved += hit.seconds
            return
        if self._running.pop(job, None) is None:
            return
        self._reporter.tally.ran += 1
        miss = self._misses.pop(job, None)
        self._book(job, miss, succeeded=True)
        refused = self.memo.commit(miss) if miss is not None else None
        if miss is None or refused is not None:
            self.memo.left.forget(relative(str(path)) for path in job.output)
        if miss is not None and refused is not None:
            self.memo.lock.settle(miss.spec.name)
            self._count_not_memoized(job, refused.reason)
            if refused.stale:
                self.workflow.persistence.started(job)
        self._reporter.progress(self._describe)

    def handle_job_error(self, job: Any) -> None:
        """Book a failed job; nothing of it is committed."""
        super().handle_job_error(job)
        self._running.pop(job, None)
        self._hits.pop(job, None)
        if self._active:
            miss = self._misses.pop(job, None)
            self._book(job, miss, succeeded=False)
            if miss is not None:
                self.memo.lock.settle(miss.spec.name)

    def _book(self, job: Any, miss: Miss | None, succeeded: bool) -> None:
        started, cost = self._costs.pop(job, (None, None))
        if started is None or cost is None or job.is_group():
            return
        record = Record(
            key=miss.key.digest if miss else None,
            rule=job.rule.name,
            wildcards=dict(job.wildcards_dict),
            started=started,
            wall_s=round(cost.wall_s, 3),
            cpu_s=round(cost.cpu_s, 3),
            peak_bytes=cost.peak_bytes,
            host=os.uname().nodename,
            device=device(bool(job.resources.get("gpu", 0))),
            succeeded=succeeded,
        )
        self.memo.ledger.append(record)

    def _count_not_memoized(self, job: Any, reason: str) -> None:
        if job in self._counted:  # a further attempt
            return
        self._counted.add(job)
        name = "group" if job.is_group() else job.rule.name
        self._reporter.tally.not_memoized[f"{name}: {reason}"] += 1

    def _describe(self) -> str | None:
        """A progress line, or None when nothing runs."""
        running = dict(self._running)
        if not running:
            return None
        try:
            needed = list(self.dag.needrun_jobs())
        except RuntimeError:  # the main thread is changing the set: say it another time
            return None
        now = time.monotonic()
        names = ", ".join(f"{title(job)} {now - since:.0f} s" for job, since in list(running.items())[:4])
        waiting = [job for job in needed if job not in running and job not in self._hits and not only_collects(job)]
        eta = _eta(self.memo.ledger, running, waiting, now, self.workflow.resource_settings.cores or 1)
        return f"running {names}; {len(waiting)} jobs left; {eta}"

    # The end

    def shutdown(self) -> None:
        """Wait for running jobs, then write dvc.lock. Called by the scheduler at the end of every build."""
        super().shutdown()
        self._end()

    def cancel(self) -> None:
        """Stop running jobs, then write dvc.lock for what did finish. Called on Ctrl-C and on errors."""
        self._reporter.tally.warnings.append("stopped")
        super().cancel()
        self._end()

    def _end(self) -> None:
        if self._active:
            self._write_lock()
            self._lock.rest()

    def _write_lock(self) -> None:
        if self._loaded is None and not journal(find_root(Path.cwd())).exists():
            return
        try:
            self.memo.finish()
        except ValueError as error:
            self._reporter.warn(
                f"dvc.lock was not written: {error}. Repair or delete it: the next build then writes what this one made"
            )
        except OSError as error:
            self._reporter.warn(f"dvc.lock was not written, the next build will: {error}")

    def _finish(self) -> None:
        """The last thing a build does: its summary line."""
        if self._finished:
            return
        self._finished = True
        self._lock.rest()
        elapsed = time.clock_gettime(time.CLOCK_BOOTTIME) - _start_of_process()
        stopped = "stopped" in self._reporter.tally.warnings
        self._reporter.finish(elapsed, resuming() if stopped else None)


def _eta(ledger: Ledger, running: dict[Any, float], waiting: list[Any], now: float, cores: int) -> str:
    """When everything that is left would be done if all of it ran, from what its rules took before."""
    left = 0.0
    for job in (*running, *waiting):
        expected = None if job.is_group() else ledger.expected(job.rule.name)
        if expected is None:
            return "ETA unknown (first run)"
        left += max(expected - (now - running.get(job, now)), 0.0) * min(int(job.threads), cores)
    return f"ETA at most {left / cores:.0f} s"


def _resolve(name: str | None) -> Callable[[], Any] | None:
    """The function called `module:function`. Raises WorkflowError naming the option."""
    if not name:
        return None
    try:
        module, _, function = name.partition(":")
        return getattr(importlib.import_module(module), function)
    except (ImportError, AttributeError) as error:
        raise WorkflowError(f"--dvc-refresh {name} must be module:function: {error}") from None


def _start_of_process() -> float:
    """When this process began, in seconds since boot."""
    fields = Path("/proc/self/stat").read_text().rpartition(")")[2].split()
    return int(fields[19]) / os.sysconf("SC_CLK_TCK")
