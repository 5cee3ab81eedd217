"""Small sweeps for tests of methods: a chain and a diamond of stages, and a loop as short as a driver can be."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from modelworks.eeipu.parameter import Parameter
from modelworks.eeipu.simulated import Simulated, Stage
from modelworks.eeipu.space import Space
from modelworks.eeipu.trial import Foresight, Group, History, Method, Outcome, StageCost, Trial, Values

CHAIN = Space(
    {
        "data.size": Parameter("int", 10, 1000, log=True),
        "train.rate": Parameter("float", 1e-4, 1e-1, log=True),
        "train.optimizer": Parameter("choice", choices=("adamw", "muon")),
        "train.momentum": Parameter("float", 0.5, 0.99, when={"train.optimizer": ("muon",)}),
        "tune.weight": Parameter("float", -1.0, 2.0),
    }
)
DIAMOND = Space({key: Parameter("float", 0.0, 1.0) for key in ("s.x", "l.x", "r.x", "j.x")})


def chain(restore: float = 0.1, early: float = 10.0) -> Simulated:
    """Three stages, the first two of which cost about `early`, the last about 1; a stage without keys before them."""

    def quality(values: Values) -> float:
        size = math.log(values["data.size"] / 100)
        rate = math.log10(values["train.rate"]) + 2.5
        momentum = values.get("train.momentum", 0.7)
        return -(0.1 * size**2 + rate**2 + (values["tune.weight"] - 0.5) ** 2 + (momentum - 0.9) ** 2)

    stages = [
        Stage("fetch", (), lambda values: 2.0),
        Stage("data", ("data.size",), lambda values: early * (0.5 + values["data.size"] / 1000), ("fetch",)),
        Stage(
            "train",
            ("train.rate", "train.optimizer", "train.momentum"),
            lambda values: early * (1.0 if values["train.optimizer"] == "adamw" else 1.5),
            ("data",),
        ),
        Stage("tune", ("tune.weight",), lambda values: 1.0 + 0.2 * values["tune.weight"], ("train",)),
    ]
    return Simulated(stages, quality, restore)


def diamond(restore: float = 0.1) -> Simulated:
    """source -> left, right -> join, each with a key of its own."""
    stages = [
        Stage("source", ("s.x",), lambda values: 4.0 + values["s.x"]),
        Stage("left", ("l.x",), lambda values: 2.0 + values["l.x"], ("source",)),
        Stage("right", ("r.x",), lambda values: 3.0 + values["r.x"], ("source",)),
        Stage("join", ("j.x",), lambda values: 1.0, ("left", "right")),
    ]
    return Simulated(stages, lambda values: -sum((value - 0.3) ** 2 for value in values.values()), restore)


class Sweep:
    """Trials one after another, until the budget is spent; `history()` at any time. Larger is better."""

    def __init__(self, space: Space, pipeline: Simulated, budget: float, warm_up: int = 8, seed: int = 0) -> None:
        self.pipeline, self.budget = pipeline, budget
        self.trials: list[Trial] = []
        for values in space.sample(np.random.default_rng(seed), warm_up):
            self.run(values, warm_up=True)
        self.spent_by_warm_up = self.spent

    @property
    def spent(self) -> float:
        return sum(trial.charged for trial in self.trials)

    def run(self, values: dict[str, Any], warm_up: bool = False, details: dict[str, Any] | None = None) -> Trial:
        number = len(self.trials) + 1
        foresight = self.pipeline.foresee(values)
        outcome = self.pipeline.run(number, values, foresight)
        self.trials.append(Trial(number, values, warm_up, foresight, 0.0, details or {}, outcome))
        return self.trials[-1]

    def history(self, pending: Sequence[Trial] = (), spent: float | None = None) -> History:
        return History(
            trials=tuple(self.trials),
            pending=tuple(pending),
            groups=self.pipeline.groups,
            maximize=True,
            budget=self.budget,
            spent=self.spent if spent is None else spent,
            spent_by_warm_up=self.spent_by_warm_up,
        )

    def tune(self, method: Method, most: int = 1000) -> int:
        """Trials after the warm-up that the budget allows."""
        count = 0
        while self.spent < self.budget and count < most:
            proposal = method.propose(self.history(), self.pipeline, len(self.trials) + 1)
            self.run(proposal.values, details=proposal.details)
            count += 1
        return count


def trial(number: int, values: dict[str, Any], value: float | None, costs: dict[str, float] | None = None) -> Trial:
    """An ended trial whose groups each have a stage of their name; failed if `value` is None."""
    stages = tuple(StageCost(name, name, f"key of {name}", True, cost, cost) for name, cost in (costs or {}).items())
    outcome = Outcome("ok" if value is not None else "failed", value, stages)
    return Trial(number, values, False, Foresight({}, frozenset()), 0.0, {}, outcome)


def history(trials: Sequence[Trial], groups: Sequence[Group] = (), maximize: bool = True) -> History:
    """A history of which half the budget that the warm-up left is spent."""
    return History(tuple(trials), (), tuple(groups), maximize, 100.0, 60.0, 20.0)
