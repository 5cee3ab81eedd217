"""Lineage and costs: down to raw data, each stage once, to the cent."""

import hashlib
import json
import re
import xml.etree.ElementTree
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from modelworks.build import costs, graph_svg, lineage
from modelworks.build.lineage import LineageError
from tests.build.repository import Repository
from tests.memo.forkserver import Workspace, shared

DIAMOND = """
    rule d:
        input: "b.txt", "c"
        output: "d.txt"
        shell: "cat b.txt c/part.txt > {output}"
    rule a:
        input: "source.txt"
        output: "a.txt"
        shell: "cp {input} {output}"
    rule b:
        input: "a.txt", "other.txt"
        output: "b.txt"
        shell: "cat {input} > {output}"
    rule c:
        input: "a.txt"
        output: directory("c")
        shell: "mkdir -p {output}; cp {input} {output}/part.txt"
    rule apart:
        input: "source.txt"
        output: "apart.txt"
        shell: "cp {input} {output}"
"""
RAW = {"source.txt": "s\n", "other.txt": "o\n"}
PRICES = {"cpu": 0.5, "gpu": 4.0}
PLANTED = {"a": ("cpu", 3600.0), "b": ("NVIDIA H100", 900.0), "c": ("cpu", 72.0), "d": ("NVIDIA H100", 18.0)}
MONEY = {"a": 0.50, "b": 1.00, "c": 0.01, "d": 0.02}


