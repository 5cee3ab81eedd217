"""`modelworks get` checks out a target alone, and Snakemake then has nothing to do for it."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from modelworks.build import dvcfile, get
from modelworks.build.get import GetError
from snakemake_executor_plugin_dvc.buildlock import BuildLock
from tests.build.repository import Repository, counts

RULES = """
rule all:
    input: "artifacts/total.txt", expand("artifacts/parts/{n}.txt", n=range(2))

rule copy:
    input: code=code("modelworks.stage"), data="data/in.txt"
    output: "artifacts/copy.txt"
    params: reads=reads("k2.samples.count")
    shell: "sort {input.data} > {output}"

rule part:
    input: code=code("modelworks.stage"), text="artifacts/copy.txt"
    output: "artifacts/parts/{n}.txt"
    params: reads=reads("seed")
    shell: "head -n {wildcards.n} {input.text} > {output}"

rule folder:
    input: code=code("modelworks.stage"), parts=expand("artifacts/parts/{n}.txt", n=range(2))
    output: folder=directory("artifacts/folder"), size="artifacts/size.txt"
    shell: "mkdir -p {output.folder}/in && cat {input.parts} > {output.folder}/in/all.txt && echo 1 > {output.size}"

rule total:
    input: code=code("modelworks.stage"), all="artifacts/folder"
    output: "artifacts/total.txt"
    params: reads=reads("k2.samples.temperature")
    shell: "wc -l < {input.all}/in/all.txt > {output}"
