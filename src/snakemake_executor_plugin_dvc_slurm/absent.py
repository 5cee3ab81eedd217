"""What stands for the plugin where Snakemake's Slurm plugin is not installed: it says how to install it."""

import argparse
from dataclasses import dataclass, field
from typing import Optional

from snakemake.exceptions import WorkflowError
from snakemake.executors.local import Executor
from snakemake_interface_executor_plugins.settings import CommonSettings, ExecutorSettingsBase

__all__ = ["Executor", "ExecutorSettings", "common_settings"]

common_settings = CommonSettings(non_local_exec=True, implies_no_shared_fs=False, job_deploy_sources=False)


@dataclass
class ExecutorSettings(ExecutorSettingsBase):
    """The options that profiles/slurm names, so that it is this class that refuses them."""

    refresh: Optional[str] = field(default=None, metadata={"help": argparse.SUPPRESS})  # noqa: UP045
    snapshot: Optional[str] = field(default=None, metadata={"help": argparse.SUPPRESS})  # noqa: UP045
    partition_config: Optional[str] = field(default=None, metadata={"help": argparse.SUPPRESS})  # noqa: UP045
    requeue: bool = field(default=False, metadata={"help": argparse.SUPPRESS})

    def __post_init__(self) -> None:
        raise WorkflowError(
            "executor dvc-slurm needs Snakemake's Slurm plugin: pip install --requirement requirements-slurm.lock"
        )
