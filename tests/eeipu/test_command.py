"""`modelworks sweep` over real builds of a small graph: run, stop, go on, show, clean, gc, and the Snakemake target."""

import fcntl
import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from modelworks.build import workspace
from tests.build.repository import BIN, PROJECT, Repository, counts

RULES = """
include: "rules/eeipu.smk"

rule all:
    default_target: True
    input: "artifacts/validation.json"

rule prepare:
    input: code=code("modelworks.stage"), data="data/in.txt"
    output: "artifacts/prepared.txt"
    params: reads=reads("k2.samples.count")
    shell:
        "(test ! -e data/pause || sleep 600)"
        " && sed -n '/^  samples:/,/ count:/s/.* count: *//p' params.yaml > {output}"

rule validation:
    input: code=code("modelworks.stage"), text="artifacts/prepared.txt"
    output: metrics="artifacts/validation.json"
    params: reads=reads("k2.samples.temperature"), measures="validation"
    shell:
        "printf '{{\\"loss\\": %s%s}}' $(cat {input.text})"
        " $(sed -n '/^  samples:/,/ temperature:/s/.* temperature: *[0-9]*//p' params.yaml) > {output.metrics}"

rule test:
    input: code=code("modelworks.stage"), text="artifacts/prepared.txt"
    output: "artifacts/test.json"
    params: measures="test"
    shell: "printf '{{\\"loss\\": %s}}' $(cat {input.text}) > {output}"
"""
SWEEP = """
target: artifacts/validation.json
objective: {artifact: artifacts/validation.json, key: loss, goal: min}
test: {artifact: artifacts/test.json, key: loss}
space:
  k2.samples.count: {int: [1, 2]}
  k2.samples.temperature: {choice: [0.2, 0.7]}
budget: {trials: 9}
method: {name: grid, points: 2}
"""


