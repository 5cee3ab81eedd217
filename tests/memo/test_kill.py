"""kill -9 of a build of 30 jobs, at points proven by a marker; then the same command again."""

import hashlib
import json
import os
import shutil
import signal
import subprocess
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from .forkserver import Build, ForkServer, Workspace

KILLER = Path(__file__).with_name("killer.py")
LINKS = "reflink,hardlink,copy"
IGNORED = "# mine\n/private\n"
JOBS = sorted(f"{rule}--{n}" for rule in "abc" for n in range(10))
SNAKEFILE = """
    rule all:
        input: expand("c/{n}", n=range(10))
    rule a:
        input: "source"
        output: "a/{n}"
        params: value=config["value"]
        shell:
            "echo a--{wildcards.n} >> $RAN; echo {params.value} {wildcards.n} > {output};"
            'if [ "${{KILL_JOB:-}}" = {wildcards.n} ]; then echo running > $KILL_MARKER; kill -9 0; sleep 9; fi;'
            "cat {input} >> {output}"
    rule b:
        input: "a/{n}"
        output: directory("b/{n}")
        shell: "echo b--{wildcards.n} >> $RAN; mkdir -p {output}/sub; cp {input} {output}/sub/x; echo y > {output}/y"
    rule c:
        input: "b/{n}"
        output: "c/{n}", "d/{n}"
        shell: "echo c--{wildcards.n} >> $RAN; cat {input}/sub/x {input}/y > {output[0]};"
               "wc -c < {output[0]} > {output[1]}"
"""
LATE = """
import os, time
from snakemake_interface_executor_plugins.executors.real import RealExecutor
_report = RealExecutor.report_job_submission
def report(self, job_info, *arguments, **options):
    if job_info.job.rule.name == "a" and job_info.job.wildcards.n == os.environ["KILL_JOB"]:
        time.sleep(9)
    _report(self, job_info, *arguments, **options)
RealExecutor.report_job_submission = report
"""


@dataclass(frozen=True)
class Point:
    """Where to kill: see killer.py."""

    inside: str
    event: str
    path: str = ""
    nth: int = 1
    torn: bool = False
    torn_journal: bool = False
    links: str | None = None

    def __str__(self) -> str:
        links = " linked" if self.links else ""
        return f"{self.inside} {self.event} {self.path} {self.nth}{' torn' * (self.torn or self.torn_journal)}{links}"


COMMIT = [
    Point("Memo.commit", "enter", nth=9),
    Point("Memo.commit", "open", ".dvcignore", torn=True),
    Point("Memo.commit", "open", "memo/tmp", nth=4, torn=True),
    Point("Memo.commit", "os.chmod", "memo/tmp", nth=7),
    Point("Memo.commit", "os.rename", "files/md5", nth=5),
    Point("Memo.commit", "os.link", "files/md5", nth=6, links=LINKS),
    Point("Memo.commit", "os.link", ".snakemake/memo", nth=2, links=LINKS),
    Point("Memo.commit", "open", "memo/tmp", nth=9, torn=True),
    Point("Memo.commit", "os.rename", "cache/runs", nth=8),
    Point("Memo.commit", "enter", nth=1),
    Point("Memo.commit", "os.rename", "cache/runs", nth=2, torn_journal=True),
    Point("Memo.commit", "leave", nth=11),
]
RESTORE = [
    Point("Memo.restore", "enter", nth=12),
    Point("Memo.restore", "open", ".snakemake/memo", nth=3, torn=True),
    Point("Memo.restore", "os.rename", ".snakemake/memo", nth=6),
    Point("Memo.restore", "os.mkdir", ".snakemake/memo", nth=5),
    Point("Memo.restore", "os.rename", "-old", nth=3),
    Point("Memo.restore", "os.rename", "b/", nth=6),
    Point("Memo.restore", "os.rmdir", "-old", nth=2),
    Point("Memo.restore", "os.link", "files/md5", nth=14, links=LINKS),
    Point("Memo.restore", "os.rename", ".snakemake/memo", nth=4, links=LINKS),
    Point("Memo.restored", "leave", nth=9, torn_journal=True),
    Point("Memo.restored", "leave", nth=17),
]
LOCK = [
    Point("DvcLock.write", "open", ".dvc.lock", torn=True),
    Point("DvcLock.write", "os.rename", "dvc.lock"),
    Point("DvcLock.write", "os.remove", "pending.jsonl"),
    Point("DvcLock.write", "leave"),
]
ELSEWHERE = [
    Point("Workflow.include", "leave"),
    Point("BuildLock.acquire", "open", "dvc-build.lock"),
    Point("BuildLock.acquire", "leave"),
    Point("Memo.look_up", "leave", nth=8),
    Point("anywhere", "open", ".snakemake/incomplete", nth=5),
    Point("anywhere", "open", ".snakemake/metadata", nth=6),
    Point("Memoizing.handle_job_success", "enter", nth=10),
    Point("Memoizing.handle_job_success", "leave", nth=14),
    Point("Ledger.append", "open", "memo/ledger", nth=4, torn=True),
    Point("Ledger.append", "os.rename", "memo/seconds", nth=7),
    Point("Memoizing.shutdown", "leave"),
    Point("Build._finish", "enter"),
]


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory, forks: ForkServer) -> dict[int, dict[str, str]]:
    """What plain Snakemake builds without being disturbed, for both values."""
    found = {}
    for value in (1, 2):
        workspace = _workspace(forks, tmp_path_factory.mktemp("plain") / "p")
        build = workspace.build("--config", f"value={value}", executor="local")
        assert (build.code, build.ran) == (0, JOBS), build.output
        found[value] = _files(workspace)
    return found


