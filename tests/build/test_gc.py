"""`modelworks gc` evicts what is cheapest to rebuild for its size, and nothing that somebody needs."""

import json
import os
import re
import shutil
import time
from pathlib import Path

import pytest

from modelworks.build import gc, pins, tidy
from modelworks.build.gc import SizeError
from snakemake_executor_plugin_dvc.leases import Leases
from tests.build.repository import Repository, counts

RULES = """
rule all:
    input: "artifacts/end.txt"

rule cheap:
    input: code=code("modelworks.stage"), data="data/in.txt"
    output: "artifacts/cheap.txt"
    shell: "cat {input.data} {input.data} > {output} && truncate -s 10000 {output}"

rule dear:
    input: code=code("modelworks.stage"), text="artifacts/cheap.txt"
    output: directory("artifacts/dear")
    params: reads=reads("seed")
    shell: "mkdir {output} && tail -c 9000 {input.text} > {output}/a.txt && grep ^seed: params.yaml >> {output}/a.txt"

rule large:
    input: code=code("modelworks.stage"), folder="artifacts/dear"
    output: "artifacts/large.txt"
    shell: "cat {input.folder}/a.txt > {output} && truncate -s 100000 {output}"

rule end:
    input: code=code("modelworks.stage"), text="artifacts/large.txt"
    output: "artifacts/end.txt"
    params: reads=reads("k2.samples.count")
    shell: "(test ! -p pipe || cat pipe) && wc -c < {input.text} > {output} && grep ' count:' params.yaml >> {output}"
"""
SECONDS = {"cheap": 1.0, "dear": 3600.0, "large": 100.0, "end": 10.0}


class Collected:
    """A repository with four stages in a chain, whose costs are planted in the ledger."""

    def __init__(self, folder: Path) -> None:
        self.repository = Repository(folder, rules=RULES)
        self.root = folder
        self.cache = folder / ".dvc/cache"
        self.repository.run("modelworks", "dvcfile")
        assert self.build() == (0, 4)

    def build(self, *arguments: str) -> tuple[int, int]:
        return counts(self.repository.start(*arguments))

    def plant(self) -> None:
        """Write what the stages are to have cost."""
        for path in (self.cache / "memo/ledger").glob("*.jsonl"):
            records = [json.loads(line) for line in path.read_text().splitlines()]
            planted = [record | {"wall_s": SECONDS[record["rule"]]} for record in records]
            path.write_text("".join(json.dumps(record) + "\n" for record in planted))

    def wipe(self) -> None:
        """Remove what pins: artifacts and lock file, as if this workspace were done with."""
        shutil.rmtree(self.root / "artifacts")
        (self.root / "dvc.lock").unlink()

    def gc(self, size: str, *options: str) -> tuple[int, str]:
        done = self.repository.run("modelworks", "gc", "--max-size", size, *options, check=False)
        assert not done.stderr, done.stderr
        return done.returncode, done.stdout

    def objects(self) -> dict[str, int]:
        """Object -> size, without the lists of directories."""
        found = [path for path in (self.cache / "files/md5").rglob("*") if path.is_file() and path.suffix != ".dir"]
        return {path.parent.name + path.name: path.stat().st_size for path in found}

    def sizes(self) -> list[int]:
        return sorted(self.objects().values())

    def edit(self, old: str, new: str) -> None:
        path = self.root / "params.yaml"
        path.write_text(path.read_text().replace(old, new))


@pytest.fixture
def collected(tmp_path: Path) -> Collected:
    made = Collected(tmp_path / "root")
    made.plant()
    return made


def test_what_is_cheapest_to_rebuild_for_its_size_goes_first(collected: Collected) -> None:
    collected.wipe()
    small = collected.sizes()[0]
    dear = collected.sizes()[1]
    assert (9000 < dear < 9100, collected.sizes()[2:]) == (True, [10000, 100000])
    code, output = collected.gc("110k", "--dry-run")
    # Seconds for each byte: cheap 0.0001, large 0.001, dear 0.4, end more.
    named = [line.split()[2] for line in output.splitlines() if "  (key " in line]
    assert (code, named) == (0, ["artifacts/cheap.txt"])
    assert len(collected.sizes()) == 4, "a dry run evicts nothing"
    code, output = collected.gc("110k")
    assert code == 0
    assert re.search(
        r"^evicted 1 objects of 1 results, 10.0 kB, which cost 0.000011 USD to make; 0 leftovers$", output, re.M
    )
    assert collected.sizes()[-1] == 100000
    assert len(collected.sizes()) == 3
    assert collected.gc("50k")[0] == 0
    assert collected.sizes() == [small, dear]


