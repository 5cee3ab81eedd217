"""What a build does to Snakemake's scheduler: all that reaches into its inner parts is here."""

import sys
import threading
from collections.abc import Collection
from typing import Any

_DEFAULT_RATE = (100, 1.0)
_REENTRANT = type(threading.RLock())


def prepare(workflow: Any) -> None:
    """Make a scheduler fit for a memo; called before each round.

    Its default of 100 jobs a second, meant for clusters, goes: restoring submits nothing. A limit that the user has set
    stays. And SIGTERM can stop a build at any moment: Snakemake's handler takes a lock that its own thread may hold.
    """
    scheduler = workflow.scheduler
    limit = workflow.scheduling_settings.max_jobs_per_timespan
    if limit is not None and (limit.max_jobs, limit.timespan) == _DEFAULT_RATE and scheduler.job_rate_limiter:
        scheduler.job_rate_limiter = None
        scheduler.resources["_job_count"] = sys.maxsize
    if not isinstance(scheduler._lock, _REENTRANT):
        scheduler._lock = threading.RLock()


def ready(workflow: Any, known: Collection[Any]) -> set[Any]:
    """The jobs whose inputs are complete, but for known ones."""
    with workflow.scheduler._lock:  # a job that has waited for another build becomes ready at any time
        return set(workflow.dag.ready_jobs - known)


def select(workflow: Any, job: Any) -> None:
    """Take a ready job as if the scheduler had selected it."""
    workflow.dag.register_running({job})
    workflow.scheduler.running.add(job)
    workflow.scheduler.update_available_resources([job])


def give_back(workflow: Any, job: Any) -> None:
    """Free the resources of a selected job, which goes on to count as running: the scheduler ends when nothing does."""
    scheduler = workflow.scheduler
    with scheduler._lock:
        scheduler._free_resources(job)
    scheduler._open_jobs.release()


def take_again(workflow: Any, job: Any) -> None:
    """Take resources for such a job, whether or not they are free: its end will free them."""
    with workflow.scheduler._lock:
        workflow.scheduler.update_available_resources([job])


def make_ready(workflow: Any, job: Any) -> None:
    """Have such a job selected anew."""
    scheduler = workflow.scheduler
    with scheduler._lock:
        scheduler.running.discard(job)
        workflow.dag._running.discard(job)
        workflow.dag._ready_jobs.add(job)
    scheduler._open_jobs.release()


def stop(workflow: Any, job: Any) -> None:
    """End the build after what runs now; the selected job does not."""
    scheduler = workflow.scheduler
    with scheduler._lock:
        scheduler._user_kill = "graceful"
        scheduler.running.discard(job)
        scheduler._free_resources(job)
    scheduler._open_jobs.release()


def is_stopping(workflow: Any) -> bool:
    """Whether no further job will be begun."""
    scheduler = workflow.scheduler
    return bool(scheduler._user_kill or (scheduler._errors and not scheduler.keepgoing))
