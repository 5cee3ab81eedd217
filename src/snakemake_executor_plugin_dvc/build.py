"""One build: which jobs are restored, what the others made is committed, and what is said of it.

Shared by the executors of a build: a cluster's own and the one that runs Snakemake's local rules beside it.
"""

import atexit
import os
import threading
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from snakemake.exceptions import WorkflowError
from snakemake_interface_executor_plugins.executors.base import SubmittedJobInfo

from . import scheduling
from .buildlock import BuildLock
from .commandline import resolve, resuming
from .failure import describe
from .holder import start_ticks
from .jobs import is_forced, is_write_protected, only_collects, register, release_links, stand_in_for_benchmark, title
from .key import NotMemoized, relative
from .leases import Leases
from .ledger import git_commit, record
from .memo import Hit, Memo, Miss
from .meter import Ran
from .progress import describe_progress
from .reporter import Reporter
from .repository import find_root, journal, mark_foreign
from .waiting import Waiting


class Build:
    """The state of one build in one working directory. Raises WorkflowError where there is no DVC repository."""

    def __init__(self, workflow: Any) -> None:
        self.workflow = workflow
        self.reporter = Reporter()
        self.misses: dict[Any, Miss] = {}
        self.ran: dict[Any, Ran] = {}
        self._hits: dict[Any, Hit] = {}
        self._running: dict[Any, float] = {}
        self._considered: set[Any] = set()
        self._counted: set[Any] = set()
        self._loaded: Memo | None = None
        self._leases: Leases | None = None
        self._waiting: Waiting | None = None
        self._finished = False
        self._turn = threading.RLock()  # what a build has waited for is restored in another thread
        self._lock = BuildLock(Path.cwd())
        try:
            root = find_root(Path.cwd())
        except FileNotFoundError as error:
            raise WorkflowError(str(error)) from None
        holder = self._lock.acquire()
        if holder is not None:
            raise WorkflowError(f"{Path.cwd()} is already being built by {holder}")
        atexit.register(self._finish)
        if journal(root).exists():  # a killed build left finished stages that are not in dvc.lock
            self._write_lock()

    @property
    def memo(self) -> Memo:
        """The memo, loaded when the first job is looked up: a build with nothing to do never pays for it."""
        if self._loaded is None:
            settings = self.workflow.executor_settings
            refresh = resolve(settings.refresh, "--dvc-refresh") if settings else None
            try:
                self._loaded = Memo(self.workflow.dag_settings.max_checksum_file_size, refresh, self.reporter.warn)
            except (OSError, ValueError) as error:
                raise WorkflowError(str(error)) from None
        return self._loaded

    # Deciding

    def restore_or_begin(self, jobs: Iterable[Any], executor: Any) -> list[Any]:
        """Restore those of the selected jobs that are in the cache; the others, which must run."""
        scheduling.prepare(self.workflow)
        with self._turn:
            return [job for job in jobs if not self._restored(job, executor)]

    def _restored(self, job: Any, executor: Any) -> bool:
        """Restore a selected job, or have it wait for another build; False if it must run, which is begun then."""
        if only_collects(job):
            return False
        answer = self._look_up(job)
        forced = self._is_forced(job)
        if isinstance(answer, Hit):
            if not forced and self._restore(job, answer):
                executor.report_job_success(SubmittedJobInfo(job=job))
                return True
            answer = self.memo.miss(answer, "it is forced to run" if forced else "it cannot be restored")
        if self._must_be_cached(job, answer.reason):
            return True
        if isinstance(answer, Miss):
            if self._made_elsewhere(job, answer, executor, forced):
                return True
            self.misses[job] = answer
            self.memo.lock.begin(answer.spec.name, [str(path) for path in job.output])
            if self.scratch(answer) is not None:
                self.memo.scratch.offer(answer.key.digest, answer.spec.outs)
        else:
            self._count_not_memoized(job, answer.reason)
        release_links(job)
        register(job)
        self._running[job] = time.monotonic()
        return False

    def _is_forced(self, job: Any) -> bool:
        """Whether a job runs though its result is in the cache."""
        if job.is_group():
            return False
        return is_forced(job, self.workflow.dag, self.workflow.dag_settings) or is_write_protected(job)

    def _must_be_cached(self, job: Any, reason: str) -> bool:
        """Whether the build ends here, since a job would run and --dvc-only-cached was given."""
        settings = self.workflow.executor_settings
        if settings is None or not settings.only_cached:
            return False
        self.reporter.say(
            f"error: only-cached: {title(job)} must run: {reason}. What would run: modelworks plan. "
            "Build without this option, or bring the result here first: modelworks pull"
        )
        scheduling.stop(self.workflow, job)
        return True

    def _made_elsewhere(self, job: Any, miss: Miss, executor: Any, forced: bool) -> bool:
        """Whether another build makes what the job would make, or has just made it; else this build leases the key.

        A job that is forced waits for nobody.
        """
        if self._leases is None or self._waiting is None:
            self._leases = Leases(self.memo.cache, Path.cwd())
            self._waiting = Waiting(self, self._leases)
        if self._waiting.for_another(job, miss.key.digest, executor, wait=not forced):
            return True
        if forced or not self.memo.runs.results(miss.key):
            return False
        again = self._look_up(job)  # the other build may have ended since the first look
        if not isinstance(again, Hit) or not self._restore(job, again):
            return False
        self._give_back(miss)
        executor.report_job_success(SubmittedJobInfo(job=job))
        return True

    def restored_after_waiting(self, job: Any) -> bool:
        """Restore a job that another build has made, in whatever thread; its success is still to be reported."""
        with self._turn:
            answer = self._look_up(job)
            return isinstance(answer, Hit) and self._restore(job, answer)

    def restore_ready(self, executor: Any) -> None:
        """Restore every other ready job that is in the cache, so that no hit waits for a core or a scheduling round.

        A round takes as many jobs as there are cores, and costs Snakemake time for every job that is ready.
        """
        for job in scheduling.ready(self.workflow, self._considered):
            self._considered.add(job)
            if job.is_group() or only_collects(job) or self._is_forced(job):
                continue
            with self._turn:
                answer = self._look_up(job)
                restored = isinstance(answer, Hit) and self._restore(job, answer)
            if restored:
                scheduling.select(self.workflow, job)
                executor.report_job_success(SubmittedJobInfo(job=job))

    def _restore(self, job: Any, hit: Hit) -> bool:
        self.memo.lock.begin(hit.spec.name, [str(path) for path in job.output])
        try:
            self.memo.restore(hit)
            stand_in_for_benchmark(job, hit.seconds)
        except OSError as error:
            self.reporter.warn(f"{hit.spec.name} cannot be restored, so it runs: {error}")
            return False
        self._hits[job] = hit
        return True

    def _look_up(self, job: Any) -> Hit | Miss | NotMemoized:
        try:
            return self.memo.look_up(job)
        except OSError as error:
            return NotMemoized(f"input {error.filename} cannot be read: {error.strerror}")

    # Afterwards

    def succeeded(self, job: Any) -> None:
        """Commit or note one job, after Snakemake has verified and touched the outputs."""
        with self._turn:
            self._succeeded(job)

    def _succeeded(self, job: Any) -> None:
        hit = self._hits.pop(job, None)
        if hit is not None:
            self.memo.restored(hit)
            self.reporter.tally.restored += 1
            self.reporter.tally.saved += hit.seconds
            return
        if self._running.pop(job, None) is None:
            return
        self.reporter.tally.ran += 1
        miss = self.misses.pop(job, None)
        git_commit()  # asked before the commit: between it and its record in the ledger a kill must find little time
        refused = self.memo.commit(miss) if miss is not None else None
        entry = self.memo.lock.entry(miss.spec.name) if miss is not None and refused is None else None
        outs = {out["path"]: out["md5"] for out in entry["outs"]} if entry else {}
        self._book(job, miss, succeeded=True, outs=outs)
        if miss is not None and refused is None:
            self.memo.scratch.delete(miss.key.digest)
        self._give_back(miss)
        if miss is None or refused is not None:
            self.memo.left.forget(relative(str(path)) for path in job.output)
        if miss is not None and refused is not None:
            self.memo.lock.settle(miss.spec.name)
            self._count_not_memoized(job, refused.reason)
            if refused.stale:
                self.workflow.persistence.started(job)
        elif miss is not None and self.memo.is_outdated(miss):
            mark_foreign(Path.cwd(), map(str, job.output))
        self.progress()

    def failed(self, job: Any) -> None:
        """Book a failed job; nothing of it is committed."""
        with self._turn:
            self._failed(job)

    def _failed(self, job: Any) -> None:
        self._running.pop(job, None)
        self._hits.pop(job, None)
        miss = self.misses.pop(job, None)
        for line in describe(job, self.ran.get(job)):
            self.reporter.say(line)
        self._book(job, miss, succeeded=False, outs={})
        self._give_back(miss)
        if miss is not None:
            self.memo.lock.settle(miss.spec.name)

    def _book(self, job: Any, miss: Miss | None, succeeded: bool, outs: dict[str, str]) -> None:
        ran = self.ran.pop(job, None)
        if ran is not None and not job.is_group():
            key = miss.key.digest if miss else None
            figures = self.memo.scratch.figures(key) if key else {}
            self.memo.ledger.append(record(key, job.rule.name, dict(job.wildcards_dict), ran, succeeded, outs, figures))

    def scratch(self, miss: Miss) -> Path | None:
        """Where a job may keep its progress; None if somebody else may be making the same."""
        leased = self._leases is not None and self._leases.mine(miss.key.digest)
        return self.memo.scratch.folder(miss.key.digest) if leased else None

    def _give_back(self, miss: Miss | None) -> None:
        if miss is not None and self._leases is not None:
            self.memo.scratch.withdraw(miss.spec.outs)
            self._leases.release(miss.key.digest)

    def submitted(self, job: Any, scheduler_job: str) -> None:
        """Note a cluster's id of a job where other builds see it."""
        if job in self.misses and self._leases is not None:
            self._leases.note_job(self.misses[job].key.digest, scheduler_job)

    def _count_not_memoized(self, job: Any, reason: str) -> None:
        if job in self._counted:  # a further attempt
            return
        self._counted.add(job)
        name = "group" if job.is_group() else job.rule.name
        self.reporter.tally.not_memoized[f"{name}: {reason}"] += 1

    def progress(self) -> None:
        """Say what runs, what is left and when it will be done, if the last time was a while ago."""
        self.reporter.progress(self._describe)

    def _describe(self) -> str | None:
        awaited = self._waiting.items() if self._waiting is not None else []
        return describe_progress(self.workflow, self.memo.ledger, dict(self._running), awaited, self._hits)

    # The end

    def stop(self) -> None:
        """The build is stopped before its end: the summary says how to resume it."""
        self.reporter.tally.warnings.append("stopped")

    def end(self) -> None:
        """Write dvc.lock for what did finish, and leave the working directory to others."""
        if self._waiting is not None:
            self._waiting.end()
        self._write_lock()
        self._lock.rest()

    def _write_lock(self) -> None:
        if self._loaded is None and not journal(find_root(Path.cwd())).exists():
            return
        try:
            self.memo.finish()
        except ValueError as error:
            self.reporter.warn(
                f"dvc.lock was not written: {error}. Repair or delete it: the next build then writes what this one made"
            )
        except OSError as error:
            self.reporter.warn(f"dvc.lock was not written, the next build will: {error}")

    def _finish(self) -> None:
        """The last thing a build does: its summary line."""
        if self._finished:
            return
        self._finished = True
        self._lock.rest()
        elapsed = time.clock_gettime(time.CLOCK_BOOTTIME) - _start_of_process()
        stopped = "stopped" in self.reporter.tally.warnings
        self.reporter.finish(elapsed, resuming() if stopped else None)


def _start_of_process() -> float:
    """When this process began, in seconds since boot."""
    return (start_ticks(os.getpid()) or 0) / os.sysconf("SC_CLK_TCK")