class Swept:
    """A repository with a sweep of four trials: a grid over two keys of two stages."""

    def __init__(self, folder: Path) -> None:
        self.repository = Repository(folder, rules=RULES)
        self.root = folder
        shutil.copytree(PROJECT / "report", folder / "report")
        self.repository.write("sweeps/small.yaml", SWEEP)
        self.repository.run("modelworks", "dvcfile")
        self.repository.commit()
        self.state = folder / ".modelworks/sweeps/small"

    def sweep(self, *arguments: object, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run `modelworks sweep`."""
        return self.repository.run("modelworks", "sweep", *arguments, check=check)

    def shown(self) -> dict[str, Any]:
        return dict(json.loads(self.sweep("show", "small", "--json").stdout))

    def events(self) -> list[dict[str, Any]]:
        path = self.state / "log.jsonl"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start a sweep in the background."""
        environ = {name: value for name, value in os.environ.items() if not name.startswith(("MODELWORKS_", "GIT_"))}
        return subprocess.Popen(
            [BIN / "modelworks", "sweep", *arguments],
            cwd=self.root,
            env=environ | {"PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def processes(self) -> list[str]:
        """The command lines of processes that work below the repository."""
        found = []
        for place in Path("/proc").glob("[0-9]*"):
            try:
                if Path(os.readlink(place / "cwd")).is_relative_to(self.root):
                    found.append((place / "cmdline").read_text().replace("\0", " "))
            except OSError:
                continue
        return found


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Swept]:
    """A sweep that was stopped in its first trial with Ctrl-C, and then went on to its end."""
    swept = Swept(tmp_path_factory.mktemp("sweep") / "root")
    swept.repository.write("data/pause", "")
    stopped = swept.start("sweeps/small.yaml", "--cores", "1")
    _until(lambda: any("sleep" in command for command in swept.processes()), stopped)
    stopped.send_signal(signal.SIGINT)
    _, error = stopped.communicate(timeout=60)
    assert stopped.returncode == 130, error
    assert error.endswith("stopped; nothing is lost. Go on: modelworks sweep sweeps/small.yaml --cores 1\n")
    _until(lambda: not swept.processes(), None)
    assert [event["event"] for event in swept.events()] == ["sweep", "proposed"]
    (swept.root / "data/pause").unlink()
    swept.said = swept.sweep("sweeps/small.yaml", "--cores", "1").stdout  # type: ignore[attr-defined]
    yield swept


def _until(condition: Any, process: subprocess.Popen[str] | None) -> None:
    deadline = time.monotonic() + 90
    while not condition():
        assert time.monotonic() < deadline
        if process is not None and process.poll() is not None:
            raise AssertionError(process.communicate())
        time.sleep(0.1)


def test_a_stopped_sweep_goes_on_to_its_end_without_losing_or_doubling_a_trial(done: Swept) -> None:
    events = done.events()
    assert [event["trial"] for event in events if event["event"] == "proposed"] == [1, 2, 3, 4]
    assert sorted(event["trial"] for event in events if event["event"] == "ended") == [1, 2, 3, 4]
    assert [event["value"] for event in events if event["event"] == "tested"] == [1.0]


def test_it_says_each_trial_the_winner_and_where_the_results_are(done: Swept) -> None:
    lines = done.said.splitlines()  # type: ignore[attr-defined]
    assert [line.split("  ")[0] for line in lines[:4]] == [f"trial 000{number}" for number in (1, 2, 3, 4)]
    best = done.shown()["best"]
    assert lines[4] == (f"there is nothing left to try; best 1.2 in trial {best['trial']:04d}, test score 1")
    assert "dvc exp show lists 4 new experiments" in lines
    assert lines[-1].startswith("results: .modelworks/sweeps/small/results/report.html")
    assert (done.state / "results/trials.parquet").exists()


def test_show_says_what_was_found_and_reused(done: Swept) -> None:
    summary = done.shown()
    assert summary["best"]["values"] == {"k2.samples.count": 1, "k2.samples.temperature": 0.2}
    assert (summary["trials"]["ok"], summary["test"]) == (4, 1.0)
    assert summary["predictions"] == {"groups_right": 8, "groups_wrong": 0, "unexplained": 0}
    said = done.sweep("show", "sweeps/small.yaml").stdout
    assert "best     1.2 loss (trial " in said and "test score 1" in said
    assert said.endswith("results  .modelworks/sweeps/small/results/report.html, plots/\n")


def test_a_sweep_that_is_over_does_nothing_more(done: Swept) -> None:
    before = done.events()
    done.sweep("run", "sweeps/small.yaml", "--quiet")
    assert done.events() == before


def test_quiet_says_nothing(done: Swept) -> None:
    ran = done.sweep("sweeps/small.yaml", "--quiet")
    assert (ran.stdout, ran.stderr) == ("", "")


def test_each_trial_is_listed_as_an_experiment(done: Swept) -> None:
    shown = json.loads(done.repository.run("dvc", "exp", "show", "--json").stdout)
    listed = next(one for one in shown if one["rev"] != "workspace")["experiments"]
    assert sorted(one["name"] for one in listed) == [f"small-000{number}" for number in (1, 2, 3, 4)]


def test_the_snakemake_target_makes_the_table_of_what_was_swept_already(done: Swept) -> None:
    before = done.events()
    said = done.repository.snakemake("--cores", "1", "sweep_small")
    assert "restored 0, ran 1, not memoized 1" in said
    assert done.events() == before
    made = {
        str(path.relative_to(done.root / "artifacts/eeipu/small")) for path in _files(done.root / "artifacts/eeipu")
    }
    plots = {f"plots/{name}.svg" for name in ("best", "reused", "importance", "calibration")}
    assert made == {"trials.parquet", "summary.json", "report.html", *plots}
    assert "Nothing to be done" in done.repository.snakemake("--cores", "1", "sweep_small")
    shown = done.sweep("show", "small").stdout.splitlines()
    assert shown[-2:] == [
        f"results  {place}/report.html, plots/"
        for place in (".modelworks/sweeps/small/results", "artifacts/eeipu/small")
    ]
    (done.state / "results/report.html").rename(done.state / "page")
    shown = done.sweep("show", "small").stdout.splitlines()
    (done.state / "page").rename(done.state / "results/report.html")
    assert shown[-1] == "results  artifacts/eeipu/small/report.html, plots/" and "results" not in shown[-2]
    assert "sweep_small" not in done.repository.snakemake("--cores", "1", "-n")


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and path.name != ".snakemake_timestamp"]


def test_a_changed_space_is_refused_with_the_key_and_the_remedy(done: Swept) -> None:
    done.repository.write("sweeps/small.yaml", SWEEP.replace("[1, 2]", "[1, 3]"))
    refused = done.sweep("sweeps/small.yaml", check=False)
    done.repository.write("sweeps/small.yaml", SWEEP)
    assert refused.returncode == 1
    assert "k2.samples.count.int" in refused.stderr and "modelworks sweep clean small --yes" in refused.stderr


def test_a_wrong_test_key_is_said_after_the_results_are_written_and_can_be_mended(done: Swept) -> None:
    shutil.rmtree(done.state / "results")
    done.repository.write("sweeps/small.yaml", SWEEP.replace("test.json, key: loss", "test.json, key: lost"))
    refused = done.sweep("sweeps/small.yaml", check=False)
    assert refused.returncode == 1
    assert "sweeps/small.yaml: test.key: artifacts/test.json has no key lost; its keys: loss" in refused.stderr
    assert json.loads((done.state / "results/summary.json").read_text())["test"] is None
    done.repository.write("sweeps/small.yaml", SWEEP)
    done.sweep("sweeps/small.yaml")
    assert done.shown()["test"] == 1.0 and done.shown()["trials"]["ok"] == 4


def test_a_wrong_test_key_under_snakemake_leaves_the_results_where_the_error_says(done: Swept) -> None:
    shutil.rmtree(done.state / "results")
    done.repository.write("sweeps/small.yaml", SWEEP.replace("test.json, key: loss", "test.json, key: lost"))
    said = done.repository.snakemake("--cores", "1", "sweep_small", check=False)
    assert "sweeps/small.yaml: test.key: artifacts/test.json has no key lost; its keys: loss" in said
    assert "Mend it, then run the same command" in said
    assert "Table, page and plots, without the test score: .modelworks/sweeps/small/results\n" in said
    assert "artifacts/eeipu/small/report.html, summary.json" not in said
    assert not (done.root / "artifacts/eeipu/small/report.html").exists()
    written = {str(path.relative_to(done.state / "results")) for path in _files(done.state / "results")}
    assert {"trials.parquet", "summary.json", "report.html", "plots/best.svg"} <= written
    done.repository.write("sweeps/small.yaml", SWEEP)
    done.repository.snakemake("--cores", "1", "sweep_small")
    assert json.loads((done.root / "artifacts/eeipu/small/summary.json").read_text())["test"] == 1.0


def test_faults_of_a_file_come_at_once_and_nothing_is_begun(done: Swept) -> None:
    text = SWEEP.replace("k2.samples.count", "k2.samples.cuont").replace("goal: min", "goal: least")
    done.repository.write("sweeps/wrong.yaml", text)
    refused = done.sweep("sweeps/wrong.yaml", check=False)
    assert refused.returncode == 1
    assert "sweeps/wrong.yaml: space.k2.samples.cuont" in refused.stderr
    assert "the nearest known key is k2.samples.count" in refused.stderr
    assert "objective.goal" in refused.stderr
    assert not (done.root / ".modelworks/sweeps/wrong").exists()
    (done.root / "sweeps/wrong.yaml").unlink()


@pytest.mark.parametrize(
    ("old", "new", "wanted"),
    [
        (
            "target: artifacts/validation.json",
            "target: artifacts/validatin.json",
            "target: no rule makes artifacts/validatin.json; the nearest is artifacts/validation.json",
        ),
        (
            "test: {artifact: artifacts/test.json",
            "test: {artifact: artifacts/tset.json",
            "test: no rule makes artifacts/tset.json; the nearest is artifacts/test.json",
        ),
        (
            "objective: {artifact: artifacts/validation.json",
            "objective: {artifact: artifacts/prepared.txt",
            "objective: artifacts/prepared.txt is made by rule prepare, which says nothing of it",
        ),
        (
            "k2.samples.temperature: {choice: [0.2, 0.7]}",
            "k2.train.warmup_steps: {int: [1, 2]}",
            "space: k2.train.warmup_steps: no stage of artifacts/validation.json reads it",
        ),
        ("{name: grid, points: 2}", "{name: eeipu, epsilonn: 1}", "method.epsilonn is no option of eeipu"),
    ],
)
def test_what_only_the_graph_or_the_method_knows_is_said_of_the_file(
    done: Swept, old: str, new: str, wanted: str
) -> None:
    assert old in SWEEP
    done.repository.write("sweeps/wrong.yaml", SWEEP.replace(old, new))
    refused = done.sweep("sweeps/wrong.yaml", check=False)
    (done.root / "sweeps/wrong.yaml").unlink()
    shutil.rmtree(done.root / ".modelworks/sweeps/wrong", ignore_errors=True)
    assert refused.returncode == 1
    assert f"error: sweeps/wrong.yaml: {wanted}" in refused.stderr
    assert "Exception" not in refused.stderr


def test_results_that_are_nowhere_are_made_in_either_place(done: Swept) -> None:
    copied = done.root / ".modelworks/sweeps/copied"
    copied.mkdir()
    shutil.copyfile(done.state / "log.jsonl", copied / "log.jsonl")
    said = done.sweep("show", "copied").stdout
    shutil.rmtree(copied)
    assert said.endswith(
        "results  not written yet: modelworks sweep show copied --report writes .modelworks/sweeps/copied/results,"
        " snakemake sweep_copied artifacts/eeipu/copied\n"
    )


def test_a_sweep_that_has_not_begun_is_named_with_those_that_have(done: Swept) -> None:
    refused = done.sweep("show", "smal", check=False)
    assert refused.returncode == 1
    assert "smal: no such sweep has begun" in refused.stderr and "the nearest is small" in refused.stderr


def test_nothing_is_removed_while_a_driver_has_the_lock(done: Swept) -> None:
    with (done.state / "lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for arguments in (("clean", "small", "--yes"), ("gc", "small", "--yes")):
            refused = done.sweep(*arguments, check=False)
            assert refused.returncode == 1
            assert "small: the sweep runs: stop it first (Ctrl-C)" in refused.stderr
        assert "another driver runs this sweep" in done.sweep("sweeps/small.yaml", check=False).stderr
    assert len(done.events()) > 8


@pytest.fixture(scope="module")
def collected(done: Swept) -> Swept:
    """The sweep, after only its winner's results were kept."""
    said = done.sweep("gc", "small", "--keep", 1).stdout
    assert "would evict 4 objects of 3 losing trials" in said, said
    done.said = said  # type: ignore[attr-defined]
    assert "evicted 4 objects of 3 losing trials" in done.sweep("gc", "small", "--keep", "1", "--yes").stdout
    return done


def test_gc_keeps_the_winners_lineage_and_evicts_what_only_losers_made(collected: Swept) -> None:
    for name, temperature, count, wanted in (("winner", 0.2, 1, (2, 0)), ("loser", 0.7, 2, (0, 2))):
        place = collected.root / "places" / name
        settings = [f"k2.samples.count={count}", f"k2.samples.temperature={temperature}"]
        workspace.create(collected.root, place, settings=settings)
        assert counts(collected.repository.start("artifacts/validation.json", folder=place)) == wanted, name


def test_what_another_workspace_names_is_not_evicted(collected: Swept) -> None:
    place = collected.root / "places/other"
    workspace.create(collected.root, place, settings=["k2.samples.count=2", "k2.samples.temperature=0.2"])
    counts(collected.repository.start("artifacts/validation.json", folder=place))
    collected.sweep("gc", "small", "--keep", "1", "--yes")
    shutil.rmtree(place / "artifacts")
    shutil.rmtree(place / ".snakemake")
    assert counts(collected.repository.start("artifacts/validation.json", folder=place)) == (2, 0)


def test_clean_says_what_goes_and_removes_it_when_told(collected: Swept) -> None:
    asked = collected.sweep("clean", "small", check=False)
    assert asked.returncode == 1
    assert "would remove .modelworks/sweeps/small: the log, 4 trials, results; 4 DVC experiments" in asked.stderr
    assert collected.state.exists()
    collected.sweep("clean", "small", "--yes")
    assert not collected.state.exists()
    assert collected.repository.git("for-each-ref", "refs/exps").count("small-") == 0
    assert any(_files(collected.root / ".dvc/cache/files"))


def test_a_misspelt_action_is_no_file(tmp_path: Path) -> None:
    command = [BIN / "modelworks", "sweep", "sow", "toy"]
    refused = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert refused.returncode == 2
    assert refused.stderr.endswith("sow is neither a file nor an action: did you mean show?\n")


def test_help_names_the_file_and_every_action() -> None:
    said = subprocess.run([BIN / "modelworks", "sweep", "--help"], capture_output=True, text=True, check=True).stdout
    assert "usage: modelworks sweep [-h] FILE | ACTION" in said
    assert all(f"    {action} " in said for action in ("run", "show", "clean", "gc"))
