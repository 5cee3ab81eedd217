"""Synthetic problems to compare methods on: simulated pipelines whose best value is known.

The chains are set up as in the experiments of EEIPU (arXiv 2411.03731 and its code): the objective is a sum of negated
test functions, one a stage, each of the stage's own params; a stage costs (1 / 500 d) sum_d (scale g(u_d) + shift)^2
with g one of cos, sin, logistic(10 u) and u^2, scale in 5..20 and shift in 10..50, drawn with the seed
100 stage + d; a memoized stage costs 0.1. Here u is in the unit cube. The original's code takes raw values; but ten
points of its warm-up, chosen to cost little, cost 43 in its logs, 68 in the unit cube, and 318 with raw values, of
which the square alone can cost more than the budget of 200. In the unit cube all candidates cost nearly the same
(a stage's standard deviation is 8 to 18 % of its mean); in `uneven-costs` u are raw values, the square divided by 25,
and nine in ten candidates cost between 0.65 and 1.6 times the mean. Budgets are 31 random candidates: the ten of the
warm-up, and what the original has left of its 200 after its own (157, about 21 candidates).

In the graphs of stages (`diamond`, `fork`) a result depends on the inputs too. Every stage has a signal, the mean of
its params in the unit cube as a distance from where they are best. An edge loses 2 (signal of the input - own
signal)^2: a stage that is tuned wrong can be made up for by tuning what reads it the same way, but at the best point
nothing is lost, so that the best value is the sum of the functions' own. And a stage costs more, by up to a quarter
each way, the larger the mean of its inputs' params is.
"""

import math
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from modelworks.eeipu.landscapes import BEALE, BRANIN, HARTMANN, LEVY, MICHALEWICZ, Landscape, Point
from modelworks.eeipu.parameter import Parameter
from modelworks.eeipu.simulated import Simulated, Stage
from modelworks.eeipu.space import Space
from modelworks.eeipu.trial import Values

RESTORE = 0.1
WARM_UP = 10
_COUPLING = 2.0
_INPUT_SHARE = 0.25
_SHAPES: tuple[Callable[[float], float], ...] = (
    math.cos,
    math.sin,
    lambda value: 1 / (1 + math.exp(-10 * value)),
    lambda value: value * value,
)


@dataclass(frozen=True)
class Step:
    """A stage of a problem: its function, the steps whose results it reads, the factor of its cost.

    `cost`, where it is given, is what the step costs whatever its params. `raw`: it depends on the function's own
    coordinates instead of those in the unit cube.
    """

    name: str
    landscape: Landscape
    inputs: tuple[str, ...] = ()
    factor: float = 1.0
    cost: float | None = None
    raw: bool = False

    @property
    def keys(self) -> tuple[str, ...]:
        """The params that it reads itself, each in the unit interval."""
        return tuple(f"{self.name}.x{number + 1}" for number in range(self.landscape.dimensions))


@dataclass(frozen=True)
class Problem:
    """A pipeline to tune, with its budget in units of cost, in which restoring a stage costs `restore`.

    `control`: there is nothing to gain from the memo in it, or next to nothing.
    """

    name: str
    text: str
    steps: tuple[Step, ...]
    budget: float
    coupled: bool = False
    control: bool = False
    restore: float = RESTORE

    @property
    def optimum(self) -> float:
        """The largest value of the objective."""
        return sum(step.landscape.optimum for step in self.steps)

    @property
    def best(self) -> dict[str, float]:
        """A candidate that has it."""
        return {
            key: float(value)
            for step in self.steps
            for key, value in zip(step.keys, step.landscape.best_unit, strict=True)
        }

    def space(self) -> Space:
        """Every param, in the unit interval."""
        return Space({key: Parameter("float", 0.0, 1.0) for step in self.steps for key in step.keys})

    def pipeline(self) -> Simulated:
        """The problem with an empty memo."""
        stages = [
            Stage(step.name, step.keys, self._cost(number), step.inputs) for number, step in enumerate(self.steps)
        ]
        return Simulated(stages, self.objective, self.restore)

    def objective(self, values: Values) -> float:
        """The sum over the steps, less what their edges lose."""
        points = {step.name: _point(step, values) for step in self.steps}
        value = sum(step.landscape(points[step.name]) for step in self.steps)
        return value - self._lost(points) if self.coupled else value

    def _lost(self, points: Mapping[str, Point]) -> float:
        signal = {step.name: float((points[step.name] - step.landscape.best_unit).mean()) for step in self.steps}
        edges = [(signal[name], signal[step.name]) for step in self.steps for name in step.inputs]
        return _COUPLING * sum((given - own) ** 2 for given, own in edges)

    def _cost(self, number: int) -> Callable[[Values], float]:
        step = self.steps[number]
        inputs = [one for one in self.steps if one.name in step.inputs] if self.coupled else []

        def cost(values: Values) -> float:
            if step.cost is not None:
                return step.cost
            level = sum(float(_point(one, values).mean()) for one in inputs) / len(inputs) if inputs else 0.5
            point = _point(step, values)
            own = stage_cost(step.landscape.raw(point), number, _RAW_SQUARE) if step.raw else stage_cost(point, number)
            return step.factor * own * (1 + _INPUT_SHARE * (2 * level - 1))

        return cost


