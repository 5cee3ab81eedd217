"""A key that is being built is leased: another build on the cache says by whom, goes on with the rest, and restores."""

import json
import os
import signal
import socket
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import pytest

from snakemake_executor_plugin_dvc.holder import Holder
from snakemake_executor_plugin_dvc.leases import Lease, Leases

from .forkserver import Started, Workspace, shared

SNAKEFILE = """
    rule all:
        input: "dear.txt", "late.txt", "cheap.txt"
    rule dear:
        input: "source.txt"
        output: "dear.txt"
        priority: 10
        shell: "echo dear >> $RAN; echo > $BEGUN; read line < $GO; test $line = good; sort {input} > {output}"
    rule late:
        input: "dear.txt"
        output: "late.txt"
        shell: "echo late >> $RAN; cp {input} {output}"
    rule long:
        input: "source.txt"
        output: "long.txt"
        shell: "echo long >> $RAN; echo > $BEGUN; read line < $GO; cp {input} {output}"
    rule cheap:
        input: "source.txt"
        output: "cheap.txt"
        params: sort=config.get("sort", "-r")
        shell: "echo cheap >> $RAN; sort {params.sort} {input} > {output}"
"""


class Single(Workspace):
    """A workspace that is built with one core; what its job `dear` waits for comes through pipes."""

    def __init__(self, folder: Path, cache: Path) -> None:
        super().__init__(shared(), folder, cache)
        self.write({"Snakefile": SNAKEFILE, "source.txt": "b\na\n"})
        self.pipes = {name: folder.parent / f"{folder.name}-{name}" for name in ("BEGUN", "GO")}
        for pipe in self.pipes.values():
            os.mkfifo(pipe)

    def flags(self, executor: str) -> list[str]:
        flags = super().flags(executor)
        flags[flags.index("--cores") + 1] = "1"
        return flags

    def begin(self, *arguments: str) -> Started:
        return self.start(*arguments, **{name: str(pipe) for name, pipe in self.pipes.items()})

    def wait_begun(self) -> None:
        """Return when `dear` runs."""
        assert self.pipes["BEGUN"].read_text() == "\n"

    def let_go(self, word: str = "good") -> None:
        """Let the running `dear` end."""
        self.pipes["GO"].write_text(f"{word}\n")


def said(started: Started) -> str:
    return started.path.read_text() if started.path.exists() else ""


def until(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.02)


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Single, Single]:
    return Single(tmp_path / "one", tmp_path / "cache"), Single(tmp_path / "two", tmp_path / "cache")


def held_back(one: Single, two: Single, *arguments: str) -> tuple[Started, Started]:
    """Build one, which is in the middle of `dear`, and two, which waits for it and has done what else there is."""
    first = one.begin("dear.txt")
    one.wait_begun()
    second = two.begin(*arguments)
    until(lambda: "is being built by" in said(second), "nobody said who builds it")
    until(lambda: "cheap" in two.executed(), "the other ready job did not run")
    return first, second


def test_two_builds_race_and_the_expensive_job_runs_once(pair: tuple[Single, Single]) -> None:
    one, two = pair
    first, second = held_back(one, two)
    assert f"dear is being built by pid {first.pid} on host {socket.gethostname()} in {one.folder}" in (
        second.path.read_text()
    )
    one.let_go()
    assert one.finish(first).counts == (0, 1, 0)
    done = two.finish(second)
    assert done.code == 0, done.output
    assert done.counts == (1, 2, 0)
    assert (one.executed(), two.executed()) == (["dear"], ["cheap", "late"])
    assert two.read("late.txt") == "a\nb\n"
    assert not list((one.cache / "memo/leases").glob("*.json"))


def test_what_was_waited_for_is_restored_though_no_core_is_free(pair: tuple[Single, Single]) -> None:
    one, two = pair
    first = one.begin("dear.txt")
    one.wait_begun()
    second = two.begin("dear.txt", "long.txt")
    two.wait_begun()
    assert "dear is being built by" in said(second)
    one.let_go()
    assert one.finish(first).code == 0
    until((two.folder / "dear.txt").exists, "it waits for the core that `long` has")
    assert two.executed() == ["long"]
    two.let_go()
    assert two.finish(second).counts == (1, 1, 0)


@pytest.mark.parametrize("zone", ["Asia/Tokyo", "America/Los_Angeles"])
def test_another_time_zone_makes_no_lease_dead(pair: tuple[Single, Single], zone: str) -> None:
    one, two = pair
    first = one.begin("dear.txt")
    one.wait_begun()
    second = two.start("dear.txt", TZ=zone, **{name: str(pipe) for name, pipe in two.pipes.items()})
    until(lambda: "is being built by" in said(second), "nobody said who builds it")
    one.let_go()
    assert one.finish(first).code == 0
    assert two.finish(second).counts == (1, 0, 0)


def test_a_cluster_s_job_of_a_dead_build_is_cancelled_and_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else two jobs would make the same at the same time."""
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "scancel").write_text(f"#!/bin/sh\necho $* >> {tmp_path}/cancelled\n")
    (programs / "squeue").write_text(f"#!/bin/sh\ncat {tmp_path}/queue\n")
    for program in programs.iterdir():
        program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    monkeypatch.setattr("snakemake_executor_plugin_dvc.leases._ASK_S", 0.0)
    leases, path = Leases(tmp_path, tmp_path / "here"), tmp_path / "memo/leases/k.json"
    path.parent.mkdir(parents=True)
    dead = Lease(Holder(1, socket.gethostname(), "", "another boot:1"), "/there", "17")
    path.write_text(json.dumps(asdict(dead)))
    (tmp_path / "queue").write_text("17 COMPLETING\n")
    assert list(leases.keys()) == ["k"]
    assert not (tmp_path / "cancelled").exists(), "a look cancels nothing"
    assert leases.take("k") == (dead, None)
    assert (tmp_path / "cancelled").read_text() == "17\n"
    (tmp_path / "queue").write_text("")
    assert leases.take("k") == (None, dead)


def test_a_process_that_is_hidden_is_judged_by_its_heartbeat(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where /proc shows no other user's processes one cannot know that a process is gone."""
    leases, path = Leases(tmp_path, tmp_path), tmp_path / "memo/leases/k.json"
    other = Lease(Holder(2**22 - 3, socket.gethostname(), "", "boot:1"), "/there")
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(asdict(other)))
    assert leases.live("k") is None, "no such process"

    def denied(pid: int, number: int) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "kill", denied)
    assert leases.live("k") == other
    os.utime(path, (time.time() - 61, time.time() - 61))
    assert leases.live("k") is None


