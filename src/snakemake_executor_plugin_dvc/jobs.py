"""What the memo asks of Snakemake's jobs beside their keys."""

import contextlib
import os
import shutil
from pathlib import Path
from typing import Any


def only_collects(job: Any) -> bool:
    """Whether a job has nothing to run, like `rule all`."""
    return not job.is_group() and job.is_norun


def title(job: Any) -> str:
    """The rule with its wildcards, for people."""
    if job.is_group():
        return "group"
    wildcards = ",".join(f"{name}={value}" for name, value in job.wildcards_dict.items())
    return f"{job.rule.name} {wildcards}".strip()


def is_forced(job: Any, dag: Any, settings: Any) -> bool:
    """Whether the user has asked to run the job: Snakemake also forces what a killed build left incomplete."""
    if not dag.reason(job).forced:
        return False
    if job.rule in dag.forcerules or (settings.forcetargets and job in dag.targetjobs):
        return True
    return not {os.path.relpath(path) for path in job.output}.isdisjoint(map(os.path.relpath, settings.forcerun))


def is_write_protected(job: Any) -> bool:
    """Whether Snakemake would refuse to overwrite an output (protected())."""
    return any(os.path.exists(path) and not os.access(path, os.W_OK) for path in job.protected_output)


def register(job: Any) -> None:
    """Mark a job's outputs as incomplete before anything is written.

    Snakemake does so when the job runs already: a kill in between would leave half an output.
    """
    with contextlib.suppress(OSError):
        job.register()


def release_links(job: Any) -> None:
    """Give a job files of its own where it will write: nothing may ever write through a link to the cache.

    Snakemake removes old outputs, but for those that a job updates.
    """
    for member in job if job.is_group() else [job]:
        for path in member.output:
            if path.flags.get("update") and os.path.isfile(path) and os.stat(path).st_nlink > 1:
                copy = Path(f"{path}.memo-{os.getpid()}")
                shutil.copy(path, copy)
                copy.replace(path)


def stand_in_for_benchmark(job: Any, seconds: float) -> None:
    """Snakemake expects a `benchmark:` file also of a restored job: say what the job took when it was run."""
    if job.benchmark and not os.path.exists(job.benchmark):
        path = Path(job.benchmark)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"s\n{seconds:.4f}\n")
