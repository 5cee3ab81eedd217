"""A sweep of real builds that is killed at random moments, alone or with all that it has started, ends as any other.

Undisturbed and disturbed sweeps have a repository and a cache each, on the synthetic clock.
"""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import psutil
import pytest

from modelworks.eeipu.log import Log
from snakemake_executor_plugin_dvc.ledger import Ledger

from . import diamond

PROJECT = Path(__file__).parents[2]
TRIALS = 7
PATIENCE_S = 600.0
SWEEP = f"""
target: artifacts/validation.json
objective: {{artifact: artifacts/validation.json, key: loss, goal: min}}
space:
  {diamond.VOCAB}: {{choice: [400, 500]}}
  {diamond.WARMUP}: {{int: [20, 39]}}
  {diamond.HORIZON}: {{choice: [0, 1000]}}
  {diamond.TOKENS}: {{int: [40, 60]}}
budget: {{trials: {TRIALS}}}
method: {{name: METHOD, warm_up: 3}}
seed: 5
parallel: PARALLEL
clock: synthetic
"""
KEPT = {"params.yaml", "dvc.lock", "outcome.json", "artifacts"}


class Killed:
    """A repository with a sweep, and what runs for it: whose environment names its log of what stages have begun."""

    def __init__(self, folder: Path, method: str, parallel: int) -> None:
        self.root, self.ran = folder / "repository", folder / "ran"
        repository = diamond.repository(self.root)
        (self.root / "report").symlink_to(PROJECT / "report")
        repository.write("sweeps/toy.yaml", SWEEP.replace("METHOD", method).replace("PARALLEL", str(parallel)))
        self.ran.touch()
        self.state = self.root / ".modelworks/sweeps/toy"
        self._path = self.state / "log.jsonl"
        self._parallel = parallel

    def start(self) -> subprocess.Popen[str]:
        """Start or resume the sweep."""
        environ = {name: value for name, value in os.environ.items() if not name.startswith(("MODELWORKS_", "GIT_"))}
        path = os.pathsep.join([str(PROJECT / "src"), *filter(None, [environ.get("PYTHONPATH")])])
        return subprocess.Popen(
            [sys.executable, "-m", "modelworks", "sweep", "sweeps/toy.yaml", "--cores", str(self._parallel)],
            cwd=self.root,
            env={**environ, "RAN": str(self.ran), "PYTHONPATH": path},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def finish(self) -> None:
        """Run it to its end."""
        process = self.start()
        said, _ = process.communicate(timeout=PATIENCE_S)
        assert process.returncode == 0, said

    def kill(self, marks: int, seconds: float, everything: bool) -> None:
        """Start it and kill it some time after some more lines are in its log and that of stages, or at its end."""
        process, wanted = self.start(), self._marks() + marks
        deadline = time.monotonic() + PATIENCE_S
        while self._marks() < wanted and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.02)
        time.sleep(seconds)
        victims = self.processes() if everything else []
        for pid in (process.pid, *(one.pid for one in victims)):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        process.communicate(timeout=60)
        while everything and (left := self.processes()):  # what was being forked
            assert time.monotonic() < deadline + PATIENCE_S, left
            for one in left:
                one.kill()
            time.sleep(0.05)

    def processes(self) -> list[psutil.Process]:
        """All that runs for it, the dead apart."""
        found = []
        for process in psutil.process_iter():
            try:
                if process.environ().get("RAN") == str(self.ran) and process.status() != psutil.STATUS_ZOMBIE:
                    found.append(process)
            except psutil.Error:
                continue
        return found

    def _marks(self) -> int:
        return sum(path.read_bytes().count(b"\n") for path in (self._path, self.ran) if path.exists())

    def events(self, kind: str) -> list[dict[str, Any]]:
        """The log's events of a kind, by trial."""
        events = [json.loads(line) for line in self._path.read_text().splitlines()]
        return sorted((one for one in events if one["event"] == kind), key=lambda one: one["trial"])

    def succeeded(self) -> Counter[str]:
        """Key -> how often a stage with it has run to its end, by the ledger."""
        return Counter(one["key"] for one in Ledger(self.root / ".dvc/cache").records() if one["succeeded"])

    def run_entries(self) -> Counter[str]:
        """Key -> how many results the cache has of it."""
        return Counter(path.parent.name for path in (self.root / ".dvc/cache/runs").glob("*/*/*"))


@pytest.mark.parametrize(("method", "parallel", "seed", "kills"), [("eeipu", 1, 1, 5), ("random", 2, 2, 5)])
def test_a_sweep_that_is_killed_at_random_moments_ends_as_if_it_had_not_been(
    tmp_path: Path, method: str, parallel: int, seed: int, kills: int
) -> None:
    whole, killed = (Killed(tmp_path / name, method, parallel) for name in ("whole", "killed"))
    rng = random.Random(seed)
    for number in range(kills):
        killed.kill(rng.randrange(6), rng.uniform(0.0, 0.3), everything=number % 2 == 1)
    killed.finish()
    whole.finish()

    numbers = list(range(1, TRIALS + 1))
    for one in (whole, killed):
        assert [event["trial"] for event in one.events("proposed")] == numbers
        assert [event["trial"] for event in one.events("ended")] == numbers
        assert all(event["status"] == "ok" and event["mismatches"] == [] for event in one.events("ended"))
    told = ("values", "warm_up", "proposer", *(("predicted",) if parallel == 1 else ()))
    assert proposals(killed, told) == proposals(whole, told)
    if parallel == 1:
        assert [event["stages"] for event in killed.events("ended")] == [
            event["stages"] for event in whole.events("ended")
        ]

    assert set(killed.succeeded().values()) == {1} == set(killed.run_entries().values())
    assert killed.succeeded().keys() == killed.run_entries().keys() == whole.run_entries().keys()
    begun = killed.ran.read_text().split()
    assert len(begun) <= len(killed.run_entries()) + kills * parallel, "a kill cuts off what runs, and nothing else"

    assert not killed.processes()
    assert sorted(os.listdir(killed.state / "trials")) == [f"{number:04d}" for number in numbers]
    assert all(set(os.listdir(folder)) == KEPT for folder in (killed.state / "trials").iterdir())
    assert {path.name for path in killed.state.iterdir()} == {path.name for path in whole.state.iterdir()}
    assert not any((killed.root / ".dvc/cache/memo/scratch").iterdir())
    with Log(killed.state / "log.jsonl"):  # nobody has the lock
        pass


def proposals(sweep: Killed, names: tuple[str, ...]) -> list[dict[str, Any]]:
    """What was proposed, without the times."""
    found = [{name: event[name] for name in names} for event in sweep.events("proposed")]
    for one in found:
        if "predicted" in one:
            one["predicted"] = {**one["predicted"], "at": None}
    return found