def test_leases_of_the_dead_are_swept_and_those_of_the_living_are_not(tmp_path: Path) -> None:
    leases, folder = Leases(tmp_path, tmp_path), tmp_path / "memo/leases"
    assert leases.take("mine") == (None, None)
    dead = Lease(Holder(1, socket.gethostname(), "", "another boot:1"), "/there")
    (folder / "dead.json").write_text(json.dumps(asdict(dead)))
    (folder / "odd.json").write_text('{"holder": {"pid": 1e400}}')
    leases.sweep()
    assert [path.name for path in folder.glob("*.json")] == ["mine.json"]


def test_the_other_build_takes_over_when_the_holder_is_killed(pair: tuple[Single, Single]) -> None:
    one, two = pair
    first, second = held_back(one, two)
    os.killpg(first.pid, signal.SIGKILL)
    assert first.wait()[0] == -signal.SIGKILL
    two.wait_begun()
    two.let_go()
    done = two.finish(second)
    assert done.code == 0, done.output
    assert f"dear was being built by pid {first.pid}" in done.output
    assert "which is gone: taking over" in done.output
    assert done.counts == (0, 3, 0)
    assert two.executed() == ["cheap", "dear", "late"]


def test_the_other_build_runs_what_has_failed_elsewhere(pair: tuple[Single, Single]) -> None:
    one, two = pair
    first, second = held_back(one, two)
    one.let_go("bad")
    assert one.finish(first).code == 1
    two.wait_begun()
    two.let_go()
    done = two.finish(second)
    assert (done.code, done.counts) == (0, (0, 3, 0)), done.output


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_build_that_waits_can_be_stopped(pair: tuple[Single, Single], number: signal.Signals) -> None:
    one, two = pair
    first, second = held_back(one, two)
    os.killpg(second.pid, number)
    code, output = second.wait()
    assert code == 1, output
    one.let_go()
    assert one.finish(first).code == 0
    assert two.build("late.txt").counts == (1, 1, 0)


def test_a_build_that_waits_ends_when_another_of_its_jobs_fails(pair: tuple[Single, Single]) -> None:
    one, two = pair
    first, second = held_back(one, two, "--config", "sort=--nonsense")
    code, output = second.wait()
    assert code == 1
    assert "unrecognized option '--nonsense'" in output
    one.let_go()
    assert one.finish(first).code == 0


def test_a_cache_where_nothing_can_be_leased_costs_nothing_else(pair: tuple[Single, Single]) -> None:
    one, _ = pair
    (one.cache / "memo").mkdir(parents=True)
    (one.cache / "memo/leases").write_text("in the way")
    assert one.build("cheap.txt").counts == (0, 1, 0)


def test_a_lease_of_another_host_is_dead_when_it_was_not_touched_for_a_minute(tmp_path: Path) -> None:
    leases = Leases(tmp_path, tmp_path / "here")
    path = tmp_path / "memo/leases/k.json"
    path.parent.mkdir(parents=True)
    other = Lease(Holder(1, "elsewhere", "2026-01-01 00:00:00", "boot:1"), "/there", "17")
    path.write_text(json.dumps(asdict(other)))
    assert leases.take("k") == (other, None)
    assert str(leases.live("k")) == "pid 1 on host elsewhere in /there (Slurm job 17)"
    os.utime(path, (time.time() - 61, time.time() - 61))
    assert leases.live("k") is None
    assert leases.take("k") == (None, other)
    assert list(leases.keys()) == ["k"]
    leases.release("k")
    assert list(leases.keys()) == []


def test_a_lease_is_kept_alive_and_another_ones_is_not_given_back(tmp_path: Path) -> None:
    mine, path = Leases(tmp_path, tmp_path), tmp_path / "memo/leases/k.json"
    assert mine.take("k") == (None, None)
    os.utime(path, (0, 0))
    mine.beat()
    assert path.stat().st_mtime > time.time() - 60
    theirs = json.dumps(asdict(Lease(Holder(1, "elsewhere", "x", "y"), "/there")))
    path.write_text(theirs)  # it was taken over: this process was taken for dead
    mine.release("k")
    assert path.read_text() == theirs


def test_a_build_that_takes_only_what_is_cached_fails_at_the_first_miss(pair: tuple[Single, Single]) -> None:
    one, two = pair
    assert one.build("cheap.txt").code == 0
    assert two.build("cheap.txt", "--dvc-only-cached").counts == (1, 0, 0)
    build = two.build("--dvc-only-cached")
    assert build.code == 1
    assert build.ran == []
    assert "error: only-cached: dear must run: not in the cache. What would run: modelworks plan." in build.output
    assert 'File "' not in build.output and "resume with" not in build.output
    assert two.read("cheap.txt") == one.read("cheap.txt"), "what was there stays"
    forced = two.build("cheap.txt", "-f", "--dvc-only-cached")
    assert "only-cached: cheap must run: it is forced to run" in forced.output
