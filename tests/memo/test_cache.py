"""The cache: one copy on disk, shared by workspaces, never restored damaged, never written through, kept faithful."""

import fcntl
import hashlib
import os
import shutil
import signal
import threading
import time
from pathlib import Path

import pytest

from snakemake_executor_plugin_dvc.hashing import Hasher
from snakemake_executor_plugin_dvc.store import Store

from .project import CHAIN, Project, chain

LINKS = "reflink,hardlink,copy"


def _object(project: Project, text: str) -> Path:
    md5 = hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
    return project.cache / "files" / "md5" / md5[:2] / md5[2:]


def _damage(path: Path, data: bytes) -> None:
    path.chmod(0o644)
    path.write_bytes(data)


def _one_inode(*paths: Path) -> bool:
    return len({path.stat().st_ino for path in paths}) == 1


def test_output_and_cache_are_one_file_where_hard_links_are_allowed(tmp_path: Path) -> None:
    linked = chain(tmp_path / "p", link_types="hardlink,copy")
    linked.build()
    output, inner = linked.folder / "upper.txt", linked.folder / "listing/sub/first"
    assert _one_inode(output, _object(linked, "A\nB\n"))
    assert _one_inode(inner, linked.folder / "copy.txt", _object(linked, "a\nb\n"))
    output.unlink()
    assert linked.build().counts[0] == 1
    assert _one_inode(output, _object(linked, "A\nB\n"))


def test_the_default_cache_type_copies_and_keeps_modes(project: Project) -> None:
    project.build()
    output = project.folder / "upper.txt"
    assert output.stat().st_mode & 0o777 == 0o644 and output.stat().st_nlink == 1
    output.unlink()
    project.build()
    assert output.stat().st_mode & 0o777 == 0o644 and output.stat().st_nlink == 1


@pytest.mark.parametrize("size", [10, 3_000_000])
def test_a_restore_in_one_workspace_leaves_anothers_no_op_a_no_op(tmp_path: Path, size: int) -> None:
    snakefile = f"""
        rule all:
            input: "end.txt", "folder"
        rule big:
            input: "source.txt"
            output: "big.txt"
            shell: "echo big >> $RAN; head -c {size} /dev/zero > {{output}}; cat {{input}} >> {{output}}"
        rule folder:
            input: "big.txt"
            output: directory("folder")
            shell: "echo folder >> $RAN; mkdir {{output}}; cp {{input}} {{output}}/x"
        rule end:
            input: "big.txt", "folder"
            output: "end.txt"
            shell: "echo end >> $RAN; cat {{input[0]}} folder/x > {{output}}"
    """
    first, second = (Project(tmp_path / name, tmp_path / "cache", LINKS) for name in ("one", "two"))
    first.put(Snakefile=snakefile, source__txt="x\n")
    assert first.build().counts == (0, 3, 0)
    time.sleep(0.05)
    second.put(Snakefile=snakefile, source__txt="x\n")
    assert second.build().counts == (3, 0, 0)
    assert first.build().counts == (0, 0, 0)
    assert second.build().counts == (0, 0, 0)
    (second.folder / "big.txt").unlink()
    (second.folder / "end.txt").unlink()
    assert second.build().ran == []
    assert first.build().counts == (0, 0, 0)
    assert second.build().counts == (0, 0, 0)


def test_flipping_an_intermediate_alone_leaves_what_depends_on_it_out_of_date(tmp_path: Path) -> None:
    project = Project(tmp_path / "p", link_types=LINKS)
    project.put(
        Snakefile="""
        rule end:
            input: "middle.txt"
            output: "end.txt"
            shell: "cp {input} {output}"
        rule middle:
            input: "source.txt"
            output: "middle.txt"
            params: name=config["name"]
            shell: "head -c 2000000 /dev/zero > {output}; echo {params.name} >> {output}"
        """,
        source__txt="x\n",
    )
    project.build("end.txt", "--config", "name=one")
    project.build("end.txt", "--config", "name=two")
    assert project.build("middle.txt", "--config", "name=one").counts == (1, 0, 0)
    assert project.build("end.txt", "--config", "name=one").counts == (1, 0, 0)
    assert project.read("end.txt").endswith("one\n")


@pytest.mark.parametrize("damage", [b"A\nX\n", b"A\n", b""])
@pytest.mark.parametrize("links", [None, LINKS])
def test_a_damaged_or_truncated_object_is_set_aside_and_rebuilt(
    tmp_path: Path, damage: bytes, links: str | None
) -> None:
    project = chain(tmp_path / "p", link_types=links)
    project.build()
    (project.folder / "upper.txt").unlink()
    path = _object(project, "A\nB\n")
    _damage(path, damage)
    build = project.build()
    assert (build.code, build.ran) == (0, ["upper"])
    assert "is damaged: set aside as" in build.output
    assert project.read("upper.txt") == "A\nB\n" and path.read_text() == "A\nB\n"
    assert [aside.read_bytes() for aside in (project.cache / "memo/damaged").iterdir()] == [damage]


