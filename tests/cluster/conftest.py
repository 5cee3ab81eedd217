"""The cluster that these tests share, and a workspace that builds on it."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.memo.forkserver import BIN, ForkServer, Workspace

from .cluster import Cluster, is_installed

PLUGIN = Path(sys.prefix) / "slurm"


class SlurmWorkspace(Workspace):
    """A workspace whose builds go through the plugin `dvc-slurm`."""

    def __init__(self, forks: ForkServer, folder: Path, cluster: Cluster, cache: Path | None = None) -> None:
        super().__init__(forks, folder, cache)
        self.cluster = cluster

    def environment(self, **extra: str) -> dict[str, str]:
        environment = super().environment(**{**self.cluster.environment(), "PYTHONPATH": str(PLUGIN), **extra})
        return environment | {"PATH": f"{BIN}:{environment['PATH']}"}

    def flags(self, executor: str) -> list[str]:
        if executor != "dvc":
            return super().flags(executor)
        options = {
            "executor": "dvc-slurm",
            "jobs": "20",
            "local-cores": "1",
            "scheduler": "greedy",
            "default-resources": "mem_mb=100",
            "dvc-slurm-partition-config": str(self.cluster.folder / "partitions.yaml"),
            "dvc-slurm-status-command": "squeue",
            "dvc-slurm-init-seconds-before-status-checks": "2",
        }
        switches = ["--rerun-incomplete", "--nocolor", "--show-failed-logs", "--dvc-slurm-requeue"]
        return [*(f"--{name}={value}" for name, value in options.items()), *switches]


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A running cluster of two nodes."""
    if not is_installed():
        pytest.skip("needs Slurm: apt-get install slurmctld slurmd slurm-client munge")
    made = Cluster(tmp_path_factory.mktemp("slurm"))
    try:
        made.start()
        yield made
    finally:
        made.stop()


@pytest.fixture(scope="session")
def slurm_forks() -> Iterator[ForkServer]:
    """The process whose forks run snakemake with its Slurm plugin."""
    if not (PLUGIN / "snakemake_executor_plugin_slurm").is_dir():
        pytest.skip("needs Snakemake's Slurm plugin beside the environment: make .venv/slurm/installed")
    with ForkServer(PLUGIN) as forks:
        yield forks


@pytest.fixture
def workspace(tmp_path: Path, slurm_forks: ForkServer, cluster: Cluster) -> SlurmWorkspace:
    """An empty workspace."""
    return SlurmWorkspace(slurm_forks, tmp_path / "w", cluster)
