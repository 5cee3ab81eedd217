"""The line that says how far a build is."""

import time
from collections.abc import Container
from typing import Any

from .jobs import only_collects, title
from .leases import Lease
from .ledger import Ledger


def describe_progress(
    workflow: Any,
    ledger: Ledger,
    running: dict[Any, float],
    awaited: list[tuple[Any, Lease, float]],
    restored: Container[Any],
) -> str | None:
    """What runs (job -> when it began, by the monotonic clock), what other builds make, what is left; None if nothing.

    `awaited`: jobs that another build makes, which one, and the seconds waited.
    """
    waits = [f"waiting {seconds:.0f} s for {title(job)}, built by {lease}" for job, lease, seconds in awaited]
    if not running:
        return "; ".join(waits) or None
    try:
        needed = list(workflow.dag.needrun_jobs())
    except RuntimeError:  # the main thread is changing the set: say it another time
        return None
    now = time.monotonic()
    names = ", ".join(f"{title(job)} {now - since:.0f} s" for job, since in list(running.items())[:4])
    left = [job for job in needed if job not in running and job not in restored and not only_collects(job)]
    eta = _eta(ledger, running, left, now, workflow.resource_settings.cores or 1)
    return "; ".join([f"running {names}", *waits, f"{len(left)} jobs left", eta])


def _eta(ledger: Ledger, running: dict[Any, float], waiting: list[Any], now: float, cores: int) -> str:
    """When everything that is left would be done if all of it ran, from what its rules took before."""
    left = 0.0
    for job in (*running, *waiting):
        expected = None if job.is_group() else ledger.expected(job.rule.name)
        if expected is None:
            return "ETA unknown (first run)"
        left += max(expected - (now - running.get(job, now)), 0.0) * min(int(job.threads), cores)
    return f"ETA at most {left / cores:.0f} s"