def test_a_damaged_file_of_a_directory_is_never_restored(project: Project) -> None:
    project.build()
    shutil.rmtree(project.folder / "listing")
    (project.folder / "copy.txt").unlink()
    _damage(_object(project, "a\nb\n"), b"a\nX\n")
    build = project.build()
    assert build.ran == ["copy"], "rebuilding copy.txt puts the shared object back"
    assert project.read("listing/sub/first") == "a\nb\n"


def test_verify_finds_damage_with_size_and_time_put_back(linked: Project) -> None:
    linked.build()
    path = _object(linked, "A\nB\n")
    status = path.stat()
    _damage(path, b"A\nX\n")
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    store = Store(linked.cache)
    assert [(item.oid, item.reason) for item in store.verify()] == [(path.parent.name + path.name, "damaged")]
    assert not path.exists()
    assert list(store.verify()) == []


def test_restoring_a_large_artifact_twice_hashes_nothing(tmp_path: Path) -> None:
    store = Store(tmp_path / "cache", LINKS.split(","))
    output = tmp_path / "model.bin"
    output.write_bytes(os.urandom(5_000_000))
    content = Hasher().content(str(output), strict=True)
    store.put(content, output)
    for _ in range(2):
        output.unlink()
        assert store.check(content.md5) == []
        store.restore(content.md5, output)
        os.utime(output)
        store.touched(content.md5, output)
    assert store.rehashed_bytes == 0


def test_committing_a_directory_reads_each_byte_once(tmp_path: Path) -> None:
    folder = tmp_path / "checkpoint"
    folder.mkdir()
    for index in range(3):
        (folder / f"{index}.bin").write_bytes(os.urandom(2_000_000))
    store, hasher = Store(tmp_path / "cache", LINKS.split(",")), Hasher()
    time.sleep(0.05)
    store.put(hasher.content(str(folder), strict=True), folder)
    assert (hasher.hashed_bytes, store.rehashed_bytes) == (6_000_000, 0)


@pytest.mark.parametrize(
    ("command", "complaint"),
    [
        ("mkdir out; echo x > out/x; ln -s x out/link", "out/link is a symbolic link"),
        ("mkdir -p out/empty; echo x > out/x", "out/empty is an empty directory"),
        ("mkdir out; echo x > out/x; chmod +x out/x", "out/x is executable"),
        ("mkdir -p out/.git; echo x > out/x; echo y > out/.git/y", "out/.git is ignored by DVC"),
        ("mkdir out; echo x > out/x; echo y > out/y.tmp", "out/y.tmp is ignored by DVC"),
    ],
)
def test_what_dvc_cannot_store_is_refused_naming_the_path(tmp_path: Path, command: str, complaint: str) -> None:
    project = Project(tmp_path / "p")
    project.put(Snakefile=f"rule r:\n  input: 'in'\n  output: directory('out')\n  shell: {command!r}\n")
    project.put(**{"in": "x\n", ".dvcignore": "*.tmp\n"})
    build = project.build()
    assert build.code == 0 and build.counts == (0, 1, 1)
    assert complaint in build.output
    assert project.objects() == []


def test_an_executable_file_output_comes_back_executable(tmp_path: Path) -> None:
    for links in (None, LINKS):
        project = Project(tmp_path / f"p{links}", link_types=links)
        project.put(
            Snakefile="rule r:\n  input: 'in'\n  output: 'tool'\n  shell: 'cp in tool; chmod 755 tool'\n",
            **{"in": "x\n"},
        )
        project.build()
        (project.folder / "tool").unlink()
        assert project.build().counts == (1, 0, 0)
        assert os.access(project.folder / "tool", os.X_OK)
        assert not _object(project, "x\n").stat().st_mode & 0o222


def test_a_job_never_writes_through_a_link_to_the_cache(linked: Project) -> None:
    linked.build()
    linked.put(Snakefile=CHAIN.replace("tr a-z A-Z < {input} >", "tr a-z 0-9 < {input} >"))
    build = linked.build()
    assert build.ran == ["upper"]
    assert _object(linked, "A\nB\n").read_text() == "A\nB\n"


