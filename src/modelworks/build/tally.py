"""What the stages of an overview come to: a row for each stage, or for each rule."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from modelworks.build.costs import Cost
from modelworks.build.overview import STATES, Stage, State


@dataclass(frozen=True)
class Row:
    """One stage, or all stages of a rule, added up."""

    name: str
    stages: Sequence[Stage]

    @property
    def states(self) -> dict[State, int]:
        """How many stages are in each state, in the order of STATES."""
        count = Counter(stage.state for stage in self.stages)
        return {state: count[state] for state in STATES if count[state]}

    @property
    def cost(self) -> Cost:
        """The sums; the greatest peak; `seconds` is None where no stage has a record."""
        costs = [stage.cost for stage in self.stages]
        seconds = [one.seconds for one in costs if one.seconds is not None]
        devices = sorted({one.device for one in costs if one.seconds is not None})
        return Cost(
            stage=self.name,
            device=", ".join(devices) or "unknown",
            seconds=sum(seconds) if seconds else None,
            cpu_seconds=sum(one.cpu_seconds for one in costs),
            peak_bytes=max(one.peak_bytes for one in costs),
            money=sum(one.money for one in costs),
            restores=sum(one.restores for one in costs),
        )

    @property
    def saved(self) -> float:
        """The money that restoring has saved. Each stage's restores have saved its own cost."""
        return sum(stage.cost.saved for stage in self.stages)

    @property
    def critical(self) -> int:
        """How many of the stages lie on the critical path."""
        return sum(stage.critical for stage in self.stages)


def rows(stages: Iterable[Stage], by_rule: bool = False) -> list[Row]:
    """A row for each stage, or for each rule, in the order of the first."""
    grouped: dict[str, list[Stage]] = {}
    for stage in stages:
        grouped.setdefault(stage.rule if by_rule else stage.name, []).append(stage)
    return [Row(name, members) for name, members in grouped.items()]