def stage_cost(point: Sequence[float] | Point, stage: int, square: float = 1.0) -> float:
    """What a stage of this number (from 0) costs at a point, by the family of the original, u^2 times `square`."""
    return sum(_term(float(value), stage, place, square) for place, value in enumerate(point)) / (500 * len(point))


def _term(value: float, stage: int, place: int, square: float) -> float:
    drawn = random.Random(100 * stage + place)
    shape, scale, shift = _SHAPES[drawn.randint(0, 3)], drawn.randint(5, 20), drawn.randint(10, 50)
    return (scale * shape(value) * (square if shape is _SHAPES[3] else 1.0) + shift) ** 2


def _point(step: Step, values: Values) -> Point:
    return np.array([values[key] for key in step.keys], dtype=np.float64)


def _chain(landscapes: Sequence[Landscape], factors: Sequence[float] = ()) -> tuple[Step, ...]:
    names = [f"stage{number + 1}" for number in range(len(landscapes))]
    return tuple(
        Step(name, landscape, tuple(names[number - 1 : number]), factors[number] if factors else 1.0)
        for number, (name, landscape) in enumerate(zip(names, landscapes, strict=True))
    )


_RAW_SQUARE = 1 / 25
_FREE = 0.01
_CHEAP = _chain((BRANIN, HARTMANN, BEALE), (_FREE, _FREE, 1.0))

PROBLEMS = {
    one.name: one
    for one in (
        Problem("branin-hartmann-beale", "the original's set-up", _chain((BRANIN, HARTMANN, BEALE)), 230.0),
        Problem(
            "uneven-costs",
            "the same with costs of raw values",
            tuple(replace(step, raw=True) for step in _chain((BRANIN, HARTMANN, BEALE))),
            227.0,
        ),
        Problem(
            "michalewicz-hartmann-levy",
            "three stages with other functions, two of them with many local optima",
            _chain((MICHALEWICZ, HARTMANN, LEVY)),
            230.0,
        ),
        Problem(
            "five-stages",
            "a chain of five stages and twelve params",
            _chain((BRANIN, HARTMANN, MICHALEWICZ, HARTMANN, LEVY)),
            390.0,
        ),
        Problem(
            "diamond",
            "a source that two branches read, and a join of both",
            (
                Step("source", BRANIN),
                Step("left", HARTMANN, ("source",)),
                Step("right", MICHALEWICZ, ("source",)),
                Step("join", LEVY, ("left", "right")),
            ),
            330.0,
            coupled=True,
        ),
        Problem(
            "fork",
            "a tokenizer that two encoders read, the join of both, and a head on it",
            (
                Step("tokenizer", BRANIN),
                Step("words", HARTMANN, ("tokenizer",)),
                Step("characters", LEVY, ("tokenizer",)),
                Step("join", MICHALEWICZ, ("words", "characters")),
                Step("head", BRANIN, ("join",)),
            ),
            400.0,
            coupled=True,
        ),
        Problem(
            "cheap-early-stages",
            "a control: the early stages cost less to run than to restore",
            _CHEAP,
            88.0,
            control=True,
        ),
        Problem(
            "nearly-free-early-stages",
            "a control: the early stages cost a twentieth of the whole, and less to restore than to run",
            _chain((BRANIN, HARTMANN, BEALE), (3 * _FREE, 3 * _FREE, 1.0)),
            90.0,
            control=True,
            restore=_FREE,
        ),
        Problem(
            "cheap-early-constant-last",
            "a control in which the last stage costs the same with all params, so that no method can save anything",
            (*_CHEAP[:2], Step("stage3", BEALE, ("stage2",), cost=2.8)),
            88.0,
            control=True,
        ),
    )
}
