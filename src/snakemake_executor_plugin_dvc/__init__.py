"""Snakemake executor plugin `dvc`: every shell job memoized in DVC's run-cache.

dvc init
snakemake --executor dvc --cores all
"""

import sys
from dataclasses import dataclass, field
from typing import Optional

from snakemake.executors.local import common_settings
from snakemake_interface_executor_plugins.settings import ExecutorSettingsBase

from .buildlock import BuildLock
from .commandline import working_directory
from .executor import Executor
from .repository import prepare

__all__ = ["Executor", "ExecutorSettings", "common_settings"]


@dataclass
class ExecutorSettings(ExecutorSettingsBase):
    """Options of the plugin. Made once for each command line, before Snakemake takes its own lock."""

    refresh: Optional[str] = field(  # noqa: UP045 (Snakemake calls the annotation)
        default=None,
        metadata={
            "help": "module:function, called before a job's key is computed again at commit: brings derived "
            "dependencies, such as fingerprints of code, up to date",
            "env_var": False,
            "required": False,
        },
    )

    only_cached: bool = field(
        default=False,
        metadata={
            "help": "restore only: fail at the first job that would have to run",
            "env_var": False,
            "required": False,
        },
    )

    def __post_init__(self) -> None:
        folder = working_directory(sys.argv[1:])
        lock = BuildLock(folder)
        notice = lock.clear_dead()
        if notice is not None:
            sys.stderr.write(f"{notice}\n")
        if lock.acquire() is None:
            prepare(folder)
            lock.rest()