@pytest.fixture(scope="module")
def flipped(tmp_path_factory: pytest.TempPathFactory, forks: ForkServer) -> dict[str | None, Path]:
    """Workspaces that were built with value 1, then with value 2, copying and linking."""
    folders = {}
    for links in (None, LINKS):
        workspace = _workspace(forks, tmp_path_factory.mktemp("flipped") / "p", links)
        for value in (1, 2):
            build = workspace.build("--config", f"value={value}")
            assert (build.code, build.ran) == (0, JOBS), build.output
        folders[links] = workspace.folder
    return folders


@pytest.mark.parametrize("point", COMMIT, ids=str)
def test_killed_inside_a_commit(
    point: Point, tmp_path: Path, forks: ForkServer, expected: dict[int, dict[str, str]]
) -> None:
    workspace = _workspace(forks, tmp_path / "p", point.links)
    marker = _kill(workspace, point)
    again = _recover(workspace, expected[1])
    assert not set(marker["committed"]) & set(again.ran), "what was committed is not run again"


@pytest.mark.parametrize("point", RESTORE, ids=str)
def test_killed_inside_a_restore(
    point: Point,
    tmp_path: Path,
    forks: ForkServer,
    expected: dict[int, dict[str, str]],
    flipped: dict[str | None, Path],
) -> None:
    workspace = _copy(forks, flipped[point.links], tmp_path / "p")
    _kill(workspace, point)
    again = _recover(workspace, expected[1])
    assert again.ran == [], "everything is in the cache"


@pytest.mark.parametrize("point", LOCK, ids=str)
def test_killed_inside_the_dvc_lock_write(
    point: Point,
    tmp_path: Path,
    forks: ForkServer,
    expected: dict[int, dict[str, str]],
    flipped: dict[str | None, Path],
) -> None:
    workspace = _copy(forks, flipped[point.links], tmp_path / "p")
    _kill(workspace, point)
    text = (workspace.folder / "dvc.lock").read_text()
    assert sorted(yaml.safe_load(text)["stages"]) == JOBS, "the old or the new lock file, never a part of one"
    again = _recover(workspace, expected[1])
    assert again.ran == []


@pytest.mark.parametrize("point", ELSEWHERE, ids=str)
def test_killed_elsewhere(point: Point, tmp_path: Path, forks: ForkServer, expected: dict[int, dict[str, str]]) -> None:
    workspace = _workspace(forks, tmp_path / "p", point.links)
    marker = _kill(workspace, point)
    again = _recover(workspace, expected[1])
    assert not set(marker["committed"]) & set(again.ran)


