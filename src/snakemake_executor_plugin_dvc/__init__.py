"""Snakemake executor plugin `dvc`: every shell job memoized in DVC's run-cache.

dvc init
snakemake --executor dvc --cores all
"""

import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Optional

from snakemake.executors.local import common_settings
from snakemake_interface_executor_plugins.settings import ExecutorSettingsBase

from .buildlock import BuildLock
from .executor import Executor
from .repository import has_journal, mark_unsettled, unlock_links

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

    def __post_init__(self) -> None:
        folder = _working_directory(sys.argv)
        unlock_links(folder)
        lock = BuildLock(folder)
        notice = lock.clear_dead()
        if notice is not None:
            sys.stderr.write(f"{notice}\n")
        if has_journal(folder) and lock.acquire() is None:
            mark_unsettled(folder)
            lock.release()
        lock.announce()


def _working_directory(arguments: list[str]) -> Path:
    """Where Snakemake will work: its --directory, else here (it has not changed there yet)."""
    for index, argument in enumerate(arguments):
        if argument in ("-d", "--directory") and index + 1 < len(arguments):
            return Path(arguments[index + 1])
        if argument.startswith("--directory="):
            return Path(argument.partition("=")[2])
    return Path.cwd()
