"""`modelworks verify` builds an artifact anew, with nothing of the cache, and names the first stage that differs."""

import json
import shutil
from pathlib import Path

import pytest

from modelworks.build.verify import VerifyError, verify
from tests.build.repository import Repository

RULES = """
rule all:
    input: "artifacts/end.txt"

rule first:
    input: code=code("modelworks.stage"), data="data/in.txt"
    output: "artifacts/first.txt"
    params: reads=reads("seed")
    shell: "grep ^seed: params.yaml > {output} && cat {input.data} >> {output}"

rule folder:
    input: code=code("modelworks.stage"), text="artifacts/first.txt"
    output: directory("artifacts/folder")
    shell: "mkdir {output} && cp {input.text} {output}/a.txt && (test ! -x $PLANTED || $PLANTED) > {output}/b.txt"

rule end:
    input: code=code("modelworks.stage"), folder="artifacts/folder"
    output: "artifacts/end.txt"
    shell: "cat {input.folder}/* > {output}"
"""


class Verified:
    """A repository that is built; what its stage `folder` prints besides comes from a program outside of it."""

    def __init__(self, folder: Path) -> None:
        self.planted = folder.parent / "planted"
        self.repository = Repository(folder, rules=RULES.replace("$PLANTED", str(self.planted)), git=False)
        self.root = folder
        self.say("first")
        self.repository.run("modelworks", "dvcfile")
        self.repository.snakemake("--cores", "1")

    def say(self, text: str) -> None:
        """Have the stage `folder` write this text."""
        self.planted.write_text(f"#!/bin/sh\nprintf 'the same beginning, then {text}'\n")
        self.planted.chmod(0o755)

    def command(self, *arguments: str) -> tuple[int, list[str]]:
        done = self.repository.run("modelworks", "verify", *arguments, check=False)
        return done.returncode, done.stdout.splitlines()


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Verified:
    return Verified(tmp_path_factory.mktemp("verified") / "root")


@pytest.fixture
def verified(template: Verified) -> Verified:
    template.say("first")
    return template


def test_what_is_made_again_byte_for_byte_is_the_same(verified: Verified, tmp_path: Path) -> None:
    before = sorted(path for path in verified.root.rglob("*") if ".snakemake" not in path.parts)
    code, lines = verified.command("artifacts/end.txt", "--place", str(tmp_path))
    assert (code, lines) == (
        0,
        [
            "same            first",
            "same            folder",
            "same            end",
            "artifacts/end.txt: 3 stages built anew, every byte the same",
        ],
    )
    assert list(tmp_path.iterdir()) == [], "nothing is left behind"
    assert sorted(path for path in verified.root.rglob("*") if ".snakemake" not in path.parts) == before


def test_the_first_stage_that_differs_is_named_with_file_and_byte(verified: Verified) -> None:
    verified.say("second")
    code, lines = verified.command("end")
    assert code == 1
    before = len("seed: 22238\nsome data\n")
    assert lines == [
        "same            first",
        "differs         folder  artifacts/folder/b.txt differs from byte 25",
        f"follows         end     artifacts/end.txt differs from byte {before + 25}",
        "end: the first stage that is not the same: folder: differs",
    ]


def test_only_what_is_behind_the_target_is_built(verified: Verified) -> None:
    verified.say("second")
    assert [(one.stage, one.verdict) for one in verify(verified.root, "artifacts/first.txt")] == [("first", "same")]


def test_a_result_of_another_device_cannot_be_compared(verified: Verified) -> None:
    ledger = verified.root / ".dvc/cache/memo/ledger"
    kept = {path: path.read_text() for path in ledger.glob("*.jsonl")}
    for path, text in kept.items():
        records = [json.loads(line) | {"device": "NVIDIA H100 80GB HBM3"} for line in text.splitlines()]
        path.write_text("".join(json.dumps(record) + "\n" for record in records))
    try:
        assert [one.verdict for one in verify(verified.root, "end")] == ["same"] * 3, "what is the same is the same"
        verified.say("second")
        found = {one.stage: one for one in verify(verified.root, "end")}
    finally:
        for path, text in kept.items():
            path.write_text(text)
    assert found["folder"].verdict == "cannot compare"
    assert found["folder"].what.startswith("made on NVIDIA H100 80GB HBM3, here on cpu; artifacts/folder/b.txt differs")


def test_a_target_that_is_not_up_to_date_is_refused(verified: Verified, tmp_path: Path) -> None:
    stale = tmp_path / "stale"
    shutil.copytree(verified.root, stale)
    params = stale / "params.yaml"
    params.write_text(params.read_text().replace("\nseed: ", "\nseed: 1"))
    with pytest.raises(VerifyError, match=r"artifacts/end\.txt is not up to date: first would run: build it first"):
        verify(stale, "artifacts/end.txt")


def test_a_rebuilding_that_fails_is_said_to(verified: Verified) -> None:
    verified.planted.write_text("#!/bin/sh\nexit 3\n")
    with pytest.raises(VerifyError, match=r"end: could not be built anew: see above\. Nothing was compared"):
        verify(verified.root, "end")


def test_an_evicted_object_only_costs_the_detail(verified: Verified, tmp_path: Path) -> None:
    copied = tmp_path / "copied"
    shutil.copytree(verified.root, copied)
    for path in (copied / ".dvc/cache/files").rglob("*"):
        if path.is_file():
            path.unlink()
    verified.say("second")
    found = {one.stage: one for one in verify(copied, "end")}
    assert found["folder"].verdict == "differs"
    assert found["folder"].what == "artifacts/folder differs (the old object is not in the cache)"
