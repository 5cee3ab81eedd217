"""Snakemake executor plugin `dvc-slurm`: the memo of the plugin `dvc` in front of Snakemake's Slurm plugin.

Hits are restored on the submitting host and submit nothing; misses become Slurm jobs. Needs the Slurm plugin
(`pip install 'modelworks[slurm]'`), which is not there by default: it loads pandas at each start of Snakemake.
"""

from importlib.util import find_spec

if find_spec("snakemake_executor_plugin_slurm") is not None:
    from .plugin import Executor, ExecutorSettings, common_settings
else:
    from .absent import Executor, ExecutorSettings, common_settings

__all__ = ["Executor", "ExecutorSettings", "common_settings"]
