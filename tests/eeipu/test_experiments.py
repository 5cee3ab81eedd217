"""A finished trial is a DVC experiment: listed with its values and metrics, brought back without a job."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from modelworks.build import workspace
from modelworks.eeipu import experiments
from modelworks.eeipu.experiments import LeftOut, Saved
from tests.build.repository import Repository, counts

RULES = """
CHUNKS = reads("k2.run.decay_chunks")["k2.run.decay_chunks"]

rule all:
    input: "artifacts/metrics.json", "artifacts/other.txt"

rule prepare:
    input: code=code("modelworks.stage"), data="data/in.txt"
    output: "artifacts/prepared.txt"
    params: reads=reads("k2.samples.count")
    shell: "mkdir -p artifacts && sed -n '/^  samples:/,/ count:/s/.* count: *//p' params.yaml > {output}"

rule score:
    input: code=code("modelworks.stage"), text="artifacts/prepared.txt"
    output: metrics="artifacts/metrics.json"
    params: reads=reads("k2.samples.temperature")
    shell: "printf '{{\\"bits_per_byte\\": %s}}' $(cat {input.text}) > {output}"

rule other:
    input: code=code("modelworks.stage"), data="data/in.txt"
    output: "artifacts/other.txt"
    params: reads=reads("seed")
    shell: "mkdir -p artifacts && wc -c < {input.data} > {output}"
