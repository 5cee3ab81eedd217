"""What a trial has cost, by the ledger: what ran in its workspace, in all its builds, and what restoring the rest took.

A stage's cost is what running it costs, by the record of its key, whoever ran it; charged is what the trial paid.
"""

import statistics
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from modelworks.build import lineage
from modelworks.eeipu.trial import Group, StageCost
from snakemake_executor_plugin_dvc.key import stage_name
from snakemake_executor_plugin_dvc.ledger import Ledger

Record = Mapping[str, Any]
_LEAST_S = 1e-3
_SYNTHETIC_RESTORE = 0.1


@dataclass(frozen=True)
class Clock:
    """What runs and restores cost: CPU seconds, a GPU's wall seconds; with `prices` of a device's hour, money.

    `synthetic`: what a stage has noted as its `sweep_cost`, nothing where it has not, and a constant for a restore.
    """

    kind: Literal["ledger", "synthetic"] = "ledger"
    prices: Mapping[str, float] | None = None

    def cost(self, record: Record) -> float:
        """What one run cost."""
        if self.kind == "synthetic":
            return float((record.get("figures") or {}).get("sweep_cost", 0.0))
        on_cpu = record["device"] == "cpu"
        return self._priced(float(record["cpu_s"] if on_cpu else record["wall_s"]), "cpu" if on_cpu else "gpu")

    def restore(self, seconds: float) -> float:
        """What one restore cost that took so long."""
        return _SYNTHETIC_RESTORE if self.kind == "synthetic" else self._priced(seconds, "cpu")

    def _priced(self, seconds: float, device: str) -> float:
        return seconds if self.prices is None else seconds / 3600 * self.prices[device]


@dataclass
class RestoreTimes:
    """Seconds that restoring each stage has taken on this cache, and the least that anything has cost."""

    measured: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    least_run: float | None = None

    def learn(self, ledger: Ledger, made: Mapping[str, Record], since: float, workspace: str | None = None) -> None:
        """Take in the notes of builds begun at a time or later; `made`: the record of each key."""
        for note in ledger.notes(since):
            if workspace is None or note.workspace == workspace:
                for key, seconds in zip(note.keys, note.seconds, strict=True):
                    if key in made and seconds is not None:
                        self.measured[_stage(made[key])].append(seconds)

    def typical(self, stage: str) -> float:
        """The median of a stage, else the smallest that there is of any."""
        if self.measured.get(stage):
            return statistics.median(self.measured[stage])
        known = [seconds for one in self.measured.values() for seconds in one]
        return max(_LEAST_S, min(known, default=self.least_run if self.least_run is not None else 0.0))


@dataclass(frozen=True)
class Account:
    """One trial's workspace, and when (s since the epoch) its first build began: paths are used again."""

    directory: Path
    begun: float
    groups: Sequence[Group]

    def costs(self, ledger: Ledger, clock: Clock, times: RestoreTimes) -> tuple[StageCost, ...]:
        """What each stage that was reached has cost, in the order of the groups."""
        ran: dict[str, list[Record]] = defaultdict(list)
        for record in ledger.records(str(self.directory), self.begun):
            ran[_stage(record)].append(record)
        made = ledger.made()
        times.learn(ledger, made, self.begun, str(self.directory))
        noted = {
            key: seconds
            for note in ledger.notes(self.begun)
            if note.workspace == str(self.directory)
            for key, seconds in zip(note.keys, note.seconds, strict=True)
        }
        keys = self._keys()
        found = []
        for group in self.groups:
            for name in group.stages:
                if name in ran:
                    found.append(_of_runs(name, group.name, ran[name], clock))
                elif name in keys:
                    # What a killed build has restored, nobody has noted.
                    seconds = noted.get(keys[name])
                    charged = clock.restore(times.typical(name) if seconds is None else seconds)
                    cost = clock.cost(made[keys[name]]) if keys[name] in made else charged
                    found.append(StageCost(name, group.name, keys[name], False, cost, charged))
        runs = [clock.cost(record) for records in ran.values() for record in records]
        times.least_run = min([*runs, *([] if times.least_run is None else [times.least_run])], default=None)
        return tuple(found)

    def _keys(self) -> dict[str, str]:
        """Stage -> its key, of those whose result is in place."""
        try:
            return {name: lineage.key(entry) for name, entry in lineage.entries(self.directory).items()}
        except lineage.LineageError:
            return {}


def _of_runs(name: str, group: str, records: Sequence[Record], clock: Clock) -> StageCost:
    """A stage that ran once, or again after failing: all of it is charged, and the last success says what it costs."""
    made = next((record for record in reversed(records) if record["succeeded"]), None)
    cost = clock.cost(made or records[-1])
    return StageCost(name, group, made["key"] if made else None, True, cost, sum(map(clock.cost, records)))


def _stage(record: Record) -> str:
    return stage_name(str(record["rule"]), record["wildcards"])


def restore_cost(stages: Iterable[str], clock: Clock, times: RestoreTimes) -> float:
    """What restoring some stages costs, by what was measured."""
    return sum(clock.restore(times.typical(stage)) for stage in stages)
