"""A pipeline that is simulated: stages that only cost, an exact memo of them, and a function as objective.

For tests and benchmarks. Its memo holds what trials have built, so a resumed sweep gets it back from the trial log.
"""

import json
import math
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from modelworks.eeipu.trial import Foresight, Group, Outcome, StageCost, Trial, Values, Verdict


@dataclass(frozen=True)
class Stage:
    """A simulated stage: `cost` is given the values that the stage depends on, its inputs' included.

    An inactive key is absent. `keys` are those that the stage reads itself, `inputs` the stages whose outputs it reads.
    """

    name: str
    keys: tuple[str, ...]
    cost: Callable[[Values], float]
    inputs: tuple[str, ...] = ()


class Simulated:
    """A `Pipeline` of simulated stages, in an order where inputs come first. `objective` is given all values.

    A stage is restored for `restore` (units of cost) if any trial has run it with the same values; an objective that
    raises fails the trial in the last stage, which is then not memoized. Raises ValueError for a stage whose input
    does not come before it.
    """

    def __init__(self, stages: Sequence[Stage], objective: Callable[[Values], float], restore: float = 0.1) -> None:
        self._stages = tuple(stages)
        self._objective = objective
        self._restore = restore
        self._reads = _transitive(self._stages)
        self.groups = _groups(self._reads)
        self._group = {stage: group.name for group in self.groups for stage in group.stages}
        self._memo: dict[tuple[str, str], int] = {}  # (stage, its values) -> the trial that ran it
        self._lock = threading.Lock()
        self.counts: Counter[str] = Counter()  # stages "foreseen" to be restored, "restored", "mismatched"

    def replay(self, trials: Iterable[Trial]) -> None:
        """Put what trials have built into the memo."""
        for trial in trials:
            for stage in trial.outcome.stages if trial.outcome else ():
                if stage.key is not None:
                    self._memo.setdefault((stage.stage, stage.key), trial.number)

    def forget(self, stage: str, values: Values) -> None:
        """Drop one stage's result, as where its object is gone from the cache."""
        with self._lock:
            self._memo.pop((stage, self._key(stage, values)), None)

    def foresee(self, values: Values) -> Foresight:
        """What the memo holds of a candidate now."""
        with self._lock:
            known = {name for name in self._reads if (name, self._key(name, values)) in self._memo}
        verdicts: dict[str, Verdict] = {name: "restore" if name in known else "run" for name in self._reads}
        return Foresight(verdicts, frozenset(group.name for group in self.groups if known.issuperset(group.stages)))

    def look_up_seconds(self) -> float:
        """None: what this process spends is measured."""
        return 0.0

    def restore_cost(self, group: str) -> float:
        """What restoring all stages of a group costs."""
        return self._restore * sum(name == group for name in self._group.values())

    def run(self, number: int, values: Values, foresight: Foresight) -> Outcome:
        """Go through the stages; at once, in memory."""
        try:
            value, error = float(self._objective(values)), None
        except Exception as raised:
            value, error = math.nan, f"{type(raised).__name__}: {raised}"
        failing = self._stages[-1].name if error else None
        with self._lock:
            stages = tuple(self._went(stage, number, values, stage.name == failing) for stage in self._stages)
            mismatches = tuple(text for stage in stages for text in self._compare(stage, number, foresight))
        if error:
            return Outcome("failed", None, stages, mismatches, error)
        if not math.isfinite(value):
            return Outcome("diverged", None, stages, mismatches, f"the objective is {value}")
        return Outcome("ok", value, stages, mismatches)

    def _went(self, stage: Stage, number: int, values: Values, fails: bool) -> StageCost:
        key = self._key(stage.name, values)
        cost = float(stage.cost(_only(values, self._reads[stage.name])))
        ran = fails or (stage.name, key) not in self._memo
        if not fails:
            self._memo.setdefault((stage.name, key), number)
        charged = cost if ran else self._restore
        return StageCost(stage.name, self._group[stage.name], None if fails else key, ran, cost, charged)

    def _compare(self, stage: StageCost, number: int, foresight: Foresight) -> list[str]:
        foreseen = foresight.stages[stage.stage]
        self.counts["foreseen"] += foreseen == "restore"
        self.counts["restored"] += not stage.ran
        if (foreseen == "run") == stage.ran:
            return []
        # What another trial has built since the proposal explains a restored stage that was foreseen to run.
        if not stage.ran and self._memo[stage.stage, stage.key or ""] != number:
            return []
        self.counts["mismatched"] += 1
        return [f"{stage.stage}: foreseen to {foreseen}, but it {'ran' if stage.ran else 'was restored'}"]

    def _key(self, stage: str, values: Values) -> str:
        return json.dumps(_only(values, self._reads[stage]), sort_keys=True)


def _only(values: Values, keys: Iterable[str]) -> Values:
    return {key: values[key] for key in keys if key in values}


def _transitive(stages: Iterable[Stage]) -> dict[str, tuple[str, ...]]:
    """Stage -> the keys that it reads, itself or through its inputs, sorted."""
    reads: dict[str, tuple[str, ...]] = {}
    for stage in stages:
        if late := [name for name in stage.inputs if name not in reads]:
            raise ValueError(f"stage {stage.name}: its input {late[0]} must come before it")
        reads[stage.name] = tuple(sorted({*stage.keys, *(key for name in stage.inputs for key in reads[name])}))
    return reads


def _groups(reads: Mapping[str, tuple[str, ...]]) -> tuple[Group, ...]:
    """The stages by the keys that they depend on, a group being called as its first stage."""
    by_keys: dict[tuple[str, ...], list[str]] = {}
    for stage, keys in reads.items():
        by_keys.setdefault(keys, []).append(stage)
    return tuple(Group(stages[0], keys, tuple(stages)) for keys, stages in by_keys.items())