def test_an_evicted_result_is_a_miss_of_its_own_stage_alone(collected: Collected) -> None:
    collected.wipe()
    assert collected.gc("9.5k")[0] == 0
    assert len(collected.sizes()) == 2, "cheap and large are gone"
    assert collected.build() == (2, 2)


def test_what_a_live_workspace_uses_stays_and_too_much_of_it_is_said(collected: Collected) -> None:
    code, output = collected.gc("50k")
    assert code == 1
    assert len(collected.sizes()) == 4
    assert "pinned by 1 workspaces, 0 branches and tags, 0 leases" in output
    assert re.search(r"^error: 119 kB must stay, more than --max-size 50k: 119 kB are pinned, 0 B", output, re.M)
    collected.edit("\nseed: ", "\nseed: 1")
    assert collected.build() == (0, 3)
    collected.plant()
    assert len(collected.sizes()) == 6, "the last stage has made the same"
    assert collected.gc("120k")[0] == 0
    assert collected.build() == (0, 0)
    shutil.rmtree(collected.root / "artifacts")
    assert collected.build() == (4, 0), "of the two results of each stage it is the other one that went"


@pytest.mark.parametrize("ref", ["tag", "branch"])
def test_what_a_tag_or_a_branch_names_stays(collected: Collected, ref: str) -> None:
    collected.repository.git("add", "-f", "dvc.lock")
    collected.repository.git("commit", "-qm", "built")
    collected.repository.git(ref, "kept")
    collected.repository.git("checkout", "-q", "--orphan", "other")
    collected.repository.git("rm", "-q", "--cached", "-f", "dvc.lock")
    collected.repository.git("commit", "-q", "--allow-empty", "-m", "nothing")
    collected.repository.git("branch", "-q", "-D", "main")
    collected.wipe()
    code, output = collected.gc("0")
    assert code == 1
    assert "2 branches and tags" in output
    assert len(collected.sizes()) == 4
    collected.repository.git(ref, "-d" if ref == "tag" else "-D", "kept")
    assert collected.gc("0")[0] == 1, "the lists of directories stay"
    assert collected.sizes() == []


def test_what_is_being_built_stays(collected: Collected) -> None:
    entries = [json.loads(path.read_text()) | {"key": path.parent.name} for path in collected.cache.glob("runs/*/*/*")]
    key = next(entry["key"] for entry in entries if entry["outs"][0]["path"] == "artifacts/large.txt")
    collected.wipe()
    leases = Leases(collected.cache, collected.root)
    assert leases.take(key) == (None, None)
    assert "1 leases" in collected.gc("0")[1]
    assert 100000 in collected.sizes()
    leases.release(key)


def test_what_no_stage_can_make_again_stays(collected: Collected) -> None:
    collected.repository.write("data/raw.bin", "x" * 5000)
    collected.repository.run("dvc", "add", "-q", "data/raw.bin")
    (collected.root / "data/raw.bin.dvc").unlink()  # nobody names it any more, and nothing makes it
    collected.wipe()
    code, output = collected.gc("0")
    assert code == 1
    assert "0 B are pinned, 5.07 kB nothing can rebuild" in output  # with the list of a directory's files
    assert collected.sizes() == [5000]


def test_a_workspace_that_cannot_be_looked_at_pins_what_its_last_build_named(
    collected: Collected, tmp_path: Path
) -> None:
    cache, note = collected.cache, next((collected.cache / "memo/workspaces").iterdir())
    content = json.loads(note.read_text())
    assert len(content["objects"]) >= 4
    note.write_text(json.dumps(content | {"folder": "/nowhere", "host": "elsewhere"}))
    found = pins.find(cache)
    assert found.objects >= set(content["objects"])
    assert found.unseen == ["/nowhere of host elsewhere: what its last build named is pinned"]
    note.write_text(json.dumps(content | {"folder": str(note / "below a file")}))
    assert pins.find(cache).objects >= set(content["objects"]), "not a folder is not gone"
    note.write_text(json.dumps(content | {"folder": str(tmp_path / "gone")}))
    found = pins.find(cache)
    assert (found.objects, found.gone) == (set(), [note])
    assert note.exists(), "only a collection removes it"


