"""The executor: Snakemake's local one, with the memo in front of it."""

import atexit
import contextlib
import importlib
import os
import shlex
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
from snakemake.exceptions import WorkflowError
from snakemake.executors.local import Executor as LocalExecutor
from snakemake_interface_executor_plugins.executors.base import SubmittedJobInfo
from snakemake_interface_executor_plugins.settings import ExecMode

from .buildlock import BuildLock
from .key import NotMemoized
from .ledger import Cost, Ledger, Meter, Record, device
from .memo import Hit, Memo, Miss
from .reporter import Reporter
from .repository import find_root, journal

_TERMINATE_S = 5.0
_DEFAULT_RATE = (100, 1.0)


class Executor(LocalExecutor):
    """Restores hits in the main process, runs misses as Snakemake's local executor does, commits what they made."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self._active = self.workflow.exec_mode == ExecMode.DEFAULT
        self._hits: dict[Any, Hit] = {}
        self._misses: dict[Any, Miss] = {}
        self._costs: dict[Any, tuple[str, Cost]] = {}
        self._running: dict[Any, float] = {}
        self._considered: set[Any] = set()
        self._counted: set[Any] = set()
        self._meter = Meter()
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
        if _only_collects(job):
            return False
        answer = self._look_up(job)
        if isinstance(answer, Hit) and self._restore(job, answer):
            return True
        if isinstance(answer, NotMemoized):
            self._count_not_memoized(job, answer.reason)
        else:
            self._misses[job] = answer if isinstance(answer, Miss) else self.memo.miss(answer, "forced")
            self.memo.lock.begin(answer.spec.name, [str(path) for path in job.output])
        self._release_links(job)
        with contextlib.suppress(OSError):
            job.register()  # Snakemake does so when the job runs already: a kill in between would leave half an output
        self._running[job] = time.monotonic()
        return False

    def _restore_ready(self) -> None:
        """Restore every other ready job that is in the cache, so that no hit waits for a core or a scheduling round.

        A round takes as many jobs as there are cores, and costs Snakemake time for every job that is ready.
        """
        scheduler = self.workflow.scheduler
        for job in self.dag.ready_jobs - self._considered:
            self._considered.add(job)
            if job.is_group() or _only_collects(job):
                continue
            answer = self._look_up(job)
            if not isinstance(answer, Hit):
                continue
            if self._restore(job, answer):
                self.dag.register_running({job})
                scheduler.running.add(job)
                scheduler.update_available_resources([job])

    def _restore(self, job: Any, hit: Hit) -> bool:
        if self._forced(job) or _write_protected(job):
            return False
        self.memo.lock.begin(hit.spec.name, [str(path) for path in job.output])
        try:
            self.memo.restore(hit)
            _stand_in_for_benchmark(job, hit.seconds)
        except OSError as error:
            self._reporter.warn(f"{hit.spec.name} cannot be restored, so it runs: {error}")
            return False
        self._hits[job] = hit
        self.report_job_success(SubmittedJobInfo(job=job))
        return True

    def _forced(self, job: Any) -> bool:
        """Whether the user has asked to run the job: Snakemake also forces what a killed build left incomplete."""
        settings = self.workflow.dag_settings
        if not self.dag.reason(job).forced:
            return False
        if job.rule in self.dag.forcerules or (settings.forcetargets and job in self.dag.targetjobs):
            return True
        return not {os.path.relpath(path) for path in job.output}.isdisjoint(map(os.path.relpath, settings.forcerun))

    def _look_up(self, job: Any) -> Hit | Miss | NotMemoized:
        try:
            return self.memo.look_up(job)
        except OSError as error:
            return NotMemoized(f"input {error.filename} cannot be read: {error.strerror}")

    def _release_links(self, job: Any) -> None:
        """Give a job files of its own where it will write: nothing may ever write through a link to the cache.

        Snakemake removes old outputs, but for those that a job updates.
        """
        for member in job if job.is_group() else [job]:
            for path in member.output:
                if path.flags.get("update") and os.path.isfile(path) and os.stat(path).st_nlink > 1:
                    copy = Path(f"{path}.memo-{os.getpid()}")
                    shutil.copy(path, copy)
                    copy.replace(path)

    def cached_or_run(self, job: Any, run_func: Callable[..., Any], *args: Any) -> None:
        """Run one job in a worker thread, measuring its processes."""
        started, mark = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), self._meter.start()
        try:
            super().cached_or_run(job, run_func, *args)
        finally:
            self._costs[job] = (started, self._meter.stop(mark))

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
        if miss is not None:
            refused = self.memo.commit(miss)
            if refused is not None:
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
        names = ", ".join(f"{_title(job)} {now - since:.0f} s" for job, since in list(running.items())[:4])
        waiting = [job for job in needed if job not in running and job not in self._hits and not _only_collects(job)]
        eta = _eta(self.memo.ledger, running, waiting, now, self.workflow.resource_settings.cores or 1)
        return f"running {names}; {len(waiting)} jobs left; {eta}"

    # The end

    def shutdown(self) -> None:
        """Wait for running jobs, then write dvc.lock. Called by the scheduler at the end of every build."""
        super().shutdown()
        self._write_lock()

    def cancel(self) -> None:
        """Stop running jobs, then write dvc.lock for what did finish. Called on Ctrl-C and on errors."""
        self._reporter.tally.warnings.append("stopped")
        while stopping := self._meter.children():  # again for what was started meanwhile
            for process in stopping:
                _signal(process.terminate)
            _, alive = psutil.wait_procs(stopping, timeout=_TERMINATE_S)
            for process in alive:
                _signal(process.kill)
            psutil.wait_procs(alive, timeout=_TERMINATE_S)
        super().cancel()
        self._write_lock()

    def _write_lock(self) -> None:
        if not self._active or (self._loaded is None and not journal(find_root(Path.cwd())).exists()):
            return
        try:
            self.memo.finish()
        except (OSError, ValueError) as error:
            self._reporter.warn(f"dvc.lock was not written, the next build will: {error}")

    def _finish(self) -> None:
        """The last thing a build does: its summary line."""
        if self._finished:
            return
        self._finished = True
        self._lock.release()
        elapsed = time.clock_gettime(time.CLOCK_BOOTTIME) - _start_of_process()
        stopped = "stopped" in self._reporter.tally.warnings
        self._reporter.finish(elapsed, _command_line() if stopped else None)


def _only_collects(job: Any) -> bool:
    """Whether a job has nothing to run, like `rule all`."""
    return not job.is_group() and job.is_norun


def _title(job: Any) -> str:
    if job.is_group():
        return "group"
    wildcards = ",".join(f"{name}={value}" for name, value in job.wildcards_dict.items())
    return f"{job.rule.name} {wildcards}".strip()


def _eta(ledger: Ledger, running: dict[Any, float], waiting: list[Any], now: float, cores: int) -> str:
    """When everything that is left would be done if all of it ran, from what its rules took before."""
    left = 0.0
    for job in (*running, *waiting):
        expected = None if job.is_group() else ledger.expected(job.rule.name)
        if expected is None:
            return "ETA unknown (first run)"
        left += max(expected - (now - running.get(job, now)), 0.0) * min(int(job.threads), cores)
    return f"ETA at most {left / cores:.0f} s"


def _write_protected(job: Any) -> bool:
    """Whether Snakemake would refuse to overwrite an output (protected())."""
    return any(os.path.exists(path) and not os.access(path, os.W_OK) for path in job.protected_output)


def _stand_in_for_benchmark(job: Any, seconds: float) -> None:
    """Snakemake expects a `benchmark:` file also of a restored job: say what the job took when it was run."""
    if job.benchmark and not os.path.exists(job.benchmark):
        path = Path(job.benchmark)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"s\n{seconds:.4f}\n")


def _signal(send: Callable[[], None]) -> None:
    with contextlib.suppress(psutil.Error):
        send()


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


def _command_line() -> str:
    return shlex.join([Path(sys.argv[0]).name, *sys.argv[1:]])
