"""`modelworks why` names every reason, several at once, and nothing else."""

import re
from pathlib import Path

import pytest

from modelworks.build import plan, why, workspace
from modelworks.build.errors import ModelworksError
from tests.build.repository import Repository

RULES = """
rule all:
    input: "artifacts/down.txt"

rule made:
    input: code=code("demo.stage"), data="data/in.txt"
    output: "artifacts/made.txt", "artifacts/other.txt"
    params: reads=reads("seed", "k2.samples")
    shell: "cat {input.data} > {output[0]} && cat {input.data} > {output[1]}"

rule down:
    input: code=code("modelworks.stage"), text="artifacts/made.txt"
    output: "artifacts/down.txt"
    shell: "cat {input.text} > {output}"
"""
HELPER = '''
"""Helps."""

LIMIT = 3


def one():
    """One."""
    return 1


class Two:
    size = 2

    def double(self):
        return 4
'''


class Explained:
    """A repository that has been built once."""

    def __init__(self, root: Path, sources: Path) -> None:
        self.repository = Repository(root, rules=RULES, git=False)
        self.root, self.sources = root, sources
        for name, text in (("__init__", ""), ("helper", HELPER), ("stage", "import demo.helper\n")):
            self.source(name, text)
        self.build()

    def source(self, name: str, text: str) -> None:
        (self.sources / "demo").mkdir(parents=True, exist_ok=True)
        (self.sources / f"demo/{name}.py").write_text(text)

    def build(self, folder: Path | None = None) -> str:
        code, output = self.repository.start("--snakefile", str(self.root / "Snakefile"), folder=folder).wait()
        assert code == 0, output
        return output

    def params(self, key: str, value: str, folder: Path | None = None) -> None:
        path = (folder or self.root) / "params.yaml"
        path.write_text(re.sub(rf"(?m)^(\s*{key}): .*$", rf"\1: {value}", path.read_text()))

    def reasons(self) -> dict[str, list[str]]:
        return why.reasons(self.root / "Snakefile", self.root)


@pytest.fixture
def explained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Explained:
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "src"))
    made = Explained(tmp_path / "root", tmp_path / "src")
    monkeypatch.chdir(made.root)
    return made


UPSTREAM = {"down": ["upstream made would run"]}


def test_after_a_build_nothing_would_run(explained: Explained) -> None:
    assert explained.reasons() == {}


def test_several_reasons_are_named_at_once_with_old_and_new_values(explained: Explained) -> None:
    seed = re.search(r"(?m)^seed: (\d+)", (explained.root / "params.yaml").read_text())
    assert seed
    explained.params("seed", "7")
    explained.params("temperature", "0.5")
    explained.repository.write("data/in.txt", "other\n")
    explained.source("helper", HELPER.replace("return 1", "return 11").replace("return 4", "return 44"))
    assert explained.reasons() == {
        "made": [
            "code: demo.helper: Two.double(), one()",
            "content of data/in.txt",
            "params.yaml: k2.samples.temperature: 0.8 -> 0.5",
            f"params.yaml: seed: {seed[1]} -> 7",
        ],
        **UPSTREAM,
    }


@pytest.mark.parametrize(
    ("name", "old", "new", "said"),
    [
        ("helper", "LIMIT = 3", "LIMIT = 4", "code: demo.helper: outside functions"),
        ("helper", "size = 2", "size = 3", "code: demo.helper: Two()"),
        ("helper", "def one", "def first", "code: demo.helper: first(), one()"),
        ("stage", "import demo.helper", "import json", "code: demo.helper is not imported any more"),
        ("stage", "import demo.helper", "import demo.helper, demo.new", "code: demo.new is imported now"),
        ("stage", "import demo.helper", "import demo.helper, yaml", "code: package pyyaml: nothing -> "),
    ],
)
def test_an_edit_is_named_by_module_and_function(
    explained: Explained, name: str, old: str, new: str, said: str
) -> None:
    explained.source("new", "")
    text = HELPER if name == "helper" else "import demo.helper\n"
    explained.source(name, text.replace(old, new))
    found = explained.reasons()
    assert any(reason.startswith(said) for reason in found["made"]), found
    assert not any("demo.helper: docstrings" in reason for reason in found["made"])
    assert {key: value for key, value in found.items() if key != "made"} == UPSTREAM


def test_deleted_artifacts_lost_objects_and_what_was_never_built(explained: Explained) -> None:
    for name in ("other", "made", "down"):
        (explained.root / f"artifacts/{name}.txt").unlink()
    assert explained.reasons() == {}, "all would be restored"
    assert [step.verdict for step in plan.steps(explained.root / "Snakefile", explained.root)] == ["restore"] * 2
    for path in (explained.root / ".dvc/cache/files/md5").rglob("*"):
        if path.is_file():
            path.unlink()
    found = explained.reasons()
    assert found["made"][:2] == ["artifact deleted: artifacts/made.txt", "artifact deleted: artifacts/other.txt"]
    assert re.fullmatch(r"[0-9a-f]{32} is missing in the cache", found["made"][2])
    assert found["down"] == ["upstream made would run", "artifact deleted: artifacts/down.txt"]
    (explained.root / "dvc.lock").unlink()
    assert explained.reasons()["made"] == ["never built here"]


def test_a_fingerprint_that_is_not_remembered_says_so(explained: Explained) -> None:
    for path in (explained.root / ".snakemake/modelworks/fingerprints").iterdir():
        path.unlink()
    explained.source("helper", HELPER.replace("return 1", "return 2"))
    said = "code: artifacts/code/demo.stage.json (what it was before is not remembered here)"
    assert explained.reasons()["made"] == [said]


def test_two_workspaces_are_compared(explained: Explained, tmp_path: Path) -> None:
    other = tmp_path / "other"
    workspace.create(explained.root, other, [], ["k2.samples.count=12"])
    with pytest.raises(ModelworksError, match=r"dvc\.lock: cannot be read: .*\. Build first$"):
        why.between(explained.root, other)
    explained.build(other)
    assert why.between(explained.root, other) == {"made": ["params.yaml: k2.samples.count: 10 -> 12"]}
    said = explained.repository.run("modelworks", "why", explained.root, other).stdout
    assert said == "made\n  params.yaml: k2.samples.count: 10 -> 12\n"
    assert explained.repository.run("modelworks", "why").stdout == "nothing would run\n"
