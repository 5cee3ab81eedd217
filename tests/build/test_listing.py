"""`modelworks ls`: what a workspace holds, down to the byte."""

import json
import re
import shutil
from pathlib import Path

import pytest

from modelworks.build import listing
from modelworks.build.lineage import LineageError
from modelworks.build.listing import Artifact
from tests.build.repository import Repository
from tests.memo.forkserver import Workspace, shared

RULES = """
    rule all:
        input: "small.txt", "folder", "twin.txt"
    rule small:
        input: "in.txt"
        output: "small.txt"
        shell: "printf 12345 > {output}"
    rule twin:
        input: "in.txt"
        output: "twin.txt"
        shell: "printf 12345 > {output}"
    rule folder:
        input: "small.txt"
        output: directory("folder")
        shell: "mkdir -p {output}; cp {input} {output}/same; printf 1234567 > {output}/other"
"""


@pytest.fixture
def built(tmp_path: Path) -> Workspace:
    """Three artifacts: two equal files, and a directory that holds the same file and another one."""
    workspace = Workspace(shared(), tmp_path / "w")
    workspace.write({"Snakefile": RULES, "in.txt": "x\n"})
    assert workspace.build().counts == (0, 3, 0)
    return workspace


def by_path(workspace: Workspace) -> dict[str, Artifact]:
    return {artifact.path: artifact for artifact in listing.artifacts(workspace.folder)}


def test_sizes_are_exact_and_equal_content_counts_once(built: Workspace) -> None:
    found = by_path(built)
    assert {path: (one.stage, one.size) for path, one in found.items()} == {
        "folder": ("folder", 12), "small.txt": ("small", 5), "twin.txt": ("twin", 5),
    }  # fmt: skip
    assert listing.total(found.values()) == {"artifacts": 3, "size": 22, "distinct_size": 12}


def test_what_is_absent_evicted_or_not_cached_is_told_apart(built: Workspace) -> None:
    assert {(one.in_place, one.cached) for one in by_path(built).values()} == {(True, "cached")}
    shutil.rmtree(built.folder / "folder")
    assert not by_path(built)["folder"].in_place
    objects = {path.parent.name + path.name: path for path in (built.cache / "files/md5").glob("??/*")}
    objects[by_path(built)["small.txt"].md5].unlink()
    assert {path: one.cached for path, one in by_path(built).items()} == dict.fromkeys(
        ("folder", "small.txt", "twin.txt"), "evicted"
    ), "a directory of which one file is gone, too"
    shutil.rmtree(built.cache / "runs")
    assert {one.cached for one in by_path(built).values()} == {"not cached"}
    assert listing.total(by_path(built).values())["size"] == 22, "dvc.lock knows sizes"


def test_made_is_the_run_and_used_the_last_restore_anywhere(built: Workspace) -> None:
    before = by_path(built)
    assert all(one.made is not None and one.used == one.made for one in before.values())
    keys = [path.name for path in (built.cache / "runs").glob("*/*")]
    text = json.dumps({"workspace": "/elsewhere", "keys": keys}) + "\n"
    folder = built.cache / "memo/restored"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "20000101T000000-h-1.jsonl").write_text(text)
    assert by_path(built) == before, "restored before it was run again"
    (folder / "20990101T101500-h-1.jsonl").write_text(text)
    after = by_path(built)
    assert {one.used for one in after.values()} == {"2099-01-01T10:15:00Z"}
    assert {path: one.made for path, one in after.items()} == {path: one.made for path, one in before.items()}
    shutil.rmtree(built.cache / "memo")
    assert {(one.made, one.used) for one in by_path(built).values()} == {(None, None)}


def test_artifacts_are_sorted_by_size_last_use_or_path() -> None:
    def one(path: str, size: int | None, used: str | None) -> Artifact:
        return Artifact(path, size, "s", None, used, True, "cached", "0" * 32, {})

    found = [one("b", 5, "2030"), one("c", None, None), one("a", 5, "2031"), one("d", 9, "2030")]
    orders = {sort: "".join(artifact.path for artifact in listing.ordered(found, sort)) for sort in listing.SORTS}
    assert orders == {"size": "dabc", "used": "abdc", "path": "abcd"}


def test_nothing_built_yet_says_build_first(tmp_path: Path) -> None:
    with pytest.raises(LineageError, match=r"dvc\.lock: cannot be read: .*\. Build first$"):
        listing.artifacts(tmp_path)


def test_the_command_prints_lines_a_total_and_json(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "root", git=False)
    repository.snakemake("artifacts/copy.txt", "artifacts/metrics.json")
    (repository.root / "artifacts/copy.txt").unlink()
    lines = repository.run("modelworks", "ls").stdout.splitlines()
    time = r"\d{4}-\d\d-\d\d \d\d:\d\d"
    assert re.fullmatch(rf"artifacts/copy\.txt +10 B  copy    made {time}  used {time}  absent, cached", lines[0])
    assert re.fullmatch(rf"artifacts/metrics\.json +13 B  scores  made {time}  used {time}  cached", lines[1])
    assert lines[3:] == ["3 artifacts, 45 B, 45 B of distinct content"]
    by_size = repository.run("modelworks", "ls", "--sort", "size").stdout.splitlines()
    assert [line.split()[0][10:] for line in by_size[:3]] == ["plots/loss.csv", "metrics.json", "copy.txt"]
    content = json.loads(repository.run("modelworks", "ls", "--json").stdout)
    assert content["total"] == {"artifacts": 3, "size": 45, "distinct_size": 45}
    first = content["artifacts"][0]
    assert {key: first[key] for key in ("path", "size", "stage", "in_place", "cached")} == {
        "path": "artifacts/copy.txt", "size": 10, "stage": "copy", "in_place": False, "cached": "cached",
    }  # fmt: skip
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", first["made"])
