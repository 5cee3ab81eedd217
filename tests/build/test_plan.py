"""`modelworks plan` says what the build then does, without exception."""

import json
import os
import random
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from modelworks.build import plan
from modelworks.build.plan import Step
from tests.build.repository import Repository, counts

EDITS = 120 if "MODELWORKS_SOAK" in os.environ else 30
RULES = """
rule all:
    input: expand("artifacts/parts/{n}.txt", n=range(3)), "artifacts/total.txt"

rule copy:
    input: code=code("modelworks.stage"), data="data/in.txt"
    output: "artifacts/copy.txt"
    params: reads=reads("k2.samples.count")
    shell: "echo copy >> $RAN && sort {input.data} > {output}"

rule part:
    input: code=code("modelworks.stage"), text="artifacts/copy.txt"
    output: "artifacts/parts/{n}.txt"
    params: reads=reads("seed")
    shell: "echo part--{wildcards.n} >> $RAN && head -n {wildcards.n} {input.text} > {output}"

rule sum:
    input: code=code("modelworks.stage"), parts=expand("artifacts/parts/{n}.txt", n=range(3))
    output: directory("artifacts/sum")
    params: reads=reads("k2.samples.temperature")
    shell: "echo sum >> $RAN && mkdir -p {output} && cat {input.parts} > {output}/all.txt"

rule total:
    input: code=code("modelworks.stage"), all="artifacts/sum"
    output: "artifacts/total.txt"
    shell: "echo total >> $RAN && wc -l < {input.all}/all.txt > {output}"
"""


class Planned:
    """A repository that is planned and built; `edit` changes one thing."""

    def __init__(self, folder: Path) -> None:
        self.repository = Repository(folder, rules=RULES, git=False)
        self.root = folder
        self.log = folder.parent / "ran.log"

    def plan(self) -> list[Step]:
        return plan.steps(self.root / "Snakefile", self.root)

    def build(self) -> set[str]:
        """The stages that ran."""
        self.log.unlink(missing_ok=True)
        _, count = counts(self.repository.start(RAN=str(self.log)))
        ran = self.log.read_text().split() if self.log.exists() else []
        assert len(ran) == count
        return set(ran)

    def edit(self, dice: random.Random) -> str:
        """One random edit; what it was."""
        what = dice.choice(["data", "seed", "count", "temperature", "delete", "touch", "lose"])
        outputs = sorted(path for path in (self.root / "artifacts").rglob("*.txt"))
        if what == "data":
            self.repository.write("data/in.txt", dice.choice(["a\nb\n", "b\na\n", "a\nb\nc\n"]))
        elif what in ("seed", "count", "temperature"):
            values = {"seed": ["1", "2"], "count": ["10", "11"], "temperature": ["0.7", "0.8"]}[what]
            path = self.root / "params.yaml"
            path.write_text(re.sub(rf"(?m)^(\s*{what}): .*$", rf"\1: {dice.choice(values)}", path.read_text()))
        elif what == "delete":
            dice.choice(outputs).unlink(missing_ok=True)
        elif what == "touch":
            os.utime(dice.choice(outputs))
        else:
            objects = sorted(path for path in (self.root / ".dvc/cache/files/md5").rglob("*") if path.is_file())
            dice.choice(objects).unlink()
        return what


@pytest.fixture
def planned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Planned:
    made = Planned(tmp_path / "root")
    monkeypatch.chdir(made.root)
    return made


def test_what_is_planned_is_what_happens_over_random_edits(planned: Planned) -> None:
    dice = random.Random(20261124)
    assert {step.verdict for step in planned.plan()} == {"run", "perhaps"}
    planned.build()
    seen = {"run": 0, "restore": 0, "perhaps": 0}
    for number in range(EDITS):
        what = planned.edit(dice)
        steps = planned.plan()
        verdicts = {step.name: step.verdict for step in steps}
        ran = planned.build()
        told = f"edit {number}, {what}: {steps}, ran {ran}"
        assert {name for name, verdict in verdicts.items() if verdict == "run"} <= ran, told
        assert not {name for name, verdict in verdicts.items() if verdict == "restore"} & ran, told
        assert ran <= set(verdicts), told
        by_name = {step.name: step for step in steps}
        for step in steps:
            if step.verdict == "perhaps":
                causes = [name for name in by_name if name in step.reason.split(" would run")[0].split(", ")]
                assert any(by_name[name].verdict != "restore" for name in causes), told
        for verdict in verdicts.values():
            seen[verdict] += 1
    assert min(seen.values()) >= 5, seen


def test_after_a_build_there_is_nothing_to_plan_and_a_flip_back_is_restored(planned: Planned) -> None:
    planned.build()
    assert planned.plan() == []
    path = planned.root / "params.yaml"
    text = path.read_text()
    path.write_text(re.sub(r"(?m)^seed: .*$", "seed: 5", text))
    planned.build()
    path.write_text(text)
    steps = planned.plan()
    assert [(step.name, step.verdict) for step in steps][:3] == [(f"part--{n}", "restore") for n in range(3)]
    assert all(step.seconds is not None for step in steps)


def test_what_only_the_remote_has_is_planned_as_restored_and_not_downloaded(planned: Planned, tmp_path: Path) -> None:
    planned.build()
    planned.repository.run("dvc", "remote", "add", "-q", "-d", "store", tmp_path / "store")
    planned.repository.run("modelworks", "dvcfile")
    planned.repository.run("dvc", "push", "-q", "--run-cache")
    shutil.rmtree(planned.root / ".dvc/cache/files")
    for path in (planned.root / "artifacts").rglob("*.txt"):
        path.unlink()
    assert {step.verdict for step in planned.plan()} == {"restore"}
    objects = [path for path in (planned.root / ".dvc/cache/files").rglob("*") if path.is_file()]
    assert [path.name[-4:] for path in objects] == [".dir"], "only the list of a directory's files"
    assert planned.build() == set()


def test_the_command_prints_jobs_totals_and_money(planned: Planned) -> None:
    run: Callable[..., str] = lambda *arguments: planned.repository.run("modelworks", "plan", *arguments).stdout  # noqa: E731
    planned.build()
    assert run() == "nothing to be done\n"
    planned.repository.write("data/in.txt", "other\n")
    lines = run().splitlines()
    assert re.fullmatch(r"run      copy +0\.\d+ s  not in the cache", lines[0])
    assert re.fullmatch(r"run 1: about 0\.\d+ s, 0\.000\d+ USD", lines[-2])
    assert re.fullmatch(r"perhaps 5: at most 0\.\d+ s, 0\.000\d+ USD", lines[-1])
    assert len(run("artifacts/copy.txt").splitlines()) == 2
    content = json.loads(run("--json"))
    assert [job["verdict"] for job in content["jobs"]] == ["run"] + ["perhaps"] * 5
    said = planned.repository.run("snakemake", "-n").stderr
    assert "What of this is in the cache: modelworks plan" in said


def test_money_is_hours_times_the_price_of_the_device() -> None:
    steps = [
        Step("a", "a", "run", "", 3600.0, True),
        Step("b", "b", "run", "", 1800.0, False),
        Step("c", "c", "restore", "", 7200.0, True),
        Step("d", "d", "perhaps", "", None, False),
    ]
    totals = plan.totals(steps, {"cpu": 0.5, "gpu": 3.0})
    assert totals["run"] == {"jobs": 2, "seconds": 5400.0, "money": 3.25}
    assert totals["restore"] == {"jobs": 1, "seconds": 7200.0, "money": 6.0}
    assert totals["perhaps"] == {"jobs": 1, "seconds": 0.0, "money": 0.0}
