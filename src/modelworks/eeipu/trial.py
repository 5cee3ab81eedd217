"""What the parts of a sweep hand to one another: groups of stages, trials, what is foreseen of one, what came of it."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal, Protocol, Self

from modelworks.eeipu.parameter import identity

Values = Mapping[str, Any]  # searched key of params.yaml, dotted -> its value
Status = Literal["running", "ok", "failed", "diverged"]
Verdict = Literal["restore", "run", "perhaps"]
Unit = Literal["seconds", "dollars", "trials"]


@dataclass(frozen=True)
class Group:
    """Stages whose results depend on the same searched keys: one cost model, and all are restored or all run.

    `keys` are the searched keys that the stages read, themselves or through their inputs, sorted. Fixing them fixes
    the results of every group whose keys are among them. A group without keys is the same in every trial.
    """

    name: str
    keys: tuple[str, ...]
    stages: tuple[str, ...]

    @classmethod
    def of(cls, plain: Mapping[str, Any]) -> Self:
        """The group that JSON has as a mapping."""
        return cls(plain["name"], tuple(plain["keys"]), tuple(plain["stages"]))


@dataclass(frozen=True)
class Foresight:
    """What the memo says of a candidate before it is built: stage -> verdict, and the groups that are wholly restored.

    `perhaps`: something upstream runs, and if it makes what it made before, this stage is restored. `at`: when the
    memo was asked, in seconds since the epoch, 0 if that is not known: what others made since explains a mismatch.
    """

    stages: Mapping[str, Verdict]
    hits: frozenset[str]
    at: float = 0.0


@dataclass(frozen=True)
class StageCost:
    """One stage of a finished trial. `cost`: what running it costs, by the ledger, also where it was restored.

    `key`: of its result, None if it has none. `charged`: what the trial paid for it: the same if it ran, else what
    restoring took. In units of the budget.
    """

    stage: str
    group: str
    key: str | None
    ran: bool
    cost: float
    charged: float


@dataclass(frozen=True)
class Outcome:
    """What came of a trial's build. `value` is the objective, None unless `status` is ok.

    `explained` are mismatches that what others have built since the proposal explains.
    """

    status: Status
    value: float | None
    stages: tuple[StageCost, ...]
    mismatches: tuple[str, ...] = ()  # one text for each stage that was not restored or run as foreseen, unexplained
    error: str | None = None
    explained: tuple[str, ...] = ()


@dataclass(frozen=True)
class Proposal:
    """What a method proposes to try; `details` say why (JSON), for the log."""

    values: dict[str, Any]
    details: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Trial:
    """A trial as the log has it. `proposer` is what proposing it cost, in units of the budget."""

    number: int
    values: dict[str, Any]
    warm_up: bool
    foresight: Foresight
    proposer: float
    details: dict[str, Any]
    outcome: Outcome | None = None  # None while it runs

    @property
    def charged(self) -> float:
        """What the trial has cost the budget."""
        return self.proposer + sum(stage.charged for stage in (self.outcome.stages if self.outcome else ()))

    def spends(self, unit: Unit) -> float:
        """What the trial has taken of a budget in a unit."""
        return 1.0 if unit == "trials" else self.charged

    def costs(self, groups: Iterable[Group]) -> dict[str, float]:
        """Group -> what running all of it costs, of the groups that it completed: what failed cost less than a run."""
        failed = self.outcome is not None and self.outcome.status == "failed"
        stages = self.outcome.stages if self.outcome else ()
        costs = {stage.stage: stage.cost for stage in stages if not (failed and stage.key is None)}
        return {
            group.name: sum(costs[stage] for stage in group.stages)
            for group in groups
            if group.stages and all(stage in costs for stage in group.stages)
        }


def value_of(trial: Trial) -> float | None:
    """The objective of a trial that has ended well, else None."""
    outcome = trial.outcome
    if outcome is None or outcome.status != "ok" or outcome.value is None or not math.isfinite(outcome.value):
        return None
    return outcome.value


def ranked(trials: Iterable[Trial], maximize: bool) -> list[Trial]:
    """The trials that have ended well, warm-up or not, the best first; of equals the earlier one."""
    rows = [(-value if maximize else value, t.number, t) for t in trials if (value := value_of(t)) is not None]
    return [trial for _, _, trial in sorted(rows, key=lambda row: row[:2])]


@dataclass(frozen=True)
class History:
    """What a method may know: trials that have ended, in the order of their end, and those that run.

    `budget`, `spent` and `spent_by_warm_up` are in one unit. Where trials are counted, those that run are spent.
    """

    trials: tuple[Trial, ...]
    pending: tuple[Trial, ...]
    groups: tuple[Group, ...]
    maximize: bool
    budget: float
    spent: float
    spent_by_warm_up: float
    unit: Unit = "seconds"

    @cached_property
    def tried(self) -> dict[str, int]:
        """The identity of each candidate that has ended or runs -> its trial."""
        return {identity(trial.values): trial.number for trial in (*self.trials, *self.pending)}

    @cached_property
    def costs(self) -> tuple[dict[str, float], ...]:
        """`Trial.costs` of each trial that has ended.

        Raises ValueError for a negative cost, which is a fault of the ledger and nothing to learn from.
        """
        for trial in self.trials:
            for stage in trial.outcome.stages if trial.outcome else ():
                if not stage.cost >= 0:
                    raise ValueError(
                        f"trial {trial.number}: stage {stage.stage} has the cost {stage.cost}; a cost is 0 or more: "
                        f"see the ledger's entry of {stage.key}"
                    )
        return tuple(trial.costs(self.groups) for trial in self.trials)


class Pipeline(Protocol):
    """What a sweep tunes: the builds of a target, or a synthetic problem."""

    groups: tuple[Group, ...]

    def foresee(self, values: Values) -> Foresight:
        """What would be restored now; it changes nothing."""

    def look_up_seconds(self) -> float:
        """The CPU time that other processes have spent on `foresee` so far: the proposer is charged with it."""

    def restore_cost(self, group: str) -> float:
        """What restoring a group costs: measured, or the smallest cost there is where none has been."""

    def run(self, number: int, values: Values, foresight: Foresight) -> Outcome:
        """Build a trial; called again with the same arguments after a kill. Blocking, from one thread a trial."""


class Method(Protocol):
    """Proposes the next candidate. The same history and memo give the same proposal."""

    def propose(self, history: History, pipeline: Pipeline, number: int) -> Proposal:
        """The candidate for trial `number`."""
