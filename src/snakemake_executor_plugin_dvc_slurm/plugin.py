"""The plugin, where Snakemake's Slurm plugin is installed."""

from dataclasses import dataclass, field
from typing import Optional

from snakemake_executor_plugin_slurm import ExecutorSettings as SlurmSettings
from snakemake_executor_plugin_slurm import common_settings

from snakemake_executor_plugin_dvc import ExecutorSettings as MemoSettings

from .executor import Executor

__all__ = ["Executor", "ExecutorSettings", "common_settings"]


@dataclass
class ExecutorSettings(MemoSettings, SlurmSettings):
    """The options of both plugins."""

    snapshot: Optional[str] = field(  # noqa: UP045 (Snakemake calls the annotation)
        default=None,
        metadata={
            "help": "module:function, called with a job's inputs and params before it is submitted: copies the code "
            "and the values that the job will use, so that they can be edited while it waits",
            "env_var": False,
            "required": False,
        },
    )

    def __post_init__(self) -> None:
        SlurmSettings.__post_init__(self)
        MemoSettings.__post_init__(self)
