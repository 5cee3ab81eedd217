"""Trials as builds: a workspace with the trial's params, built by Snakemake on the shared cache, and its account."""

import dataclasses
import os
import re
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from modelworks.build import params, workspace
from modelworks.eeipu import accounts, stages
from modelworks.eeipu.accounts import Account, Clock, RestoreTimes
from modelworks.eeipu.errors import SweepError
from modelworks.eeipu.measured import absent, measure
from modelworks.eeipu.memo_process import BASE, MemoProcess, Tuned
from modelworks.eeipu.mismatch import Witness, mismatches
from modelworks.eeipu.processes import Builds
from modelworks.eeipu.trial import Foresight, Outcome, Status, Values
from modelworks.eeipu.trial_folder import LOG, TrialFolder, any_ok
from snakemake_executor_plugin_dvc.ledger import Ledger

_FAILED = re.compile(r"^\S.* failed( on \S+ after [\d.]+ s, peak memory \d+ MB)?$")
_LINES = 15
_TAIL_BYTES = 1 << 16
_ATTEMPTS = 3
_MOST_VALUES = 16


@dataclass(frozen=True)
class Means:
    """What trials are built with: cores for all of them, how many at a time, a Snakemake profile, how cost is told."""

    cores: int = 1
    parallel: int = 1
    profile: str | None = None
    clock: Clock = field(default_factory=Clock)

    def builds(self, root: Path, log: Path) -> Builds:
        """The builds of a repository. With a profile each trial at a time has one core here: its jobs run elsewhere."""
        return Builds(root, self.cores if self.profile is None else self.parallel, self.parallel, log)