"""


class Cached:
    """A repository whose results are in the cache, and which is checked out anew."""

    def __init__(self, folder: Path) -> None:
        self.repository = Repository(folder, rules=RULES, git=False)
        self.root = folder
        self.repository.run("modelworks", "dvcfile")
        assert self.build() == (0, 5)

    def build(self, *targets: str) -> tuple[int, int]:
        """Restored, ran."""
        return counts(self.repository.start(*targets))

    def wipe(self) -> None:
        """As in a fresh clone: nothing is there but the cache."""
        shutil.rmtree(self.root / "artifacts")
        shutil.rmtree(self.root / ".snakemake")
        shutil.rmtree(self.root / ".dvc/tmp")
        (self.root / "dvc.lock").unlink()

    def get(self, *targets: str) -> set[str]:
        got = get.get(self.root / "Snakefile", self.root, targets)
        assert {item.path for item in got} <= self.there() | {"artifacts/folder"}
        return {item.path for item in got}

    def there(self) -> set[str]:
        """The artifacts in place."""
        files = [path for path in (self.root / "artifacts").rglob("*") if path.is_file()]
        names = {str(path.relative_to(self.root)) for path in files if path.name != ".snakemake_timestamp"}
        return {name for name in names if not name.startswith("artifacts/code/")}

    def objects(self) -> list[Path]:
        return [path for path in (self.root / ".dvc/cache/files").rglob("*") if path.is_file()]

    def edit(self, name: str, old: str, new: str) -> None:
        path = self.root / name
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))


@pytest.fixture
def cached(tmp_path: Path) -> Iterator[Cached]:
    made = Cached(tmp_path / "root")
    made.wipe()
    return made


def test_a_target_is_checked_out_alone_and_there_is_nothing_left_to_do(cached: Cached) -> None:
    for path in cached.objects():  # what is upstream was evicted, but for the lists of directories
        if path.suffix != ".dir" and path.read_text() != "1\n":
            path.unlink()
    assert cached.get("artifacts/total.txt") == {"artifacts/total.txt"}
    assert cached.there() == {"artifacts/total.txt"}
    assert (cached.root / "artifacts/total.txt").read_text() == "1\n"
    assert cached.build("artifacts/total.txt") == (0, 0)


def test_a_directory_a_stage_and_a_rule_are_checked_out(cached: Cached) -> None:
    assert cached.get("artifacts/folder/") == {"artifacts/folder"}
    assert cached.there() == {"artifacts/folder/in/all.txt"}
    assert cached.build("artifacts/folder") == (0, 0)
    assert cached.get("part", "folder", "part--1") == {
        *("artifacts/parts/0.txt", "artifacts/parts/1.txt", "artifacts/folder", "artifacts/size.txt")
    }
    assert cached.build("artifacts/size.txt") == (0, 0)
    assert cached.get("total", "copy", "folder") >= {"artifacts/total.txt", "artifacts/copy.txt"}
    assert cached.build() == (0, 0)


@pytest.mark.parametrize(
    ("name", "old", "new", "expected"),
    [
        ("params.yaml", "temperature: 0.8", "temperature: 0.7", (4, 1)),
        ("params.yaml", "\nseed: ", "\nseed: 1", (3, 2)),
        ("data/in.txt", "some data", "other data", (0, 5)),
        ("Snakefile", "wc -l <", "wc -c <", (4, 1)),
    ],
)
def test_what_was_checked_out_is_not_taken_for_what_another_value_makes(
    cached: Cached, name: str, old: str, new: str, expected: tuple[int, int]
) -> None:
    cached.get("artifacts/total.txt")
    cached.edit(name, old, new)
    assert cached.build("artifacts/total.txt") == expected
    cached.edit(name, new, old)
    cached.repository.run("modelworks", "dvcfile")
    cached.get("artifacts/total.txt")
    assert (cached.root / "artifacts/total.txt").read_text() == "1\n"


def test_a_target_that_was_built_with_other_values_gives_way(cached: Cached) -> None:
    assert cached.build() == (5, 0)
    cached.edit("params.yaml", "temperature: 0.8", "temperature: 0.7")
    assert cached.build() == (0, 1)
    cached.edit("params.yaml", "temperature: 0.7", "temperature: 0.8")
    cached.get("artifacts/total.txt")
    assert cached.build() == (0, 0)


def test_from_a_remote_comes_the_object_of_the_target_and_no_other(cached: Cached, tmp_path: Path) -> None:
    cached.build()
    cached.repository.run("dvc", "remote", "add", "-q", "-d", "store", tmp_path / "store")
    cached.repository.run("dvc", "push", "-q", "--run-cache")
    cached.wipe()
    shutil.rmtree(cached.root / ".dvc/cache")
    cached.get("artifacts/total.txt")
    assert len(cached.objects()) == 1
    assert cached.there() == {"artifacts/total.txt"}
    assert cached.build("artifacts/total.txt") == (0, 0)


def test_each_fault_says_what_to_do(cached: Cached) -> None:
    with pytest.raises(GetError, match=re.escape("artifacts/totl.txt: dvc.yaml has no such artifact, stage or rule")):
        cached.get("artifacts/totl.txt")
    with pytest.raises(GetError, match=r"the nearest is artifacts/total\.txt"):
        cached.get("artifacts/totl.txt")
    cached.edit("params.yaml", "\nseed: ", "\nseed: 1")
    with pytest.raises(GetError, match=r"part--\d has no recorded result .*: build it: snakemake artifacts/parts/"):
        cached.get("artifacts/total.txt")
    cached.edit("params.yaml", "\nseed: 1", "\nseed: ")
    for path in cached.objects():
        if path.suffix != ".dir":
            path.unlink()
    with pytest.raises(GetError, match=r"total.txt: its object \w+ is missing in the cache and not to be had"):
        cached.get("artifacts/total.txt")
    cached.edit("Snakefile", "wc -l <", "wc -c <")
    with pytest.raises(dvcfile.DvcfileError, match="differs from the rules: run `modelworks dvcfile`"):
        cached.get("artifacts/total.txt")
    cached.repository.run("modelworks", "dvcfile")
    (cached.root / "data/in.txt").unlink()
    with pytest.raises(GetError, match=r"copy: its key cannot be made: .*data/in\.txt"):
        cached.get("artifacts/total.txt")
    lock = BuildLock(cached.root)
    assert lock.acquire() is None
    with pytest.raises(GetError, match=f"is being built by pid {os.getpid()}"):
        cached.get("artifacts/total.txt")
    lock.release()
    assert cached.there() == set()


def test_the_command_prints_what_it_has_checked_out(cached: Cached) -> None:
    run = cached.repository.run
    assert run("modelworks", "get", "total").stdout == (
        "           2 artifacts/total.txt\nchecked out 1 artifact, 2 bytes\n"
    )
    done = run("modelworks", "get", "nonsense", check=False)
    assert isinstance(done, subprocess.CompletedProcess)
    assert (done.returncode, done.stderr.startswith("error: nonsense: dvc.yaml has no such")) == (1, True)
