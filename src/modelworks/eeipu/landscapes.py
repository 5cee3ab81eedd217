"""Test functions of optimisation on the unit cube, each to be maximised, with its best point and value.

The functions are those of Surjanovic and Bingham's Virtual Library of Simulation Experiments, negated, on the domains
that the experiments of EEIPU (arXiv 2411.03731) use.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Point = NDArray[np.float64]


@dataclass(frozen=True)
class Landscape:
    """A function of `dimensions` coordinates, each of `domain`; `best` is a maximiser (one of them) in the domain."""

    name: str
    domain: tuple[float, float]
    function: Callable[[Point], float]
    best: tuple[float, ...]

    @property
    def dimensions(self) -> int:
        """How many coordinates a point has."""
        return len(self.best)

    @property
    def optimum(self) -> float:
        """The largest value."""
        return self.function(np.array(self.best))

    @property
    def best_unit(self) -> Point:
        """The maximiser in the unit cube, `[dimensions]`."""
        low, high = self.domain
        return (np.array(self.best) - low) / (high - low)

    def raw(self, unit: Point) -> Point:
        """The point `[dimensions]` of the domain that a point of the unit cube stands for."""
        low, high = self.domain
        return low + (high - low) * np.asarray(unit, dtype=np.float64)

    def __call__(self, unit: Point) -> float:
        """The value at a point `[dimensions]` of the unit cube."""
        return float(self.function(self.raw(unit)))


def _branin(x: Point) -> float:
    b, c = 5.1 / (4 * math.pi**2), 5 / math.pi
    return -float((x[1] - b * x[0] ** 2 + c * x[0] - 6) ** 2 + 10 * (1 - 1 / (8 * math.pi)) * math.cos(x[0]) + 10)


_HARTMANN_WEIGHTS = np.array([1.0, 1.2, 3.0, 3.2])
_HARTMANN_SCALES = np.array([[3, 10, 30], [0.1, 10, 35], [3, 10, 30], [0.1, 10, 35]])
_HARTMANN_CENTRES = 1e-4 * np.array(
    [[3689, 1170, 2673], [4699, 4387, 7470], [1091, 8732, 5547], [381, 5743, 8828]], dtype=np.float64
)


def _hartmann(x: Point) -> float:
    distances = (_HARTMANN_SCALES * (x - _HARTMANN_CENTRES) ** 2).sum(axis=1)
    return float(_HARTMANN_WEIGHTS @ np.exp(-distances))


def _beale(x: Point) -> float:
    first, second = float(x[0]), float(x[1])
    terms = ((1.5, 1), (2.25, 2), (2.625, 3))
    return -sum((constant - first + first * second**power) ** 2 for constant, power in terms)


def _levy(x: Point) -> float:
    w = 1 + (x - 1) / 4
    middle = ((w[:-1] - 1) ** 2 * (1 + 10 * np.sin(math.pi * w[:-1] + 1) ** 2)).sum()
    last = (w[-1] - 1) ** 2 * (1 + math.sin(2 * math.pi * w[-1]) ** 2)
    return -float(math.sin(math.pi * w[0]) ** 2 + middle + last)


def _michalewicz(x: Point) -> float:
    order = np.arange(1, len(x) + 1)
    return float((np.sin(x) * np.sin(order * x**2 / math.pi) ** 20).sum())


BRANIN = Landscape("branin", (0.0, 10.0), _branin, (math.pi, 2.275))
HARTMANN = Landscape("hartmann", (0.0, 1.0), _hartmann, (0.11461, 0.55565, 0.85255))
BEALE = Landscape("beale", (-4.5, 4.5), _beale, (3.0, 0.5))
LEVY = Landscape("levy", (-10.0, 10.0), _levy, (1.0, 1.0))
MICHALEWICZ = Landscape("michalewicz", (0.0, math.pi), _michalewicz, (2.202906, 1.570796))

LANDSCAPES = {one.name: one for one in (BRANIN, HARTMANN, BEALE, LEVY, MICHALEWICZ)}