class BuildPipeline:
    """The builds of a target as a sweep's pipeline (`trial.Pipeline`); `close` it at the end.

    `base` is the content of params.yaml that the searched values are laid over. Raises SweepError for what cannot be
    swept, and for rules and params with a fault.
    """

    def __init__(self, tuned: Tuned, means: Means) -> None:
        self._tuned, self._means = tuned, means
        self._folder = Path(tuned.folder)
        self._memo = MemoProcess(tuned)
        self.groups = self._memo.known.groups
        self.base = params.load(self._folder / BASE / params.FILE)
        self._cache = workspace.cache_folder(self._folder / BASE)
        self._builds = means.builds(Path(tuned.root), self._folder / "builds.log")
        self._times, self._booking = RestoreTimes(), threading.Lock()
        ledger = Ledger(self._cache)
        self._times.learn(ledger, ledger.made(), since=0.0)

    def foresee(self, values: Values) -> Foresight:
        """What would be restored now: nothing is built."""
        return self._memo.foresee(values)

    def look_up_seconds(self) -> float:
        """The CPU time of all that was foreseen so far, which a process of its own spends."""
        return self._memo.cpu_seconds

    def restore_cost(self, group: str) -> float:
        """What restoring a group costs: the measured median of each stage, or the smallest that there is."""
        found = next(one for one in self.groups if one.name == group)
        return accounts.restore_cost(found.stages, self._means.clock, self._times)

    def run(self, number: int, values: Values, foresight: Foresight) -> Outcome:
        """Build a trial, or go on with it. Raises KeyboardInterrupt, with the build ended, if the sweep is stopped.

        Raises SweepError if the artifact lacks the objective's key and no trial has had a value: the trial stays open.
        """
        objective = self._tuned.objective
        folder = TrialFolder(self._folder / "trials" / f"{number:04d}", values)
        known = folder.outcome(objective.artifact)
        if known is not None:
            return known
        with self._builds.share() as cores:
            begun, asked = folder.open(self._like(values), foresight.at)
            status = self._build(folder, self._tuned.target, cores)
        lacks = absent(folder.path / objective.artifact, objective.key) if status == 0 else None
        if lacks and not any_ok(self._folder / "trials"):
            raise self._error("objective.key", f"{objective.artifact} {lacks}")
        outcome = self._outcome(folder.path, begun, dataclasses.replace(foresight, at=asked), status)
        folder.close(outcome, objective.artifact)
        return outcome

    def test(self, values: Values) -> float:
        """The test metric of the winner, whose stages the cache has but for those of the test. Raises SweepError."""
        test = self._tuned.test
        if test is None:
            raise SweepError("test: the sweep names no test metric")
        folder = TrialFolder(self._folder / "test", values)
        with self._builds.share() as cores:
            folder.open(self._like(values), asked=0.0)
            status = self._build(folder, test.artifact, cores)
        if status:
            raise self._error("test.artifact", f"{test.artifact}: {failure(folder.path / LOG, status)}")
        path = folder.path / test.artifact
        value = measure(path, test.key)
        if value is None:
            why = absent(path, test.key) or f"has no finite number {test.key}"
            raise self._error("test.key", f"{test.artifact} {why}")
        return value

    def _error(self, key: str, why: str) -> SweepError:
        return SweepError(
            f"sweeps/{self._folder.name}.yaml: {key}: {why}\n"
            "Mend it, then run the same command: it goes on where it was, and no finished stage runs again"
        )

    def stop(self) -> None:
        """End all builds: `run` raises KeyboardInterrupt in its threads."""
        self._builds.stop()

    def close(self) -> None:
        """End what was started for the sweep."""
        self.stop()
        self._memo.close()

    def _like(self, values: Values) -> Path:
        """The workspace with a candidate's shape."""
        known = self._memo.known.shapes
        shape = stages.shape_of(values, [one for one, _ in known], self.base)
        return next(Path(place) for one, place in known if one == shape)

    def _build(self, folder: TrialFolder, target: str, cores: int) -> int:
        """Run Snakemake, again where something killed it: what has finished is not repeated."""
        limit = ["--cores", str(cores)]
        if self._means.profile is not None:  # a cluster's jobs are limited by its profile
            limit = ["--workflow-profile", self._means.profile, "--local-cores", str(cores)]
        arguments = ["--directory", str(folder.path), *limit, "--rerun-incomplete", "--", target]
        for _ in range(_ATTEMPTS):
            status = self._builds.run(arguments, folder.path / LOG)
            if status >= 0:
                break
            folder.wait_for_the_dead()
        return status

    def _outcome(self, folder: Path, begun: float, foresight: Foresight, status: int) -> Outcome:
        ledger = Ledger(self._cache)
        with self._booking:
            costs = Account(folder, begun, self.groups).costs(ledger, self._means.clock, self._times)
        witness = Witness(self._cache, folder, ledger.records(since=0.0))
        unexplained, explained = mismatches(foresight, costs, self._memo.known.before, witness)
        objective = self._tuned.objective
        value = measure(folder / objective.artifact, objective.key) if status == 0 else None
        ended: Status = "failed" if status else "ok" if value is not None else "diverged"
        error = None
        if status:
            error = failure(folder / LOG, status)
        elif value is None:
            error = f"{objective.artifact} has no finite number {objective.key}"
        return Outcome(ended, value, costs, tuple(unexplained), error, tuple(explained))


def finite_values(parameters: Mapping[str, Any], base: Mapping[str, Any]) -> dict[str, Sequence[Any] | None]:
    """Searched key -> all its values, None for a range of many: `parameters` are those of a `Space`.

    A conditional key may have the base's value, too.
    """
    found: dict[str, Sequence[Any] | None] = {}
    for key, parameter in parameters.items():
        values: list[Any] | None = None
        if parameter.kind == "choice":
            values = list(parameter.choices)
        elif parameter.kind == "int" and parameter.high - parameter.low < _MOST_VALUES:
            values = list(range(int(parameter.low), int(parameter.high) + 1))
        if values is not None and parameter.when:
            value = params.reads(base, key)[key]
            values += [] if value in values else [value]
        found[key] = values
    return found


def failure(log: Path, status: int) -> str:
    """Why a build failed: what it says of the first job that did, or its last lines."""
    if status < 0:
        return f"Snakemake was killed by signal {-status}, {_ATTEMPTS} times"
    with log.open("rb") as file:
        file.seek(max(0, os.fstat(file.fileno()).st_size - _TAIL_BYTES))
        lines = file.read().decode("utf-8", "replace").splitlines()
    first = next((number for number, line in enumerate(lines) if _FAILED.match(line)), None)
    said = lines[-_LINES:] if first is None else lines[first : first + _LINES]
    ends = [number for number, line in enumerate(said) if line.startswith("run it again alone: ")]
    return "\n".join(said[: ends[0]] if ends else said)
