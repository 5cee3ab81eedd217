"""dvc.yaml, compiled from the rules."""

import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest
from dvc.utils.serialize import loads_yaml

from modelworks.build import dvcfile, params
from modelworks.build.compiled import CompileError
from modelworks.build.dvcfile import DvcfileError
from tests.build.repository import PROJECT, RULES, Repository


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """A small repository without git."""
    return Repository(tmp_path / "root", git=False)


def compiled(repository: Repository, rules: str | None = None) -> str:
    """The dvc.yaml of other rules."""
    if rules is not None:
        repository.rules(rules)
    return dvcfile.text(repository.root / "Snakefile", repository.root)


def test_there_is_a_stage_for_each_job_with_its_command_dependencies_params_and_outputs(repository: Repository) -> None:
    stages = loads_yaml(compiled(repository))["stages"]
    checkpoints = params.read(repository.root / "params.yaml")["k2"]["run"]["decay_chunks"]
    assert list(stages) == ["code", "copy", *(f"part--{n}" for n in range(checkpoints)), "scores"]
    assert stages["part--1"] == {
        "cmd": "mkdir -p artifacts/parts && tail -c 1 artifacts/copy.txt > artifacts/parts/1.txt",
        "deps": ["artifacts/code/modelworks.stage.json", "artifacts/copy.txt"],
        "params": ["seed"],
        "outs": ["artifacts/parts/1.txt"],
    }
    assert stages["copy"]["params"] == ["k2.samples", "seed"]
    assert stages["scores"]["metrics"] == ["artifacts/metrics.json"]
    assert stages["scores"]["plots"] == [{"artifacts/plots/loss.csv": {"x": "step", "y": "loss"}}]
    assert stages["code"]["meta"]["structural"]["k2.run.decay_chunks"] == checkpoints


def test_it_does_not_depend_on_where_and_when_it_is_compiled(repository: Repository, tmp_path: Path) -> None:
    text = compiled(repository)
    assert str(tmp_path) not in text
    repository.snakemake()
    assert compiled(repository) == text


def test_values_that_look_like_numbers_stay_text(repository: Repository) -> None:
    rules = RULES.replace("n=CHECKPOINTS", "n=['1e-3', 'yes']").replace("tail -c", "echo '${{HOME}}' ")
    text = compiled(repository, rules.replace("artifacts/parts/{n}.txt", "{n}"))
    stages = loads_yaml(text)["stages"]
    assert stages["part--1e-2d3"]["outs"] == ["1e-3"]
    assert stages["part--yes"]["outs"] == ["yes"]
    assert "\\${HOME}" in stages["part--yes"]["cmd"]


