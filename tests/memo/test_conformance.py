"""The tests that Snakemake ships for executor plugins, and that they mean something here."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from snakemake.common.tests import TestWorkflowsLocalStorageBase
from snakemake_interface_executor_plugins.registry import ExecutorPluginRegistry

from snakemake_executor_plugin_dvc import Executor, ExecutorSettings, build

from .forkserver import BIN, Workspace, initialise, shared
from .project import CHAIN

_FINISHERS: list[Callable[[], None]] = []


@pytest.fixture(autouse=True)
def _outside_as_it_was(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Snakemake runs in this process here: put back what it changes."""
    folder, environment, terminate = Path.cwd(), dict(os.environ), signal.getsignal(signal.SIGTERM)
    monkeypatch.setattr(build, "atexit", SimpleNamespace(register=_FINISHERS.append))
    os.chdir(tmp_path)
    yield
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    signal.signal(signal.SIGTERM, terminate)


class TestConformance(TestWorkflowsLocalStorageBase):
    """Snakemake's own workflows (plain and grouped), each in a fresh DVC repository, cold and restored."""

    __test__ = True
    memoized = {"simple": 2, "groups": 4}
    outputs = {"simple": ["test1.out", "test2.out", "test3.out"], "groups": ["test2.1.out", "test3.out"]}

    def get_executor(self) -> str:
        return "dvc"

    def get_executor_settings(self) -> ExecutorSettings:
        return ExecutorSettings()

    def _copy_test_files(self, test_path: Path, tmp_path: Path) -> None:
        if not tmp_path.exists():
            super()._copy_test_files(test_path, tmp_path)
            initialise(tmp_path)

    def run_workflow(self, test_name: str, tmp_path: Path, deployment_method: Any = frozenset()) -> None:
        folder = tmp_path / test_name
        self._run_as_a_process(test_name, tmp_path, deployment_method)
        built = {name: (folder / name).read_bytes() for name in self.outputs[test_name]}
        entries = sorted((folder / ".dvc/cache/runs").glob("*/*/*"))
        assert len(entries) == self.memoized[test_name]
        written = {path: path.stat().st_mtime_ns for path in entries}
        for name in built:
            (folder / name).unlink()
        self._run_as_a_process(test_name, tmp_path, deployment_method)
        assert {name: (folder / name).read_bytes() for name in built} == built
        assert {path: path.stat().st_mtime_ns for path in (folder / ".dvc/cache/runs").glob("*/*/*")} == written

    def _run_as_a_process(self, test_name: str, tmp_path: Path, deployment_method: Any) -> None:
        """One build and what the plugin does when a build's process ends."""
        try:
            super().run_workflow(test_name, tmp_path, deployment_method)
        finally:
            while _FINISHERS:
                _FINISHERS.pop()()


def test_snakemake_finds_the_plugin_and_takes_it_for_a_local_executor() -> None:
    plugin = ExecutorPluginRegistry().get_plugin("dvc")
    assert plugin.executor is Executor
    assert plugin.common_settings.local_exec and plugin.common_settings.job_deploy_sources is False


def test_two_builds_in_one_process_are_not_each_others_obstacle(tmp_path: Path) -> None:
    workspace = Workspace(shared(), tmp_path / "p")
    workspace.write({"Snakefile": CHAIN, "source.txt": "b\na\n"})
    script = (
        "from snakemake.cli import args_to_api, parse_args\n"
        "for target in ('copy.txt', 'upper.txt'):\n"
        "    parser, args = parse_args([target, '--executor', 'dvc', '--cores', '1'])\n"
        "    assert args_to_api(args, parser)\n"
    )
    environment = {**os.environ, "RAN": str(tmp_path / "ran")}
    command = [sys.executable, "-c", script]
    done = subprocess.run(
        command, cwd=workspace.folder, env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "ran").read_text() == "copy\nupper\n"
    assert done.stderr.count("restored 0, ran 1, not memoized 0") == 2


def test_the_repository_of_these_tests_is_what_dvc_init_makes(tmp_path: Path) -> None:
    (tmp_path / "made").mkdir()
    for command in (["init", "-q", "--no-scm"], ["config", "cache.type", "hardlink"]):
        subprocess.run([BIN / "dvc", *command], cwd=tmp_path / "made", check=True)
    initialise(tmp_path / "by_hand", link_types="hardlink")
    trees = [
        {path.relative_to(folder): path.read_text() if path.is_file() else None for path in folder.rglob("*")}
        for folder in (tmp_path / "made", tmp_path / "by_hand")
    ]
    assert trees[0] == trees[1]