"""
TARGET = "artifacts/metrics.json"


class Swept:
    """A repository with a commit, whose default target is built, and trials built in workspaces below it."""

    def __init__(self, folder: Path) -> None:
        self.repository = Repository(folder, rules=RULES)
        self.root = folder
        self.repository.run("modelworks", "dvcfile")
        assert counts(self.repository.start()) == (0, 3)
        self.repository.commit()

    def trial(self, number: int, *settings: str) -> Path:
        """Build a trial; where what stays of it lies."""
        place = self.root / ".modelworks/sweeps/toy/trials" / f"{number:04d}"
        workspace.create(self.root, place, settings=settings)
        counts(self.repository.start(TARGET, folder=place))
        return place

    def shown(self) -> dict[str, Any]:
        """Experiment -> what `dvc exp show` says of it."""
        said = json.loads(self.repository.run("dvc", "exp", "show", "--json").stdout)
        head = next(one for one in said if one["rev"] != "workspace")
        return {one["name"]: one["revs"][0]["data"] for one in head["experiments"] or []}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Swept:
    """Two trials, both saved."""
    swept = Swept(tmp_path_factory.mktemp("experiments") / "root")
    for number, count in enumerate((3, 7)):
        folder = swept.trial(number, f"k2.samples.count={count}")
        saved = experiments.save(swept.root, "toy", number, folder, swept.root)
        assert isinstance(saved, Saved) and saved.name == f"toy-000{number}"
    return swept


def test_dvc_lists_a_trial_with_its_values_and_its_metrics(made: Swept) -> None:
    shown = made.shown()
    assert sorted(shown) == ["toy-0000", "toy-0001"]
    one = shown["toy-0001"]
    assert one["params"]["params.yaml"]["data"]["k2"]["samples"]["count"] == 7
    assert one["metrics"]["artifacts/metrics.json"]["data"] == {"bits_per_byte": 7}


def test_the_same_trial_on_the_same_commit_is_the_same_experiment(made: Swept) -> None:
    folder = made.root / ".modelworks/sweeps/toy/trials/0001"
    first, second = (experiments.save(made.root, "toy", 1, folder, made.root) for _ in range(2))
    assert first == second
    assert len(experiments.listed(made.root, "toy")) == 2


def test_a_trials_own_values_are_enough(made: Swept) -> None:
    folder, own = made.root / ".modelworks/sweeps/toy/trials/0001", made.root.parent / "own"
    own.mkdir()
    shutil.copyfile(folder / "dvc.lock", own / "dvc.lock")
    (own / "params.yaml").write_text("k2: {samples: {count: 7}}\n")
    saved = experiments.save(made.root, "toy", 1, own, made.root)
    assert isinstance(saved, Saved)
    whole = (folder / "params.yaml").read_text()
    assert made.repository.git("show", f"{saved.commit}:params.yaml").rstrip() == whole.rstrip()
    (own / "params.yaml").write_text("k2: {samples: {count: seven}}\n")
    wrong = experiments.save(made.root, "toy", 1, own, made.root)
    assert isinstance(wrong, LeftOut) and "k2.samples.count must be" in wrong.reason


def test_the_commit_differs_from_head_in_values_and_lock_alone(made: Swept) -> None:
    ref = experiments.listed(made.root, "toy")[1]
    assert made.repository.git("diff", "--name-only", "HEAD", ref).split() == ["dvc.lock", "params.yaml"]
    assert made.repository.git("rev-parse", f"{ref}^") == made.repository.git("rev-parse", "HEAD")
    assert made.repository.git("status", "--porcelain", "--untracked-files=no") == ""


def test_stages_that_are_not_the_trials_stay_as_the_root_has_them(made: Swept) -> None:
    from snakemake_executor_plugin_dvc import lockyaml

    trial = made.root / ".modelworks/sweeps/toy/trials/0001/dvc.lock"
    text = experiments.merged(made.root / "dvc.lock", trial)
    blocks, own, root = (lockyaml.split(one) for one in (text, trial.read_text(), (made.root / "dvc.lock").read_text()))
    assert "other" in blocks and "other" not in own
    assert blocks["other"] == root["other"]
    assert blocks["score"] == own["score"] != root["score"]


def test_an_applied_trial_needs_no_job(made: Swept) -> None:
    other = Swept(made.root.parent / "applied")
    folder = other.trial(7, "k2.samples.count=7")
    assert isinstance(experiments.save(other.root, "toy", 7, folder, other.root), Saved)
    shutil.rmtree(folder, made.root)
    other.repository.run("dvc", "exp", "apply", "toy-0007")
    assert "count: 7" in (other.root / "params.yaml").read_text()
    code, output = other.repository.start(TARGET).wait()
    assert code == 0
    assert "restored 2, ran 0" in output or "Nothing to be done" in output, output
    assert json.loads((other.root / TARGET).read_text()) == {"bits_per_byte": 7}


def test_a_trial_whose_base_has_another_graph_brings_the_bases_dvc_yaml(made: Swept) -> None:
    other = Swept(made.root.parent / "shaped")
    base = other.root / ".modelworks/sweeps/toy/base"
    workspace.create(other.root, base, settings=["k2.run.decay_chunks=1"])
    folder = other.trial(2, "k2.run.decay_chunks=1", "k2.samples.count=5")
    assert isinstance(experiments.save(other.root, "toy", 2, folder, base), Saved)
    ref = experiments.listed(other.root, "toy")[0]
    changed = other.repository.git("diff", "--name-only", "HEAD", ref).split()
    assert changed == ["dvc.lock", "dvc.yaml", "params.yaml"]
    assert other.shown()["toy-0002"]["metrics"]["artifacts/metrics.json"]["data"] == {"bits_per_byte": 5}
    other.repository.run("dvc", "exp", "apply", "toy-0002", check=False)
    other.repository.run("modelworks", "dvcfile", "--check")
    assert counts(other.repository.start(TARGET)) == (2, 0)


def test_a_trial_of_another_graph_is_left_out_with_the_key(made: Swept) -> None:
    folder = made.trial(9, "k2.run.decay_chunks=1")
    saved = experiments.save(made.root, "toy", 9, folder, made.root)
    assert isinstance(saved, LeftOut)
    assert "another shape" in saved.reason and "k2.run.decay_chunks" in saved.reason
    assert "toy-0009" not in {ref.rpartition("/")[2] for ref in experiments.listed(made.root, "toy")}


def test_without_a_commit_there_are_no_experiments_and_nothing_fails(made: Swept, tmp_path: Path) -> None:
    assert experiments.unavailable(made.root) is None
    folder = made.root / ".modelworks/sweeps/toy/trials/0000"
    for prepare in ([], ["git", "init", "-q"]):
        if prepare:
            subprocess.run(prepare, cwd=tmp_path, check=True)
        shutil.copyfile(made.root / "dvc.yaml", tmp_path / "dvc.yaml")
        assert experiments.unavailable(tmp_path) == "experiments need a git repository with a commit"
        assert isinstance(experiments.save(tmp_path, "toy", 0, folder, tmp_path), LeftOut)
        assert experiments.listed(tmp_path, "toy") == []


def test_removing_takes_one_sweeps_experiments_alone(made: Swept) -> None:
    folder = made.root / ".modelworks/sweeps/toy/trials/0000"
    for sweep in ("toy-more", "gone"):
        assert isinstance(experiments.save(made.root, sweep, 0, folder, made.root), Saved)
    experiments.remove(made.root, experiments.listed(made.root, "gone"))
    assert experiments.listed(made.root, "gone") == []
    assert len(experiments.listed(made.root, "toy-more")) == 1
    assert len(experiments.listed(made.root, "toy")) == 2


def test_files_that_an_experiment_will_not_have_are_named(made: Swept) -> None:
    assert experiments.uncommitted(made.root) == []
    made.repository.write("data/in.txt", "edited\n")
    assert experiments.uncommitted(made.root) == ["data/in.txt"]
    made.repository.git("checkout", "-q", "data/in.txt")