@pytest.mark.parametrize("job", [0, 7])
def test_killed_while_a_job_runs_with_half_its_output_written(
    job: int, tmp_path: Path, forks: ForkServer, expected: dict[int, dict[str, str]]
) -> None:
    workspace = _workspace(forks, tmp_path / "p")
    marker = tmp_path / "marker"
    build = workspace.build("--config", "value=1", KILL_JOB=str(job), KILL_MARKER=str(marker))
    assert (build.code, marker.read_text()) == (-signal.SIGKILL, "running\n"), build.output
    assert (workspace.folder / f"a/{job}").read_text() == f"1 {job}\n", "half of it"
    again = _recover(workspace, expected[1])
    assert f"a--{job}" in again.ran


def test_killed_before_snakemake_has_noted_that_a_job_runs(
    tmp_path: Path, forks: ForkServer, expected: dict[int, dict[str, str]]
) -> None:
    workspace = _workspace(forks, tmp_path / "p")
    unmemoized = SNAKEFILE.replace('value=config["value"]', 'value=config["value"], memo=False')
    workspace.write({"Snakefile": unmemoized})
    hook, marker = tmp_path / "late.py", tmp_path / "marker"
    hook.write_text(LATE)
    build = workspace.build("--config", "value=1", hook=hook, KILL_JOB="4", KILL_MARKER=str(marker))
    assert (build.code, marker.read_text()) == (-signal.SIGKILL, "running\n"), build.output
    assert (workspace.folder / "a/4").read_text() == "1 4\n", "half of it"
    again = workspace.build("--config", "value=1")
    assert again.code == 0 and "a--4" in again.ran, again.output
    assert _files(workspace) == expected[1]


def test_killed_again_while_the_dead_builds_lock_is_removed(
    tmp_path: Path, forks: ForkServer, expected: dict[int, dict[str, str]]
) -> None:
    workspace = _workspace(forks, tmp_path / "p")
    _kill(workspace, Point("Memoizing.handle_job_success", "enter", nth=3))
    _kill(workspace, Point("BuildLock.clear_dead", "os.remove", nth=1))
    _kill(workspace, Point("BuildLock.clear_dead", "os.rmdir", nth=1))
    _recover(workspace, expected[1])


def test_killed_twice_with_a_torn_journal_no_finished_stage_is_lost(
    tmp_path: Path, forks: ForkServer, expected: dict[int, dict[str, str]]
) -> None:
    workspace = _workspace(forks, tmp_path / "p")
    first = _kill(workspace, Point("Memo.commit", "leave", nth=1, torn_journal=True))
    assert first["committed"] == [] and first["torn"]
    _kill(workspace, Point("Memoizing.handle_job_success", "leave", nth=4))
    _recover(workspace, expected[1])


def test_there_are_as_many_kills_as_promised() -> None:
    assert len(COMMIT) >= 5 and len(RESTORE) >= 5 and len(LOCK) >= 3 and len(ELSEWHERE) + 2 >= 7


def _points_anywhere() -> list[Point]:
    """The second, thirteenth and twenty-ninth of every operation in a soak run (MODELWORKS_SOAK=1), else a few."""
    operations = {
        "Memo.commit": ("enter", "open", "os.rename", "os.mkdir", "leave"),
        "anywhere": ("open", "os.mkdir", "os.chmod"),
        "Memoizing.handle_job_success": ("enter", "leave"),
        "Memo.look_up": ("enter", "leave"),
    }
    points = [
        Point(region, event, nth=nth, torn=event == "open" and region == "Memo.commit", links=links)
        for region, events in operations.items()
        for event in events
        for nth in (2, 13, 29)
        for links in (None, LINKS)
    ]
    return points if "MODELWORKS_SOAK" in os.environ else points[7::16]


@pytest.mark.parametrize("point", _points_anywhere(), ids=str)
def test_killed_anywhere(point: Point, tmp_path: Path, forks: ForkServer, expected: dict[int, dict[str, str]]) -> None:
    workspace = _workspace(forks, tmp_path / "p", point.links)
    _kill(workspace, point)
    _recover(workspace, expected[1])


