"""The tables that a history gives to learn from: candidates in the unit cube, objective values, log costs of groups."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from modelworks.eeipu.trial import Group, History, Trial, Values, value_of

SMALLEST = 1e-6  # of the largest cost seen: what a free stage counts as, since costs are learned as logarithms


class Cube(Protocol):
    """What the methods need of a space: its unit cube. A key that is inactive encodes as 0.5 in all its columns."""

    keys: tuple[str, ...]
    width: int

    def sample(self, rng: np.random.Generator, n: int) -> list[dict[str, Any]]:
        """`n` random candidates."""

    def to_unit(self, values: Values) -> np.ndarray:
        """float64 [width] of a candidate."""

    def from_unit(self, point: np.ndarray) -> dict[str, Any]:
        """The candidate nearest to a point [width]: ints rounded, choices by their largest column."""

    def columns(self, key: str) -> slice:
        """The columns of a key; more than one if it is a choice."""


@dataclass(frozen=True)
class Table:
    """Points float64 [n, width] in the unit cube and what was observed there, float64 [n]."""

    x: np.ndarray
    y: np.ndarray


def columns_of(space: Cube, keys: Iterable[str]) -> list[int]:
    """The columns of some keys, ascending."""
    return sorted(column for key in keys for column in range(space.width)[space.columns(key)])


def points(space: Cube, trials: Sequence[Trial]) -> np.ndarray:
    """float64 [n, width] of trials, normalised by the space's bounds, never by what was seen."""
    return np.array([space.to_unit(trial.values) for trial in trials], dtype=np.float64).reshape(-1, space.width)


def objective_table(space: Cube, history: History) -> Table:
    """The objective of all ended trials, larger is better; one that failed or diverged counts as the worst finished."""
    sign = 1.0 if history.maximize else -1.0
    values = [value_of(trial) for trial in history.trials]
    finished = [sign * value for value in values if value is not None]
    worst = min(finished, default=0.0)
    y = np.array([worst if value is None else sign * value for value in values], dtype=np.float64)
    return Table(points(space, history.trials), y)


def smallest_cost(history: History) -> float:
    """The floor of a cost, in units of the budget."""
    costs = (cost for costs in history.costs for cost in costs.values())
    return SMALLEST * (max(costs, default=0.0) or 1.0)


def cost_table(space: Cube, history: History, group: Group) -> Table:
    """Log cost of a group of the history, where it was measured.

    A restored group has the measurement of the build that made it: the same figure again teaches nothing, so each
    assignment of the group's keys counts once.
    """
    floor = smallest_cost(history)
    columns = columns_of(space, group.keys)
    seen: dict[bytes, tuple[np.ndarray, list[float]]] = {}
    for trial, of_trial in zip(history.trials, history.costs, strict=True):
        if group.name in of_trial:
            point = np.asarray(space.to_unit(trial.values), dtype=np.float64)
            cost = math.log(max(of_trial[group.name], floor))
            seen.setdefault(point[columns].tobytes(), (point, []))[1].append(cost)
    x = np.array([point for point, _ in seen.values()], dtype=np.float64).reshape(-1, space.width)
    return Table(x, np.array([sum(costs) / len(costs) for _, costs in seen.values()], dtype=np.float64))


def total_cost_table(space: Cube, history: History) -> Table:
    """Log cost of whole trials, all groups run, where all were measured."""
    floor = smallest_cost(history)
    rows = []
    for trial, costs in zip(history.trials, history.costs, strict=True):
        if len(costs) == len(history.groups):
            rows.append((trial, math.log(max(sum(costs.values()), floor))))
    return Table(points(space, [trial for trial, _ in rows]), np.array([cost for _, cost in rows], dtype=np.float64))
