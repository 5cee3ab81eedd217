"""The memo in front of an executor of Snakemake's: a base class for the plugins `dvc` and `dvc-slurm`."""

from typing import Any

from snakemake_interface_executor_plugins.executors.real import RealExecutor
from snakemake_interface_executor_plugins.settings import ExecMode

from .build import Build


class Memoizing(RealExecutor):
    """Restores hits in the main process, hands misses on to the executor that it is mixed with, commits what they made.

    `class Executor(Memoizing, LocalExecutor)`. What the other class runs it books in `build.ran`.
    """

    build: Build | None

    def __post_init__(self) -> None:
        super().__post_init__()
        self.build = self.new_build() if self.workflow.exec_mode == ExecMode.DEFAULT else None

    def new_build(self) -> Build:
        """The build that this executor serves; none in the process of a single job."""
        return Build(self.workflow)

    def run_jobs(self, jobs: list[Any]) -> None:
        """Restore what is in the cache; run the rest. Called by the scheduler with jobs whose inputs are complete."""
        if self.build is None:
            super().run_jobs(jobs)
            return
        misses = self.build.restore_or_begin(jobs, self)
        if misses:
            self.run_misses(misses)
        self.build.restore_ready(self)
        self.build.progress()

    def run_misses(self, jobs: list[Any]) -> None:
        """Hand jobs on to the executor that this class is mixed with."""
        super().run_jobs(jobs)

    def handle_job_success(self, job: Any) -> None:
        """Commit or note one job. Called by the scheduler after it has verified and touched the outputs."""
        super().handle_job_success(job)
        if self.build is not None:
            self.build.succeeded(job)

    def handle_job_error(self, job: Any) -> None:
        """Book a failed job; nothing of it is committed."""
        super().handle_job_error(job)
        if self.build is not None:
            self.build.failed(job)

    def shutdown(self) -> None:
        """Wait for running jobs, then write dvc.lock. Called by the scheduler at the end of every build."""
        super().shutdown()
        if self.build is not None:
            self.build.end()

    def cancel(self) -> None:
        """Stop running jobs, then write dvc.lock for what did finish. Called on Ctrl-C and on errors."""
        if self.build is not None:
            self.build.stop()
        super().cancel()
        if self.build is not None:
            self.build.end()
