"""How well the cost models foresaw what groups cost: predicted against actual log cost.

A proposal's `details` hold `costs`: group -> `median` of what it was foreseen to cost, `low` and `high`, a
standard deviation of the log cost away from it (`bayesian.describe`).
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from modelworks.eeipu.record import Record, hits

_NINETY_FIVE, _EIGHTY = 1.959964, 1.281552


@dataclass(frozen=True)
class Foreseen:
    """One group of one trial: the predicted mean and standard deviation of the log cost, and the actual log cost."""

    trial: int
    group: str
    mean: float
    deviation: float
    actual: float

    def within(self, deviations: float) -> bool:
        """Whether the actual value lies within so many standard deviations."""
        return abs(self.actual - self.mean) <= deviations * self.deviation


def foreseen(record: Record) -> list[Foreseen]:
    """Every prediction of a group that ran; what was restored costs what it cost before, which is no test of it."""
    found = []
    for trial in record.trials:
        ran = {name for name, hit in hits(trial, record.groups).items() if not hit}
        costs = trial.costs(record.groups)
        for group, (mean, deviation) in sorted(_predicted(trial.details).items()):
            if group in ran and costs.get(group, 0.0) > 0.0:
                found.append(Foreseen(trial.number, group, mean, deviation, math.log(costs[group])))
    return found


def figures(found: list[Foreseen]) -> dict[str, Any]:
    """The number of predictions, the error of the log cost, and how often the intervals held the actual cost."""
    if not found:
        return {"predictions": 0, "rms_error_of_log_cost": None, "within_80": None, "within_95": None}
    count = len(found)
    return {
        "predictions": count,
        "rms_error_of_log_cost": math.sqrt(math.fsum((one.actual - one.mean) ** 2 for one in found) / count),
        "within_80": sum(one.within(_EIGHTY) for one in found) / count,
        "within_95": sum(one.within(_NINETY_FIVE) for one in found) / count,
    }


def _predicted(details: Mapping[str, Any]) -> dict[str, tuple[float, float]]:
    """Group -> mean and standard deviation of the log cost."""
    return {
        group: (math.log(one["median"]), math.log(one["high"] / one["low"]) / 2)
        for group, one in details.get("costs", {}).items()
        if one["low"] > 0.0
    }
