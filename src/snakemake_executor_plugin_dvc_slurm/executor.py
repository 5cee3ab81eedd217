"""The executor: Snakemake's Slurm one, with the memo in front of it and the plugin `dvc` beside it for local rules."""

import asyncio
import shlex
import subprocess
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from snakemake.logging import logger
from snakemake_executor_plugin_slurm import Executor as SlurmExecutor
from snakemake_executor_plugin_slurm.partitions import get_best_partition

from snakemake_executor_plugin_dvc.build import Build
from snakemake_executor_plugin_dvc.commandline import resolve
from snakemake_executor_plugin_dvc.executor import Executor as LocalExecutor
from snakemake_executor_plugin_dvc.failure import tail
from snakemake_executor_plugin_dvc.memoizing import Memoizing

from . import order as orders
from .order import Order

_POLL_S = 0.25
_LAST_MOMENTS_S = 30.0


class Executor(Memoizing, SlurmExecutor):
    """Submits misses as orders that say all that a node needs, and takes their answers as soon as they are there."""

    def __post_init__(self) -> None:
        self._orders: dict[Any, Order] = {}
        super().__post_init__()
        self._local: LocalExecutor | None = None
        if self.build is not None:
            self._cancel_leftovers()
            self._serve_local_rules(self.build)

    def _cancel_leftovers(self) -> None:
        """Cancel what a build that was killed has left in the queue: it would write the same outputs."""
        left = orders.leftovers(Path.cwd())
        running = [job for order in left if (job := order.scheduler_job) and order.result() is None]
        if running and self.build is not None:
            self.build.reporter.say(f"cancelling the Slurm jobs of a build that died: {', '.join(running)}")
            subprocess.run(["scancel", *running], capture_output=True, check=False)
            deadline = time.monotonic() + _LAST_MOMENTS_S
            while _queued(running) and time.monotonic() < deadline:
                time.sleep(_POLL_S)
        for order in left:
            order.remove()

    def _serve_local_rules(self, build: Build) -> None:
        """Have Snakemake's local rules memoized too: it would run them by an executor of its own.

        Its scheduler, which holds that one, is there when the workflow's onstart handler is called.
        """

        class Beside(LocalExecutor):
            def new_build(self) -> Build:
                return build

        started = self.workflow._onstart

        def start(log: Any) -> None:
            self._local = self.workflow.scheduler._local_executor = Beside(self.workflow, logger)
            started(log)

        self.workflow._onstart = start

    # Submitting

    def run_misses(self, jobs: list[Any]) -> None:
        """Write the orders of jobs, then submit them."""
        if self.build is not None:
            for job in jobs:
                self._orders[job] = self._order(job, self.build)
        super().run_misses(jobs)

    def _order(self, job: Any, build: Build) -> Order:
        miss = build.misses.get(job)
        environment: dict[str, str] = {}
        take = resolve(self.workflow.executor_settings.snapshot, "--dvc-slurm-snapshot")
        if miss is not None and take is not None and orders.is_plain(job):
            taken = take(miss.spec.deps, miss.key.params)
            if taken is not None:
                environment = taken.environment
                miss = build.misses[job] = replace(miss, frozen=frozenset(taken.inputs))
        scratch = build.scratch(miss) if miss is not None else None
        if scratch is not None:
            environment = environment | {"MODELWORKS_SCRATCH": str(scratch)}
        return orders.write(job, miss, super().format_job_exec, environment)

    def format_job_exec(self, job: Any) -> str:
        """The command line that Slurm starts for a job."""
        order = self._orders.get(job)
        return order.command_line if order is not None else super().format_job_exec(job)

    def get_partition_arg(self, job: Any) -> str:
        """The option for a job's partition: one without GPUs for a job that needs none, where one fits."""
        wanted = job.resources.get("gpu") or "gpu" in str(job.resources.get("gres", ""))
        if self._partitions and not wanted and not job.resources.get("slurm_partition"):
            plain = [one for one in self._partitions if not one.limits.max_gpu and one.score_job_fit(job) is not None]
            best = get_best_partition(plain, job, self.logger) if plain else None
            if best:
                return f" -p {shlex.quote(best)}"
        return str(super().get_partition_arg(job))

    def report_job_submission(self, job_info: Any, register_job: bool = True) -> None:
        """Note the job's id beside its order."""
        order = self._orders.get(job_info.job)
        if order is not None and job_info.external_jobid:
            order.submitted(str(job_info.external_jobid))
            if self.build is not None:
                self.build.submitted(job_info.job, str(job_info.external_jobid))
        super().report_job_submission(job_info, register_job)

    # Noticing the end

    async def check_active_jobs(self, active_jobs: list[Any]) -> AsyncIterator[Any]:
        """Take the answers that are there; ask Slurm about the other jobs when it is their time."""
        waiting = []
        for info in active_jobs:
            order = self._orders.get(info.job)
            result = order.result() if order is not None else None
            if result is None:
                waiting.append(info)
            elif result.status == 0:
                self.report_job_success(info)
            else:
                message = f"Slurm job {info.external_jobid} on {result.ran.host} ended with status {result.status}. "
                self.report_job_error(info, msg=message, aux_logs=[str(_log(info))])
        if len(waiting) < len(active_jobs) or time.monotonic() < self._ask_slurm_at():
            for info in waiting:
                yield info
            return
        async for info in super().check_active_jobs(waiting):
            yield info
        self._asked = time.monotonic()

    def _ask_slurm_at(self) -> float:
        return getattr(self, "_asked", float("-inf")) + float(self.next_seconds_between_status_checks)

    async def sleep(self) -> None:
        """Wait until a job has answered, or until it is time to ask Slurm."""
        while self.wait and time.monotonic() < self._ask_slurm_at():
            with self.lock:
                active = list(self.active_jobs)
            if any(self._orders[info.job].result() for info in active if info.job in self._orders):
                return
            await asyncio.sleep(_POLL_S)
        await asyncio.sleep(0)

    def print_job_error(self, job_info: Any, msg: str | None = None, **kwargs: Any) -> None:
        """Say what Slurm's log of the job ends with: Snakemake shows no log behind one that is missing or empty."""
        super().print_job_error(job_info, msg, **kwargs)
        log = _log(job_info)
        if self.build is not None and log is not None:
            for line in [f"the last lines of {log}:", *(f"  {line}" for line in tail(log))]:
                self.build.reporter.say(line)

    def handle_job_success(self, job: Any) -> None:
        """Book what the node measured, then commit."""
        self._collect(job)
        super().handle_job_success(job)

    def handle_job_error(self, job: Any) -> None:
        """Book what the node measured."""
        self._collect(job)
        super().handle_job_error(job)

    def _collect(self, job: Any) -> None:
        order = self._orders.pop(job, None)
        if order is None or self.build is None:
            return
        result = order.result()
        if result is not None:
            self.build.ran[job] = result.ran
        order.remove()

    # The end

    def cancel(self) -> None:
        """Cancel the jobs in Slurm, also those that are being submitted, and end local ones."""
        self._job_submission_executor.shutdown(wait=True, cancel_futures=True)
        if self._local is not None:
            self._local.kill_jobs()
        super().cancel()
        for order in self._orders.values():
            order.remove()


def _queued(jobs: list[str]) -> bool:
    """Whether Slurm still has one of the jobs."""
    known = subprocess.run(["squeue", "-h", "-j", ",".join(jobs)], capture_output=True, text=True, check=False)
    return bool(known.stdout.strip())


def _log(info: Any) -> Path | None:
    """Slurm's log of a job."""
    path = (info.aux or {}).get("slurm_logfile")
    return Path(path) if path else None