def test_read_only_links_that_dvc_made_are_not_taken_for_protected_outputs(linked: Project) -> None:
    linked.build()
    _object(linked, "A\nB\n").chmod(0o444)
    assert not (linked.folder / "upper.txt").stat().st_mode & 0o222
    assert linked.build().code == 0
    assert (linked.folder / "upper.txt").stat().st_mode & 0o200
    assert linked.build("-F").code == 0


def test_a_protected_output_is_a_file_of_its_own(linked: Project) -> None:
    linked.put(Snakefile=CHAIN.replace('output: "upper.txt"', 'output: protected("upper.txt")'))
    for _ in range(2):
        assert linked.build().code == 0
        status = (linked.folder / "upper.txt").stat()
        assert (status.st_nlink, status.st_mode & 0o222) == (1, 0)
        (linked.folder / "upper.txt").unlink()


def test_an_input_link_that_is_retargeted_is_a_miss(project: Project) -> None:
    (project.folder / "source.txt").rename(project.folder / "one.txt")
    project.put(two__txt="d\nc\n")
    (project.folder / "source.txt").symlink_to("one.txt")
    project.build()
    (project.folder / "source.txt").unlink()
    (project.folder / "source.txt").symlink_to("two.txt")
    assert project.build().ran == ["copy", "listing", "upper"]
    assert project.read("upper.txt") == "C\nD\n"


@pytest.mark.parametrize("links", [None, LINKS])
def test_a_restored_directory_holds_exactly_its_files(tmp_path: Path, links: str | None) -> None:
    project = chain(tmp_path / "p", link_types=links)
    project.build("--config", "name=first")
    project.build("--config", "name=other")
    (project.folder / "listing/stale").write_text("stale")
    (project.folder / "listing/sub/other").rename(project.folder / "listing/sub/renamed")
    assert project.build("--config", "name=first").counts == (1, 0, 0)
    found = {str(path.relative_to(project.folder / "listing")) for path in (project.folder / "listing").rglob("*")}
    assert found == {"sub", "sub/first", ".snakemake_timestamp"}
    shutil.rmtree(project.folder / "listing")
    assert project.build("--config", "name=first").counts == (1, 0, 0)


def test_a_cache_that_cannot_be_written_leaves_the_jobs_outputs_valid(project: Project) -> None:
    shutil.rmtree(project.cache, ignore_errors=True)
    project.cache.write_text("a file where the cache should be")
    build = project.build()
    assert (build.code, build.counts) == (0, (0, 3, 3))
    assert f"its result cannot be written to the cache {project.cache}: [Errno 20] Not a directory" in build.output
    assert project.read("upper.txt") == "A\nB\n"


def test_two_workspaces_build_at_once_on_one_cache(tmp_path: Path) -> None:
    projects = [chain(tmp_path / name, cache=tmp_path / "cache", link_types=LINKS) for name in ("one", "two", "three")]
    processes = [project.spawn() for project in projects]
    outputs = [process.communicate(timeout=120)[0] for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0], outputs
    for project in projects:
        assert project.read("upper.txt") == "A\nB\n"
        assert project.build().counts == (0, 0, 0)


def test_a_second_build_in_one_workspace_exits_naming_pid_and_host(project: Project) -> None:
    os.mkfifo(project.folder.parent / "go")
    project.put(Snakefile=CHAIN.replace("sort {input}", "cat ../go; sort {input}"))
    process = project.spawn()
    with (project.folder.parent / "go").open("w") as fifo:
        second = project.build()
        assert second.code != 0
        assert f"is being built by pid {process.pid} on host {os.uname().nodename}" in second.output
        other = project.build("unrelated", "--nolock")
        assert other.code != 0
        fifo.write("go\n")
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 0, output


def test_the_lock_of_a_dead_build_is_removed_with_a_notice(project: Project) -> None:
    os.mkfifo(project.folder.parent / "go")
    project.put(Snakefile=CHAIN.replace("sort {input}", "cat ../go; sort {input}"))
    process = project.spawn()
    with (project.folder.parent / "go").open("w"):
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    assert list((project.folder / ".snakemake/locks").iterdir())
    project.put(Snakefile=CHAIN)
    build = project.build()
    assert f"removed the lock of a build that died (pid {process.pid}" in build.output
    assert build.code == 0 and project.build().counts == (0, 0, 0)


def test_a_build_waits_thirty_seconds_for_dvcs_lock(project: Project) -> None:
    lock = project.folder / ".dvc/tmp/lock"
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("a+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        timer = threading.Timer(30, fcntl.flock, [file, fcntl.LOCK_UN])
        timer.start()
        build = project.build()
        timer.join()
    assert build.code == 0 and build.counts == (0, 3, 0)
    assert "waiting for another DVC process to release" in build.output
    assert "  upper:" in project.read("dvc.lock")
