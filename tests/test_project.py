"""The real project, end to end: its rules through both engines, into a fresh clone, under edits and kills."""

import json
import os
import platform
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from modelworks.build import params
from snakemake_executor_plugin_dvc.hashing import Hasher
from snakemake_executor_plugin_dvc.lockyaml import load_yaml

PROJECT = Path(__file__).parents[1]
BIN = Path(sys.executable).parent
TINY = [
    "k2.run.base_chunks=2",
    "k2.order.base.steps=6",
    "k2.order.long.steps=3",
    "k2.samples.count=1",
    "k2.samples.most_tokens=8",
    "k2.spikes.calibration_seeds=[101]",
]
SUMMARY = re.compile(r"^restored (\d+), ran (\d+), not memoized (\d+),", re.MULTILINE)
JOBS = 40
CHANGED = 5


class Clone:
    """A copy of this project's tracked files with a git history and a DVC cache of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def environment(self) -> dict[str, str]:
        """The clone's own sources come first."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("MODELWORKS_", "GIT_"))}
        return {
            **kept,
            "PATH": f"{BIN}:{kept['PATH']}",
            "PYTHONPATH": str(self.folder / "src"),
            "PYTHONDONTWRITEBYTECODE": "1",
            "DVC_NO_ANALYTICS": "1",
        }

    def run(self, *command: object, cwd: Path | None = None) -> str:
        """Run a command; its output. Fails the test if the command does."""
        status, output = self._status(command, cwd)
        assert status == 0, f"{command}\n{output}"
        return output

    def fails(self, *command: object) -> str:
        """Run a command that must fail; its output."""
        status, output = self._status(command, None)
        assert status != 0, f"{command}\n{output}"
        return output

    def _status(self, command: tuple[object, ...], cwd: Path | None) -> tuple[int, str]:
        done = subprocess.run(
            list(map(str, command)),
            cwd=cwd or self.folder,
            env=self.environment(),
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr

    def build(self, *arguments: object) -> tuple[int, int, int]:
        """Run snakemake: restored, ran, not memoized."""
        found = SUMMARY.findall(self.run("snakemake", *arguments))
        assert len(found) == 1
        return tuple(map(int, found[0]))  # type: ignore[return-value]

    def would_run(self) -> set[str]:
        """The rules that a dry run names."""
        names = re.findall(r"^(?:local)?rule (\w+):", self.run("snakemake", "-n"), re.MULTILINE)
        return set(names) - {"all", "k2"}

    def edit(self, name: str, old: str, new: str) -> None:
        """Replace a text in a file, once."""
        text = (self.folder / name).read_text()
        assert old in text
        (self.folder / name).write_text(text.replace(old, new, 1))

    def commit(self) -> None:
        """Commit everything in git."""
        self.run("git", "add", "-A")
        self.run("git", "-c", "user.name=t", "-c", "user.email=t@example.org", "commit", "-qm", "state")


def copy_project(folder: Path) -> Clone:
    """Copy the tracked files as they are now and make the tiny values the default ones."""
    listed = subprocess.run(["git", "ls-files"], cwd=PROJECT, capture_output=True, text=True, check=True).stdout
    for name in listed.splitlines():
        if (PROJECT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(PROJECT / name, folder / name)
    clone = Clone(folder)
    clone.run("git", "init", "-q", "-b", "main")
    options = [option for setting in TINY for option in ("--set", setting)]
    clone.run("modelworks", "workspace", "create", folder.parent / "values", "--preset", "smoke", *options)
    shutil.copy(folder.parent / "values" / "params.yaml", folder / "params.yaml")
    shutil.rmtree(folder.parent / "values")
    (folder / "dvc.lock").unlink(missing_ok=True)
    clone.run("modelworks", "dvcfile")
    clone.commit()
    return clone


def artifacts(folder: Path) -> dict[str, bytes]:
    """Every artifact of k2 by its path, without Snakemake's time stamps."""
    root = folder / "artifacts"
    files = [path for path in sorted(root.rglob("*")) if path.is_file() and path.name != ".snakemake_timestamp"]
    return {str(path.relative_to(root)): path.read_bytes() for path in files}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clone]:
    """A clone in which Snakemake has built everything."""
    clone = copy_project(tmp_path_factory.mktemp("built") / "clone")
    assert clone.build() == (0, JOBS, 0)
    assert clone.build() == (0, 0, 0)
    clone.commit()
    yield clone


def test_every_rule_gives_equal_bytes_through_snakemake_and_dvc_repro(built: Clone, tmp_path: Path) -> None:
    other = copy_project(tmp_path / "other")
    output = other.run("dvc", "repro")
    assert output.count("Running stage") == JOBS + 1, "every stage and `code`; nothing was cached"
    expected, found = artifacts(built.folder), artifacts(other.folder)
    assert len(expected) > 30
    assert sorted(found) == sorted(expected)
    assert [name for name in expected if found[name] != expected[name]] == []
    assert other.run("dvc", "status") == "code:\n\talways changed\n"


def test_no_artifact_holds_a_host_a_path_or_a_date(built: Clone) -> None:
    year = re.compile(rb"20\d\d-\d\d-\d\d")
    found = artifacts(built.folder)
    assert len(found) > 80
    for name, content in found.items():
        if not name.endswith((".parquet", ".safetensors", ".u64")):  # a short host name is in any binary by chance
            assert platform.node() not in re.findall(r"[\w.-]+", content.decode()), name
        assert os.fsencode(str(built.folder)) not in content, name
        if not name.startswith(("code/", "k2/corpus/", "k2/release/")):
            assert not year.search(content), name


def test_the_speed_of_a_training_is_in_the_ledger_and_in_no_artifact(built: Clone) -> None:
    lines = [
        json.loads(line)
        for path in (built.folder / ".dvc/cache/memo/ledger").glob("*.jsonl")
        for line in path.read_text(encoding="utf-8").splitlines()
    ]
    speeds = {line["rule"]: line["figures"] for line in lines}
    assert speeds["k2_train"]["tokens_per_s"] > 0
    assert speeds["k2_tokens"] == {}
    assert not [name for name, content in artifacts(built.folder).items() if b"tokens_per_s" in content]


def test_a_fresh_clone_pulls_and_executes_nothing(built: Clone, tmp_path: Path) -> None:
    place = tmp_path / "unknown"
    built.run("modelworks", "workspace", "create", place, "--set", "k2.samples.temperature=0.5")
    assert built.build("--directory", place) == (JOBS - CHANGED, CHANGED, 0)
    built.run("dvc", "remote", "add", "-q", "-d", "-f", "store", tmp_path / "store")
    shutil.copy(built.folder / ".dvc/config", tmp_path / "config")
    built.run("dvc", "push", "-q", "--run-cache")
    built.run("dvc", "remote", "add", "-q", "-d", "store", tmp_path / "store", cwd=place)
    built.run("dvc", "push", "-q", "--run-cache", cwd=place)

    fresh = Clone(tmp_path / "fresh")
    built.run("git", "clone", "-q", built.folder, fresh.folder)
    shutil.copy(tmp_path / "config", fresh.folder / ".dvc/config")
    fresh.run("dvc", "pull", "-q", "--run-cache")
    assert fresh.build()[1:] == (0, 0)
    assert artifacts(fresh.folder) == artifacts(built.folder)
    again = tmp_path / "again"
    fresh.run("modelworks", "workspace", "create", again, "--set", "k2.samples.temperature=0.5")
    assert fresh.build("--directory", again) == (JOBS, 0, 0)
    assert artifacts(again) == artifacts(place)
    built.run("git", "checkout", "-q", ".dvc/config")


MODEL = {"k2_train", "k2_training_log", "k2_evaluate", "k2_chunk_losses"}
RESULTS = {"k2_longitudinal", "k2_summary", "k2_release"}
SPIKES = {"k2_spike_data", "k2_spike_prefix", "k2_spike_arm", "k2_spike_calibration", "k2_spikes"}
TEXT_ON = {"k2_order", "k2_chunk", *MODEL, *RESULTS, *SPIKES}


@pytest.mark.parametrize(
    ("name", "old", "new", "rules"),
    [
        ("src/modelworks/lm/generation.py", '"""', '"""Another text. ', set()),
        ("src/modelworks/lm/generation.py", "import torch", "import torch  # a comment", set()),
        ("src/modelworks/lm/generation.py", "import torch", "import torch\n\nEDITED = 1", {"k2_evaluate", *RESULTS}),
        ("src/modelworks/k2/chunk_losses.py", "import", "EDITED = 1\nimport", {"k2_chunk_losses", *RESULTS}),
        ("src/modelworks/k2/order.py", "import hashlib", "import hashlib\n\nEDITED = 1", TEXT_ON),
        ("src/modelworks/lm/kneser_ney.py", "import numpy", "import numpy\n\nEDITED = 1", {"k2_baselines", *RESULTS}),
        ("src/modelworks/build/run.py", "import", "EDITED = 1\nimport", set()),
        ("params.yaml", "temperature: 0.8", "temperature: 0.7", {"k2_evaluate", *RESULTS}),
        ("params.yaml", "    gradient_clip: 1.0", "    gradient_clip: 0.9", {*MODEL, *RESULTS, "k2_spikes"}),
    ],
)
def test_an_edit_rebuilds_exactly_its_users(built: Clone, name: str, old: str, new: str, rules: set[str]) -> None:
    before = (built.folder / name).read_text()
    built.edit(name, old, new)
    found = built.would_run()
    (built.folder / name).write_text(before)
    # A dry run also names what depends on a job that would run: early cutoff may stop it.
    assert found == rules
    assert built.would_run() == set(), "put back, nothing is out of date"


def test_a_stage_that_is_edited_and_makes_the_same_runs_alone(built: Clone) -> None:
    name = "src/modelworks/k2/tokenizer.py"
    before = (built.folder / name).read_text()
    built.edit(name, '"""', 'EDITED = 1\n"""')
    assert built.would_run() >= {"k2_tokenizer", "k2_train", "k2_evaluate"}
    assert built.build()[1] == 2, "the release names the code"
    (built.folder / name).write_text(before)
    assert built.build()[1:] == (0, 0)


def test_a_chain_that_is_killed_goes_on_and_ends_with_the_same_bytes(built: Clone, tmp_path: Path) -> None:
    clone = Clone(tmp_path / "clone")
    left_out = shutil.ignore_patterns(".snakemake", "artifacts", "logs")
    shutil.copytree(built.folder, clone.folder, symlinks=True, ignore=left_out)
    for entry in (clone.folder / ".dvc/cache/runs").rglob("*/*/*"):
        if "--rule k2_train " in entry.read_text():
            entry.unlink()
    (clone.folder / "dvc.lock").unlink()
    target = "artifacts/k2/training_log.parquet"
    process = subprocess.Popen(
        ["snakemake", target],
        cwd=clone.folder,
        env=clone.environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    deadline = time.monotonic() + 240
    while not (clone.folder / "logs/k2_train/002.log").exists():
        assert process.poll() is None and time.monotonic() < deadline, "the training did not get that far"
        time.sleep(0.02)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    deadline = time.monotonic() + 20
    while _processes_in(clone.folder):
        assert time.monotonic() < deadline, "the stage outlives its build"
        time.sleep(0.05)
    assert not (clone.folder / target).exists()
    _, ran, _ = clone.build(target)
    assert ran == 2, "segments 002 and 003-of-003; the first was committed, the log's inputs are the same"
    expected, found = artifacts(built.folder), artifacts(clone.folder)
    assert [name for name in found if found[name] != expected[name]] == []
    assert any("checkpoints/003-of-003" in name for name in found)


def _processes_in(folder: Path) -> list[str]:
    """The processes that work in a folder."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cwd"):
        try:
            if path.resolve() == folder:
                found.append(path.parent.name)
        except OSError:
            continue
    return found


def test_the_report_holds_figure_table_and_samples(built: Clone, tmp_path: Path) -> None:
    built.run("snakemake", "--report", tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    for name in ("longitudinal.html", "gallery.html", "results.csv"):
        assert name in page


def test_the_committed_dvc_lock_is_of_the_committed_stages_params_and_data() -> None:
    stages, locked = (load_yaml((PROJECT / name).read_text())["stages"] for name in ("dvc.yaml", "dvc.lock"))
    assert len(stages) > JOBS
    assert set(locked) == set(stages)
    values = params.read(PROJECT / "params.yaml")
    made = {out["path"]: out["md5"] for entry in locked.values() for out in entry["outs"]}
    for name, entry in locked.items():
        assert entry["cmd"] == stages[name]["cmd"]
        assert [dep["path"] for dep in entry.get("deps", [])] == stages[name].get("deps", [])
        keys = stages[name].get("params", [])
        assert entry.get("params", {}).get("params.yaml", {}) == {key: params.reads(values, key)[key] for key in keys}
        for dep in entry.get("deps", []):
            path = PROJECT / dep["path"]
            assert dep["md5"] == (made[dep["path"]] if dep["path"] in made else Hasher().content(str(path)).md5)
