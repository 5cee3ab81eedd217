"""A small simulated sweep, and a program that drives it, to be killed: `python -m tests.eeipu.sweeps LOG METHOD`."""

import importlib
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from modelworks.eeipu import driver
from modelworks.eeipu.log import Log
from modelworks.eeipu.methods_simple import Grid, Random
from modelworks.eeipu.simulated import Simulated, Stage
from modelworks.eeipu.space import Space
from modelworks.eeipu.sweep_schema import SpaceKey, Sweep, SweepFile
from modelworks.eeipu.trial import Foresight, History, Method, Outcome, Pipeline, Proposal, Values, ranked

SPACE: dict[str, Any] = {
    "a": {"int": [1, 12]},
    "kind": {"choice": ["x", "y"]},
    "b": {"float": [0.001, 1.0], "log": True},
    "c": {"float": [0.0, 1.0], "when": {"kind": ["y"]}},
}
PAUSE_S = 0.004


def a_sweep(name: str = "demo", **values: Any) -> Sweep:
    """A sweep file of the simulated pipeline, with other values where they are given."""
    file = {
        "target": "artifacts/join.json",
        "objective": {"artifact": "artifacts/join.json", "key": "loss", "goal": "min"},
        "space": SPACE,
        "budget": {"trials": 12},
        "method": {"name": "random", "warm_up": 4},
        "clock": "synthetic",
    }
    return Sweep(name, SweepFile.model_validate({**file, **values}))


def space_of(sweep: Sweep) -> Space:
    return Space({key: SpaceKey.model_validate(value).parameter() for key, value in sweep.file.space.items()})


def loss(values: Values) -> float:
    if values["a"] == 7:
        raise RuntimeError("seven does not train")
    return (values["a"] - 5) ** 2 + abs(np.log10(values["b"]) + 1) + values.get("c", 0.5)


class Slow(Simulated):
    """Takes time in proposing and building, so that a kill may come at either."""

    def foresee(self, values: Values) -> Foresight:
        time.sleep(PAUSE_S)
        return super().foresee(values)

    def run(self, number: int, values: Values, foresight: Foresight) -> Outcome:
        time.sleep(PAUSE_S)
        return super().run(number, values, foresight)


def pipeline(objective: Any = loss, kind: type[Simulated] = Simulated) -> Simulated:
    """tokens -> model -> score, and a second branch: tokens -> statistics."""
    return kind(
        [
            Stage("tokens", ("a",), lambda values: 4.0 + values["a"]),
            Stage("statistics", ("kind",), lambda values: 1.0, ("tokens",)),
            Stage("model", ("b",), lambda values: 8.0, ("tokens",)),
            Stage("score", ("c",), lambda values: 2.0, ("statistics", "model")),
        ],
        objective,
        restore=0.25,
    )


class Near:
    """Keeps what the best trial has in common with what the memo holds, draws the rest: history and memo decide."""

    def __init__(self, space: Space) -> None:
        self._space = space

    def propose(self, history: History, pipeline: Pipeline, number: int) -> Proposal:
        """The best of ten by the memo, near the best trial."""
        best = ranked(history.trials, history.maximize)[0]
        rng = np.random.default_rng([number, len(history.trials), int(history.spent * 1000)])
        drawn = [{**values, "a": best.values["a"]} for values in self._space.sample(rng, 10)]
        hits = [len(pipeline.foresee(values).hits) for values in drawn]
        return Proposal(drawn[int(np.argmax(hits))], {"hits": max(hits), "eta": np.float64(np.inf)})


def a_method(name: str, space: Space) -> Method:
    """A method by name: one of those without a model, or one of the registry."""
    simple: dict[str, Callable[[], Method]] = {
        "random": lambda: Random(space, 1),
        "near": lambda: Near(space),
        "grid": lambda: Grid(space, 2),
    }
    if name in simple:
        return simple[name]()
    made: Method = importlib.import_module("modelworks.eeipu.methods").METHODS[name](space, 1, {})
    return made


def main(path: Path, method: str, trials: int) -> None:
    """Run or resume the sweep whose log is at `path`."""
    sweep = a_sweep(budget={"trials": trials})
    space = space_of(sweep)
    with Log(path) as log:
        built = pipeline(kind=Slow)
        built.replay(log.trials())
        finish = driver.run(sweep, space, built, a_method(method, space), log, test=lambda trial: 2.0 * trial.number)
    sys.exit(finish.status)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
