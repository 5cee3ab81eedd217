"""Methods without a model: `random` and `grid`."""

from collections.abc import Mapping

import numpy as np

from modelworks.eeipu.parameter import identity
from modelworks.eeipu.space import Space
from modelworks.eeipu.trial import History, Pipeline, Proposal


class Exhausted(Exception):
    """A method has no candidate that was not tried."""


class Random:
    """Uniform in the unit cube, a function of the space, the seed and the trial's number."""

    def __init__(self, space: Space, seed: int) -> None:
        self._space = space
        self._seed = seed

    def propose(self, history: History, pipeline: Pipeline, number: int) -> Proposal:
        """The candidate for trial `number`."""
        return Proposal(draw(self._space, self._seed, number))


class Grid:
    """Every combination of `points` values of each range, for all keys or by key, and of all values of the choices."""

    def __init__(self, space: Space, points: int | Mapping[str, int] = 3) -> None:
        self._space = space
        self._points = points

    def propose(self, history: History, pipeline: Pipeline, number: int) -> Proposal:
        """The first combination that no trial has. Raises Exhausted after the last one."""
        for values in self._space.grid(self._points):
            if identity(values) not in history.tried:
                return Proposal(values)
        raise Exhausted("every point of the grid has been tried")


def draw(space: Space, seed: int, *stream: int) -> dict[str, object]:
    """One uniform candidate; `stream` tells draws of one seed apart."""
    return space.sample(np.random.default_rng([seed, *stream]), 1)[0]
