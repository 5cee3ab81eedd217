"""What a sweep has done until now, as its log says, and the figures that table, page and command line share."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, get_args

from modelworks.eeipu.trial import Group, Trial, Unit, ranked, value_of


@dataclass(frozen=True)
class Record:
    """A sweep's file as resolved, its groups, and its trials: those that ended, in the order of their end.

    `spent` holds what was spent after each of them, in the unit of the budget; `tested` the winner's test score.
    """

    name: str
    sweep: Mapping[str, Any]
    groups: tuple[Group, ...]
    trials: tuple[Trial, ...]
    pending: tuple[Trial, ...] = ()
    tested: float | None = None

    @property
    def maximize(self) -> bool:
        """Whether a larger objective is better."""
        return bool(self.sweep["objective"]["goal"] == "max")

    @property
    def unit(self) -> Unit:
        """seconds, dollars or trials."""
        return next(name for name in get_args(Unit) if self.sweep["budget"].get(name) is not None)

    @property
    def cost_unit(self) -> str:
        """What the cost of a trial is in: seconds also where trials are counted."""
        return "dollars" if self.unit == "dollars" else "seconds"

    @property
    def budget(self) -> float:
        """What may be spent."""
        return float(self.sweep["budget"][self.unit])

    @property
    def method(self) -> str:
        """The method's name."""
        return str(self.sweep["method"]["name"])

    @property
    def keys(self) -> tuple[str, ...]:
        """The searched keys, in the order of the file."""
        return tuple(self.sweep["space"])

    @cached_property
    def spent(self) -> tuple[float, ...]:
        """What was spent after each trial that ended."""
        total, found = 0.0, []
        for trial in self.trials:
            total += trial.spends(self.unit)
            found.append(total)
        return tuple(found)

    @property
    def ok(self) -> tuple[Trial, ...]:
        """The trials that have a value."""
        return tuple(trial for trial in self.trials if value_of(trial) is not None)

    def ranked(self) -> list[Trial]:
        """The trials that have a value, the best first."""
        return ranked(self.trials, self.maximize)

    @property
    def best(self) -> Trial | None:
        """The best trial so far."""
        return next(iter(self.ranked()), None)

    def best_so_far(self) -> list[float | None]:
        """The best value after each trial that ended."""
        best: float | None = None
        found = []
        for trial in self.trials:
            value = value_of(trial)
            if value is not None and (best is None or (value > best if self.maximize else value < best)):
                best = value
            found.append(best)
        return found

    @property
    def reused(self) -> float | None:
        """The share of all trials' cost that the memo has saved: of what was restored, by cost. None before a cost."""
        stages = [stage for trial in self.trials if trial.outcome for stage in trial.outcome.stages]
        total = math.fsum(stage.cost for stage in stages)
        return math.fsum(stage.cost for stage in stages if not stage.ran) / total if total else None

    def judged(self) -> tuple[int, int]:
        """How many of the foreseen groups, over all trials with an outcome, came out as foreseen, and how many not.

        A group counts in a trial that has costs of all its stages, so that what a failed trial did not reach does not.
        """
        right = wrong = 0
        for trial in self.trials:
            reached = hits(trial, self.groups)
            right += sum(hit == (name in trial.foresight.hits) for name, hit in reached.items())
            wrong += sum(hit != (name in trial.foresight.hits) for name, hit in reached.items())
        return right, wrong


def hits(trial: Trial, groups: tuple[Group, ...]) -> dict[str, bool]:
    """Group -> whether all of it was restored, of the groups whose every stage the trial has reached."""
    ran = {stage.stage: stage.ran for stage in (trial.outcome.stages if trial.outcome else ())}
    return {
        group.name: not any(ran[stage] for stage in group.stages)
        for group in groups
        if group.stages and all(stage in ran for stage in group.stages)
    }
