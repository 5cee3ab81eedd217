"""What the rules of sweeps find out when the Snakefile is read."""

from pathlib import Path

import pytest
from snakemake.api import SnakemakeApi
from snakemake.settings.enums import Quietness
from snakemake.settings.types import DAGSettings, OutputSettings, ResourceSettings

from modelworks.eeipu import outer

PROJECT = Path(__file__).parents[2]


def test_there_is_a_rule_for_each_file_whose_name_can_be_a_rules(tmp_path: Path) -> None:
    for name in ("k2.yaml", "a_1.yaml", "not-a-rule.yaml", "1.yaml", "notes.txt"):
        (tmp_path / name).touch()
    assert outer.names(tmp_path) == ["a_1", "k2"]
    assert outer.names(tmp_path / "absent") == []


def test_presets_that_are_there_are_inputs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("presets").mkdir()
    Path("presets/smoke.yaml").touch()
    file = tmp_path / "one.yaml"
    for text, wanted in (
        ("preset: [smoke, absent]\n", ["presets/smoke.yaml"]),
        ("target: a\n", []),
        ("preset: smoke\n", []),
        ("- no mapping\n", []),
        ("{broken", []),
    ):
        file.write_text(text)
        assert outer.presets(file) == wanted, text


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("snakemake sweep_k2", ""),
        ("snakemake --workflow-profile profiles/slurm sweep_k2", "--profile profiles/slurm"),
        ("snakemake --workflow-profile=profiles/slurm sweep_k2", "--profile profiles/slurm"),
        ("snakemake --workflow-profile", ""),
    ],
)
def test_the_outer_builds_profile_is_passed_on(line: str, wanted: str) -> None:
    assert outer.profile(line.split()) == wanted


@pytest.mark.parametrize(("cores", "threads", "passed_on"), [(3, 3, 3), (None, 1, "all")])
def test_the_rules_can_be_read_by_a_build_without_cores_as_a_clusters(
    cores: int | None, threads: int, passed_on: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(PROJECT)
    with SnakemakeApi(OutputSettings(quiet={Quietness.ALL})) as api:
        settings = ResourceSettings(cores=cores, nodes=200, local_cores=1)
        opened = api.workflow(settings, snakefile=PROJECT / "Snakefile", workdir=PROJECT)
        workflow = opened.dag(DAGSettings()).workflow_api._workflow
        rule = workflow.get_rule("sweep_k2")
        assert rule.resources["_cores"] == threads
        assert rule.resources["trial_cores"] == passed_on