def test_no_command_that_a_repository_names_is_run(collected: Collected, tmp_path: Path) -> None:
    """A blob that is missing in a partial clone would be fetched by whatever the remote's URL says."""
    collected.repository.git("add", "-f", "dvc.lock")
    collected.repository.git("commit", "-qm", "built")
    script = tmp_path / "fetch.sh"
    script.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
    script.chmod(0o755)
    for key, value in (
        ("extensions.partialClone", "origin"),
        ("core.repositoryFormatVersion", "1"),
        ("remote.origin.url", f"ext::{script}"),
        ("remote.origin.promisor", "true"),
        ("protocol.ext.allow", "always"),
    ):
        collected.repository.git("config", key, value)
    blob = collected.repository.git("rev-parse", "HEAD:dvc.lock").strip()
    (collected.root / ".git/objects" / blob[:2] / blob[2:]).unlink()
    collected.repository.run("git", "cat-file", "-p", blob, check=False)
    assert (tmp_path / "ran").exists(), "plain git does run it"
    (tmp_path / "ran").unlink()
    pins.find(collected.cache)
    assert not (tmp_path / "ran").exists()


def test_a_workspace_that_is_gone_pins_nothing(collected: Collected, tmp_path: Path) -> None:
    collected.repository.run("modelworks", "workspace", "create", tmp_path / "w", "--set", "seed=5")
    snakefile = str(collected.root / "Snakefile")
    assert counts(collected.repository.start("--snakefile", snakefile, folder=tmp_path / "w")) == (1, 3)
    assert "pinned by 2 workspaces" in collected.gc("1G")[1]
    assert collected.gc("0")[0] == 1
    assert len(collected.sizes()) == 6, "the last stage has made the same"
    shutil.rmtree(tmp_path / "w")
    assert "pinned by 1 workspaces" in collected.gc("0")[1]
    assert len(collected.sizes()) == 4


def test_beside_a_running_build_the_bytes_are_right(collected: Collected) -> None:
    """All that the build has not used yet goes while its last job waits, and what it has restored before that too."""
    expected = (collected.root / "artifacts/end.txt").read_bytes()
    collected.edit("count: 10", "count: 11")
    collected.wipe()
    os.mkfifo(collected.root / "pipe")
    started = collected.repository.start()
    with (collected.root / "pipe").open("w"):  # the job `end` has opened it
        code, _ = collected.gc("0")
        shutil.rmtree(collected.cache / "files")
        assert code == 1, "the journal of the running build pins what it has restored"
    assert counts(started) == (3, 1)
    assert (collected.root / "artifacts/end.txt").read_bytes() == expected.replace(b"count: 10", b"count: 11")
    (collected.root / "pipe").unlink()
    shutil.rmtree(collected.root / "artifacts")
    assert collected.build() == (1, 3)
    assert (collected.root / "artifacts/end.txt").read_bytes() == expected.replace(b"count: 10", b"count: 11")


def test_leftovers_go_when_they_are_old(collected: Collected) -> None:
    old = time.time() - 100 * 24 * 3600
    scratch, damaged = collected.cache / "memo/scratch/k", collected.cache / "memo/damaged/o"
    for path in (scratch / "progress", damaged, collected.root / ".snakemake/modelworks/snapshots/s/src/x.py"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
    snapshot = collected.root / ".snakemake/modelworks/snapshots/s"
    history = collected.root / ".snakemake/modelworks/fingerprints"
    named = {path.name for path in history.iterdir()}
    (history / f"{'0' * 32}.json").write_text("{}")
    snapshot.chmod(0o555)
    assert set(tidy.stale(collected.root)) == set()
    assert "1 leftovers" in collected.gc("1G")[1]
    assert not damaged.exists()
    for path in (scratch / "progress", scratch, snapshot, *history.iterdir()):
        os.utime(path, (old, old))
    assert "3 leftovers" in collected.gc("1G", "-n")[1]
    assert "3 leftovers" in collected.gc("1G")[1]
    assert not scratch.exists() and not snapshot.exists()
    assert {path.name for path in history.iterdir()} == named


@pytest.mark.parametrize(
    ("text", "size"),
    [("0", 0), ("500", 500), ("500G", 500 * 10**9), ("1.5TB", 15 * 10**11), ("2GiB", 2**31), ("10kb", 10**4)],
)
def test_sizes_are_read(text: str, size: int) -> None:
    assert gc.parse_size(text) == size


@pytest.mark.parametrize("text", ["", "G", "5X", "five", "1..2G"])
def test_a_size_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(SizeError, match=r"--max-size .*: must be a number with K, M, G or T"):
        gc.parse_size(text)