BAD = """
rule {name}:
    input: "data/in.txt"
    {output}
    {how}
"""
REFUSED = {
    "output: temp('artifacts/x')|shell: 'cp {input} {output}'": "temp(): DVC keeps every output",
    "output: touch('artifacts/x')|shell: 'true'": "touch(): only Snakemake makes that file",
    "output: 'artifacts/x'|script: 'x.py'": "script: needs Snakemake; use shell: with a stage module",
    "output: 'artifacts/x'|notebook: 'x.ipynb'": "notebook: needs Snakemake; use shell: with a stage module",
    "output: 'artifacts/x'|wrapper: 'v1/bio/x'": "wrapper: needs Snakemake; use shell: with a stage module",
    "output: 'artifacts/x'|run: pass": "run: needs Snakemake; use shell: with a stage module",
    "output: 'artifacts/x'|shadow: 'minimal'\n    shell: 'true'": "shadow: cannot be expressed in dvc.yaml",
    "output: 'artifacts/x'|conda: 'x.yaml'\n    shell: 'true'": (
        "conda:, container:, envmodules: and shell.prefix() cannot be expressed in dvc.yaml"
    ),
    "output: 'artifacts/x'|shell: 'cat {input} | wc > {output}'": (
        "its command has |, and DVC runs it without pipefail; join commands with && or use a stage module"
    ),
    "output: 'artifacts/x'|shell: 'true\\ntrue'": (
        "its command has several lines, and DVC runs it without pipefail; join commands with && or use a stage module"
    ),
    "output: 'artifacts/x'|shell: 'echo {input} \\' > {output}'": (
        "its command is not one shell line: No closing quotation"
    ),
    "output: directory('artifacts/copy.txt'), 'artifacts/copy.txt/x'|shell: 'true'": (
        "output artifacts/copy.txt/x lies in artifacts/copy.txt, the output of rule bad"
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_dvc_cannot_express_is_refused_naming_the_rule(case: str, repository: Repository) -> None:
    output, how = case.split("|", 1)
    target = "artifacts/copy.txt/x" if "directory" in output else "artifacts/x"
    rules = f"rule all:\n    input: '{target}'\n" + BAD.format(name="bad", output=output, how=how)
    with pytest.raises(DvcfileError) as caught:
        compiled(repository, rules)
    assert str(caught.value) == f"rule bad: {REFUSED[case]}"


def test_a_checkpoint_and_a_rule_without_input_are_refused_in_one_error(repository: Repository) -> None:
    rules = "rule all:\n    input: 'artifacts/x', 'artifacts/y'\n"
    rules += BAD.format(name="late", output="output: 'artifacts/x'", how="shell: 'true'").replace("rule", "checkpoint")
    rules += "rule lone:\n    output: 'artifacts/y'\n    shell: 'true'\n"
    with pytest.raises(DvcfileError) as caught:
        compiled(repository, rules)
    assert str(caught.value).splitlines() == [
        "rule late: checkpoint: the graph must be known before it runs; use a structural key of params.yaml",
        "rule lone: has no input; DVC would run it every time",
    ]


def test_a_fault_in_the_rules_is_an_error_of_one_text(repository: Repository) -> None:
    with pytest.raises(CompileError, match=r"Snakefile: .*(?s:.)*data/none"):
        compiled(repository, "rule all:\n    input: 'data/none'\n")


def test_check_prints_the_drift_and_fails(repository: Repository) -> None:
    assert repository.run("modelworks", "dvcfile").stdout == "dvc.yaml: made\n"
    assert repository.run("modelworks", "dvcfile", "--check").stdout == ""
    repository.rules(RULES.replace('reads("k2.train")', 'reads("k2.train", "seed")'))
    done = repository.run("modelworks", "dvcfile", "--check", check=False)
    assert done.returncode == 1
    assert "+      - seed\n" in done.stdout
    assert done.stderr == "error: dvc.yaml differs from the rules: run `modelworks dvcfile`\n"
    assert repository.run("modelworks", "dvcfile").stdout == "dvc.yaml: compiled anew\n"
    assert repository.run("modelworks", "dvcfile", "--check").returncode == 0


def test_the_committed_dvc_yaml_is_in_step_with_the_rules() -> None:
    assert (PROJECT / "dvc.yaml").read_text() == dvcfile.text(PROJECT / "Snakefile", PROJECT)


def test_a_structural_key_stops_dvc_with_the_advice_to_compile(repository: Repository) -> None:
    repository.run("modelworks", "dvcfile")
    path = repository.root / "params.yaml"
    path.write_text(path.read_text().replace("decay_chunks: 6", "decay_chunks: 8"))
    done = repository.run("dvc", "repro", check=False)
    said = "params.yaml: k2.run.decay_chunks changes which stages there are, and dvc.yaml was compiled for 6."
    assert f"{said} Compile it anew: modelworks dvcfile" in done.stderr
    assert done.returncode != 0
    assert not (repository.root / "artifacts/copy.txt").exists()


def test_the_stage_code_needs_a_compiled_dvc_yaml(repository: Repository) -> None:
    done = repository.run("modelworks", "fingerprint", check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("error: dvc.yaml: cannot be read: ")
    assert done.stderr.endswith("Make it: modelworks dvcfile\n")
    repository.write("dvc.yaml", "stages:\n  copy:\n    cmd: x\n")
    done = repository.run("modelworks", "fingerprint", check=False)
    assert done.stderr == "error: dvc.yaml: has no stage 'code'. Compile it anew: modelworks dvcfile\n"


def test_status_metrics_plots_and_experiments_work_on_what_snakemake_built(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "root")
    repository.run("modelworks", "dvcfile")
    repository.snakemake()
    repository.commit()
    assert repository.run("dvc", "status").stdout == "code:\n\talways changed\n"
    assert "artifacts/metrics.json  10" in repository.run("dvc", "metrics", "show").stdout
    assert repository.run("dvc", "metrics", "diff").stdout == ""
    assert "index.html" in repository.run("dvc", "plots", "show").stdout
    assert "| code |" in repository.run("dvc", "dag").stdout
    for option, kept in ([], "seed: 5"), (["--temp"], "seed: 5"):
        said = repository.run("dvc", "exp", "run", *option, "-S", f"seed={6 if option else 5}").stdout
        assert "Ran experiment" in said
        assert "Stage 'scores' didn't change, skipping" in said
        assert kept in (repository.root / "params.yaml").read_text()
    repository.write("data/in.txt", "other data\n")
    repository.snakemake()
    head, *changed = repository.run("dvc", "metrics", "diff").stdout.splitlines()
    assert head.split() == ["Path", "Metric", "HEAD", "workspace", "Change"]
    assert [line.split() for line in changed] == [["artifacts/metrics.json", "bytes", "10", "11", "1"]]


def test_a_stage_name_is_given_once_and_a_command_makes_something(repository: Repository) -> None:
    rules = "rule all:\n    input: 'artifacts/x'\n"
    rules += BAD.format(name="code_", output="output: 'artifacts/x'", how="shell: 'cp {input} {output}'")
    with pytest.raises(DvcfileError, match=r"^rule code: the stage name code is taken; rename the rule$"):
        compiled(repository, rules.replace("code_", "code"))
    with pytest.raises(DvcfileError, match=r"^rule only: has a command and no output$"):
        compiled(repository, "rule only:\n    input: 'data/in.txt'\n    shell: 'cat {input}'\n")


def test_what_is_kept_elsewhere_is_refused() -> None:
    path = SimpleNamespace(is_storage=True, flags={})
    rule = SimpleNamespace(is_checkpoint=False, shellcmd="cp a b")
    job = SimpleNamespace(rule=rule, input=[path], output=[path], is_shadow=False, conda_env_spec=None)
    job.container_img_url = job.env_modules = None
    assert dvcfile._problems(job) == ["storage() cannot be expressed in dvc.yaml"]


def test_fingerprints_of_other_rules_and_unknown_modules_are_said(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository.run("modelworks", "dvcfile")
    monkeypatch.chdir(repository.root)
    shutil.rmtree("artifacts")
    said = r"^dvc\.yaml was compiled for other rules \(.*\): run `modelworks dvcfile`$"
    with pytest.raises(DvcfileError, match=said):
        dvcfile.lock_entry(Path("dvc.yaml"))
    done = repository.run("modelworks", "fingerprint", "modelworks.nope", check=False)
    assert (done.returncode, done.stderr) == (1, "error: there is no module modelworks.nope\n")