@pytest.fixture
def diamond(tmp_path: Path) -> Workspace:
    """A workspace in which everything was built, with other costs in its ledger."""
    workspace = Workspace(shared(), tmp_path / "w")
    workspace.write({"Snakefile": DIAMOND, **RAW})
    assert workspace.build("d.txt", "apart.txt").counts == (0, 5, 0)
    folder = workspace.cache / "memo/ledger"
    records = [json.loads(line) for path in folder.iterdir() for line in path.read_text().splitlines()]
    for path in folder.iterdir():
        path.unlink()
    lines = []
    for record in records:
        device, seconds = PLANTED.get(record["rule"], ("cpu", 1e6))
        planted = {**record, "device": device, "wall_s": seconds, "cpu_s": seconds / 2}
        # An earlier run of the same key, a failed later one, and another key do not count.
        lines += [{**planted, "wall_s": 1e6, "started": "2020"}, planted]
        lines += [{**planted, "succeeded": False, "started": "2099"}, {**planted, "key": "0" * 64, "started": "2099"}]
    (folder / "planted.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines) + '{"half')
    return workspace


def test_a_lineage_reaches_down_to_raw_data_with_every_hash(diamond: Workspace) -> None:
    found = lineage.of(diamond.folder, "d.txt")
    first, *_, last = found.stages
    assert (first, last, set(found.stages)) == ("a", "d", set("abcd"))
    hashes = {name: hashlib.md5(text.encode(), usedforsecurity=False).hexdigest() for name, text in RAW.items()}
    assert found.raw == hashes
    assert found.edges == {
        ("source.txt", "a"), ("a", "b"), ("other.txt", "b"), ("a", "c"), ("b", "d"), ("c", "d"),
    }  # fmt: skip
    runs = {path.name for path in (diamond.cache / "runs").glob("*/*")}
    assert {found.key(stage) for stage in found.stages} < runs, "the keys are the run-cache's"
    assert set(lineage.of(diamond.folder, "c/part.txt").stages) == {"a", "c"}, "a file of a directory"
    assert set(lineage.of(diamond.folder, "b").stages) == {"a", "b"}, "a stage"


def test_a_diamond_is_paid_for_once_to_the_cent_and_a_no_op_saves_nothing(diamond: Workspace) -> None:
    def found() -> dict[str, costs.Cost]:
        return {cost.stage: cost for cost in costs.costs(diamond.folder, "d.txt", PRICES)}

    first = found()
    assert {stage: round(cost.money, 2) for stage, cost in first.items()} == MONEY
    assert round(sum(cost.money for cost in first.values()), 2) == 1.53
    assert sum(cost.saved for cost in first.values()) == 0
    assert diamond.build("d.txt").counts == (0, 0, 0)
    assert found() == first
    for name in ("b.txt", "d.txt"):
        (diamond.folder / name).unlink()
    assert diamond.build("d.txt").counts == (2, 0, 0)
    again = found()
    assert {stage: cost.restores for stage, cost in again.items()} == {"a": 0, "b": 1, "c": 0, "d": 1}
    assert round(sum(cost.saved for cost in again.values()), 2) == 1.02


def test_a_stage_without_a_record_says_so(diamond: Workspace) -> None:
    (diamond.cache / "memo/ledger/planted.jsonl").unlink()
    assert {cost.hours for cost in costs.costs(diamond.folder, "d.txt", PRICES)} == {None}


def test_the_drawing_is_xml_with_a_box_for_each_node_and_a_line_for_each_edge(diamond: Workspace) -> None:
    text = graph_svg.draw(lineage.of(diamond.folder, "d.txt"))
    root = xml.etree.ElementTree.fromstring(text)
    space = "{http://www.w3.org/2000/svg}"
    assert {title.text for group in root.iter(f"{space}g") for title in group.iter(f"{space}title")} == {
        *"abcd", "source.txt", "other.txt",
    }  # fmt: skip
    assert len(list(root.iter(f"{space}path"))) == 6
    assert text == graph_svg.draw(lineage.of(diamond.folder, "d.txt")), "the same bytes again"


def test_an_unknown_target_is_told_what_is_near(diamond: Workspace, tmp_path: Path) -> None:
    with pytest.raises(
        LineageError, match=r"^dd\.txt: dvc\.lock knows no such artifact or stage; the nearest is d\.txt$"
    ):
        lineage.of(diamond.folder, "dd.txt")
    with pytest.raises(LineageError, match=r"dvc\.lock: cannot be read: .*\. Build first$"):
        lineage.of(tmp_path, "d.txt")


def test_the_commands_print_hashes_hours_and_money(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "root", git=False)
    repository.snakemake()
    run: Callable[..., str] = lambda *arguments: repository.run("modelworks", *arguments).stdout  # noqa: E731
    said = run("lineage", "artifacts/metrics.json")
    assert re.search(r"^[0-9a-f]{32}  data/in\.txt$", said, re.MULTILINE)
    assert re.search(r"^scores  \(key [0-9a-f]{16}\)$", said, re.MULTILINE)
    assert "  param  seed = 22238" in said
    assert run("lineage", "scores", "--svg", "tree.svg") == "tree.svg: 2 stages, 2 files that no stage makes\n"
    assert (repository.root / "tree.svg").read_text().startswith("<svg")
    lines = run("costs", "artifacts/metrics.json").splitlines()
    assert [line.split()[0] for line in lines[:2]] == ["copy", "scores"]
    assert re.fullmatch(r"made with 0\.000 GPU hours and 0\.000 CPU hours: 0\.0000\d+ USD", lines[2])
    assert lines[3] == "the memo has saved 0.00 USD since"


@pytest.mark.parametrize(
    "command", ["costs scores", "ls", "report", "gc --max-size 1G", "cache verify", "verify scores", "plan", "why"]
)
def test_a_configuration_that_dvc_cannot_read_is_an_error_without_a_traceback(tmp_path: Path, command: str) -> None:
    repository = Repository(tmp_path / "root", git=False)
    repository.write("dvc.lock", "schema: '2.0'\nstages:\n  scores:\n    cmd: x\n    deps: []\n    outs: []\n")
    repository.write(".dvc/config", "[cache\n")
    done = repository.run("modelworks", *command.split(), check=False)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr and done.stderr.startswith("error: "), done.stderr


def test_duckdb_reads_the_ledger(diamond: Workspace) -> None:
    (diamond.cache / "memo/ledger/planted.jsonl").unlink()
    (diamond.folder / "d.txt").unlink()
    assert diamond.build("d.txt", "--forcerun", "d").counts == (0, 1, 0)
    query = f"select rule, device, succeeded from read_json('{diamond.cache}/memo/ledger/*.jsonl')"
    assert duckdb.sql(query).fetchall() == [("d", "cpu", True)]