def _workspace(forks: ForkServer, folder: Path, links: str | None = None) -> Workspace:
    workspace = Workspace(forks, folder, link_types=links)
    workspace.write({"Snakefile": SNAKEFILE, "source": "text\n", ".dvcignore": IGNORED})
    return workspace


def _copy(forks: ForkServer, source: Path, target: Path) -> Workspace:
    """A copy with its times, modes and hard links."""
    subprocess.run(["cp", "-a", str(source), str(target)], check=True)
    shutil.move(target / ".dvc", target.with_name("dvc"))
    workspace = Workspace(forks, target)
    shutil.rmtree(target / ".dvc")
    shutil.move(target.with_name("dvc"), target / ".dvc")
    (target / ".dvcignore").write_text(IGNORED + ".snakemake_timestamp\n")
    return workspace


def _kill(workspace: Workspace, point: Point) -> dict[str, Any]:
    """Build with value 1 and kill at the point; what the marker says."""
    marker = workspace.folder.parent / "marker"
    marker.unlink(missing_ok=True)
    build = workspace.build("--config", "value=1", hook=KILLER, KILL=json.dumps(asdict(point)), KILL_MARKER=str(marker))
    proof: dict[str, Any] = json.loads(marker.read_text()) if marker.exists() else {}
    if not proof:
        raise FileNotFoundError(f"the build never came to {point}:\n{build.output}")
    assert build.code == -signal.SIGKILL, build.output
    assert (proof["inside"][-1], proof["event"]) == (point.inside, point.event) and point.path in proof["path"]
    return proof


def _recover(workspace: Workspace, expected: dict[str, str]) -> Build:
    """The same command again, and once more: right bytes, then nothing to do, and nothing left behind."""
    again = workspace.build("--config", "value=1")
    assert again.code == 0, again.output
    assert "Traceback" not in again.output, again.output
    assert _files(workspace) == expected
    third = workspace.build("--config", "value=1")
    assert (third.code, third.ran, third.counts) == (0, [], (0, 0, 0)), third.output
    assert "Nothing to be done" in third.output
    _check_lock(workspace)
    assert _left_behind(workspace) == []
    assert (workspace.folder / ".dvcignore").read_text() == IGNORED + ".snakemake_timestamp\n"
    return again


def _files(workspace: Workspace) -> dict[str, str]:
    paths = [path for name in "abcd" for path in (workspace.folder / name).rglob("*") if path.is_file()]
    return {
        str(path.relative_to(workspace.folder)): path.read_text()
        for path in paths
        if path.name != ".snakemake_timestamp"
    }


def _check_lock(workspace: Workspace) -> None:
    """dvc.lock knows every stage, and its dependencies and outputs are what lies there."""
    stages = yaml.safe_load((workspace.folder / "dvc.lock").read_text())["stages"]
    assert sorted(stages) == JOBS
    for stage in stages.values():
        for entry in (*stage["deps"], *stage["outs"]):
            assert entry["md5"] == _md5(workspace.folder / entry["path"]), entry


def _md5(path: Path) -> str:
    if path.is_file():
        return hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()
    files = [item for item in path.rglob("*") if item.is_file() and item.name != ".snakemake_timestamp"]
    listed = sorted((str(item.relative_to(path)), _md5(item)) for item in files)
    text = json.dumps([{"md5": md5, "relpath": name} for name, md5 in listed])
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest() + ".dir"


def _left_behind(workspace: Workspace) -> list[str]:
    """Temporary files and locks in the workspace and the cache."""
    folder = workspace.folder
    patterns = (
        ".snakemake/memo/*", ".snakemake/locks/*", ".snakemake/incomplete/*", ".dvc.lock*", ".*.memo-*", "?/.*.memo-*",
        ".dvc/tmp/memo/pending.jsonl*", ".dvc/cache/memo/tmp/*", ".dvc/cache/runs/**/.*", ".dvc/cache/memo/**/.*",
        ".dvc/cache/files/**/.*", ".dvc/cache/memo/damaged/*",
    )  # fmt: skip
    found = [path for pattern in patterns for path in folder.glob(pattern)]
    return sorted(str(path.relative_to(folder)) for path in found)
