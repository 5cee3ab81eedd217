"""Claims about the release as a target of the build, and about what is cited of its costs."""

import json
import shutil
from pathlib import Path

import pytest

from modelworks.lm.bundle import seal
from modelworks.lm.check_bundle import check
from tests.build.repository import PROJECT, Repository
from tests.k2.released import CHECKPOINTS, TEXTS, make

RULES = f"""
K2_CHECKPOINTS = {list(CHECKPOINTS)}
K2_CHUNKS = ["001", "002", "003"]
K2_TEXTS = {list(TEXTS)}

rule k2_log:
    input: code=code("modelworks.k2.log"), log="data/log.parquet"
    output: "artifacts/k2/training_log.parquet"
    log: "logs/k2_log.log"
    shell: "cp {{input.log}} {{output}}"

rule k2_copy:
    input: code=code("modelworks.k2.log"), table="data/statistics.parquet"
    output: "artifacts/k2/corpus/statistics.parquet"
    log: "logs/k2_copy.log"
    shell: "cp {{input.table}} {{output}}"

include: "rules/k2_release.smk"

rule other:
    input: code=code("modelworks.k2.plan")
    output: "artifacts/other.txt"
    log: "logs/other.log"
    shell: "touch {{output}}"

check_commands()
"""


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """A repository in which the release was built over artifacts that were there."""
    made = Repository(tmp_path_factory.mktemp("repository") / "r", RULES)
    shutil.copy(PROJECT / "rules/k2_release.smk", made.root / "rules")
    make(made.root / "artifacts/k2")
    (made.root / "data").mkdir(exist_ok=True)
    shutil.move(made.root / "artifacts/k2/training_log.parquet", made.root / "data/log.parquet")
    shutil.move(made.root / "artifacts/k2/corpus/statistics.parquet", made.root / "data/statistics.parquet")
    made.snakemake("k2_release")
    return made


def test_the_build_makes_a_release_with_the_fingerprints_of_the_stages_before_it(repository: Repository) -> None:
    release = repository.root / "artifacts/k2/release"
    checked = check(release)
    assert checked.faults == ()
    assert [path.name for path in (release / "code").iterdir()] == ["modelworks.k2.log.json"]
    fingerprint = json.loads((release / "code/modelworks.k2.log.json").read_text(encoding="utf-8"))
    assert {"modelworks.k2.log", "modelworks.lm.stable"} <= set(fingerprint["modules"])


def test_costs_are_cited_beside_the_artifact_which_stays_as_it_is(repository: Repository) -> None:
    release = repository.root / "artifacts/k2/release"
    printed = repository.run("modelworks", "k2", "cite-costs").stdout
    assert printed.startswith("artifacts/k2/release.costs.json: 0.000 GPU hours, ")
    cited = json.loads((repository.root / "artifacts/k2/release.costs.json").read_text(encoding="utf-8"))
    assert {stage["stage"] for stage in cited["stages"]} == {"k2_release", "k2_log", "k2_copy"}
    assert cited["total"]["stages_without_record"] == 0
    assert cited["total"]["money"] == pytest.approx(sum(stage["money"] for stage in cited["stages"])) != 0
    assert cited["prices"]["currency"] == "USD"
    checked = check(release)
    assert checked.faults == () and checked.manifest is not None and cited["root"] == checked.manifest.root
    assert not (release / "COSTS.json").exists()


def test_costs_are_cited_within_a_copy_and_the_copy_stays_valid(repository: Repository, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(repository.root / "artifacts/k2/release", tmp_path / "copy"))
    repository.run("modelworks", "k2", "cite-costs", copy)
    assert json.loads((copy / "COSTS.json").read_text(encoding="utf-8"))["total"]["cpu_hours"] > 0
    assert check(copy).faults == ()


def test_costs_of_another_release_are_not_cited(repository: Repository, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(repository.root / "artifacts/k2/release", tmp_path / "copy"))
    text = (copy / "manifest.json").read_text(encoding="utf-8")
    for content, message in (
        (text.replace('"name": "k2"', '"name": "k3"'), f"error: {copy}: manifest.json: its root hash must be "),
        ("", f"error: {copy}: manifest.json: cannot be read: "),
    ):
        (copy / "manifest.json").write_text(content, encoding="utf-8")
        done = repository.run("modelworks", "k2", "cite-costs", copy, check=False)
        assert done.returncode == 1 and done.stderr.startswith(message)
    for name in ("manifest.json", "SHA256SUMS", ".snakemake_timestamp"):
        (copy / name).unlink()
    seal(copy, "other")
    done = repository.run("modelworks", "k2", "cite-costs", copy, check=False)
    assert done.stderr == f"error: {copy}: is not a copy of artifacts/k2/release: their root hashes differ\n"
    (copy / "manifest.json").unlink()
    done = repository.run("modelworks", "k2", "cite-costs", copy, check=False)
    missing = f"error: {copy}/manifest.json: cannot be read: No such file or directory: build the release\n"
    assert (done.returncode, done.stderr) == (1, missing)
    assert not (copy / "COSTS.json").exists()


def test_a_second_build_restores_the_release_byte_for_byte(repository: Repository) -> None:
    release = repository.root / "artifacts/k2/release"
    before = {path: path.read_bytes() for path in release.rglob("*") if path.is_file()}
    shutil.rmtree(release)
    assert "restored 1, ran 0" in repository.snakemake("k2_release")
    assert {path: path.read_bytes() for path in release.rglob("*") if path.is_file()} == before
    assert check(release).faults == ()
