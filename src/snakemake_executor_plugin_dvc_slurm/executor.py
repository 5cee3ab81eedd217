"""The executor: Snakemake's Slurm one, with the memo in front of it and the plugin `dvc` beside it for local rules."""

import asyncio
import shlex
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

from snakemake.logging import logger
from snakemake_executor_plugin_slurm import Executor as SlurmExecutor
from snakemake_executor_plugin_slurm.partitions import get_best_partition

from snakemake_executor_plugin_dvc.build import Build, resolve
from snakemake_executor_plugin_dvc.executor import Executor as LocalExecutor
from snakemake_executor_plugin_dvc.memoizing import Memoizing

from . import order as orders
from .order import Order

_POLL_S = 0.25


class Executor(Memoizing, SlurmExecutor):
    """Submits misses as orders that say all that a node needs, and takes their answers as soon as they are there."""

    def __post_init__(self) -> None:
        self._orders: dict[Any, Order] = {}
        super().__post_init__()
        self._local: LocalExecutor | None = None
        if self.build is not None:
            self._serve_local_rules(self.build)

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
        if miss is not None and take is not None:
            taken = take(miss.spec.deps, miss.key.params)
            if taken is not None:
                environment = taken.environment
                miss = build.misses[job] = replace(miss, frozen=frozenset(taken.inputs))
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
                log = (info.aux or {}).get("slurm_logfile")
                message = f"Slurm job {info.external_jobid} on {result.ran.host} ended with status {result.status}. "
                self.report_job_error(info, msg=message, aux_logs=[str(log)] if log else [])
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
