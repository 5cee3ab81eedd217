"""docs/tutorial.md does what it says: its steps, followed to the letter, and the error of each mistake."""

import json
import re

import polars
import pytest

from .test_project import PROJECT, Clone, copy_project

TEXT = (PROJECT / "docs/tutorial.md").read_text()
BLOCKS = re.findall(r"^```\w*\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
MISTAKES = dict(re.findall(r"^\| (.*?) \| `(.*)` \|$", TEXT, re.MULTILINE))
STAGE = "src/modelworks/demo/count.py"
RULES = "rules/demo.smk"
TARGET = "artifacts/demo/count.json"
Edit = tuple[str, str, str]

EDITS: dict[str, list[Edit]] = {
    "a key of `params.yaml` that the schema lacks": [("src/modelworks/schema.py", "    demo: Demo\n", "")],
    "a misspelt key": [("params.yaml", "word: yield", "wrod: yield")],
    "a wrong value": [("params.yaml", "word: yield", "word: 3")],
    "`reads()` names no key": [(RULES, 'reads("demo.word")', 'reads("demo.words")')],
    "`code()` names no module": [(RULES, 'code("modelworks.demo.count")', 'code("modelworks.demo.cuont")')],
    "a rule without `code=`, or with another module's": [
        (RULES, 'code=code("modelworks.demo.count")', 'code=code("modelworks.k2.tokens")')
    ],
    "a path spelled out in the command": [(RULES, "{input.corpus}", "artifacts/k2/corpus/train/questions.parquet")],
    "a value on the command line (`--config`)": [],
    "the stage reads a file that its rule does not declare": [
        (STAGE, "    word =", '    open("artifacts/k2/corpus/parts.parquet")\n    word =')
    ],
    "the stage reads a param that its rule does not declare": [
        (STAGE, "    word =", '    stage.params["seed"]\n    word =')
    ],
    "the stage asks for an input by a wrong name": [(STAGE, 'stage.input("corpus")', 'stage.input("text")')],
    "an output is not made": [(STAGE, 'stage.output("tally").write_text', "str")],
    "an import that the fingerprint cannot see": [
        (STAGE, "    word =", '    __import__("importlib").import_module("modelworks." + "k2")\n    word =')
    ],
    "an output called like a method of Snakemake's lists (`count`, `index`)": [
        (RULES, 'tally="', 'count="'),
        (RULES, "{output.tally}", "{output[0]}"),
    ],
}


@pytest.fixture(scope="module")
def followed(tmp_path_factory: pytest.TempPathFactory) -> Clone:
    """A clone in which every step was taken, up to the first build."""
    clone = copy_project(tmp_path_factory.mktemp("tutorial") / "clone")
    module, section, schema_import, schema_field, params, rule, include, shown, in_default_target = BLOCKS
    for name, text in (
        (STAGE, module),
        ("src/modelworks/demo/__init__.py", '"""A demonstration."""\n'),
        ("src/modelworks/demo/params.py", section),
        (RULES, rule),
    ):
        (clone.folder / name).parent.mkdir(exist_ok=True)
        (clone.folder / name).write_text(text)
    clone.edit("src/modelworks/schema.py", "from modelworks.k2.params", f"{schema_import}from modelworks.k2.params")
    clone.edit("src/modelworks/schema.py", "    k2: K2\n", f"    k2: K2\n{schema_field}")
    clone.edit("params.yaml", "\nk2:", f"\n{params}k2:")
    clone.edit("Snakefile", 'include: "rules/k2.smk"\n', f'include: "rules/k2.smk"\n{include}')
    command, _, show, printed = (line.removeprefix("$ ") for line in shown.splitlines())
    assert clone.build(*command.split()[1:]) == (0, 10, 0)
    assert show == f"cat {TARGET}"
    assert sorted(json.loads(printed)) == ["count", "word"]
    clone.edit("Snakefile", "rules.k2.input,\n", f"rules.k2.input,\n{in_default_target}")
    return clone


def test_the_stage_counts_and_is_memoized(followed: Clone) -> None:
    texts = polars.read_parquet(followed.folder / "artifacts/k2/corpus/train/questions.parquet")["text"]
    found = json.loads((followed.folder / TARGET).read_text())
    assert found == {"word": "yield", "count": sum("yield" in text for text in texts)}
    assert found["count"] > 0
    followed.edit("params.yaml", "word: yield", "word: class")
    assert followed.build(TARGET) == (0, 1, 0)
    followed.edit("params.yaml", "word: class", "word: yield")
    assert followed.build(TARGET) == (1, 0, 0)
    assert json.loads((followed.folder / TARGET).read_text()) == found


def test_dvc_yaml_is_out_of_date_until_it_is_compiled(followed: Clone) -> None:
    assert followed.fails("modelworks", "dvcfile", "--check").endswith("run `modelworks dvcfile`\n")
    followed.run("modelworks", "dvcfile")
    followed.run("modelworks", "dvcfile", "--check")
    assert "Stage 'demo_count'" in followed.run("dvc", "repro", "demo_count")


def test_every_mistake_of_the_table_is_tried() -> None:
    assert set(EDITS) == set(MISTAKES) - {"mistake"}
    assert len(EDITS) == 14


@pytest.mark.parametrize("mistake", EDITS)
def test_a_mistake_gives_the_error_of_the_table(mistake: str, followed: Clone) -> None:
    before = {
        name: (followed.folder / name).read_text() for name in (STAGE, RULES, "params.yaml", "src/modelworks/schema.py")
    }
    options = ["--config", "demo=1"] if "--config" in mistake else []
    try:
        for edit in EDITS[mistake]:
            followed.edit(*edit)
        said = followed.fails("snakemake", TARGET, *options).replace("`", "")
    finally:
        for name, text in before.items():
            (followed.folder / name).write_text(text)
    assert MISTAKES[mistake] in said
