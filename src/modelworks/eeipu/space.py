"""What a sweep searches: keys of params.yaml with ranges and choices, and the unit cube that surrogates see of them.

A number has one column of the cube, a choice one for each of its values (one-hot). A key whose `when` does not hold is
inactive: its value is the base's, it is absent from a trial's values, and its columns hold 0.5. Ints and choices come
back from the cube exactly; a float may differ in its last bits, so whoever reuses a value copies it, never decodes it.
"""

import itertools
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from modelworks.build.params import ParamsError
from modelworks.build.plain_yaml import dotted
from modelworks.eeipu.parameter import Parameter, Unit, faults, identity
from modelworks.eeipu.trial import Values


class Space:
    """The searched keys, in the order of the sweep file, as a cube of `width` columns in [0, 1].

    Raises ParamsError with every fault of the parameters.
    """

    def __init__(self, parameters: Mapping[str, Parameter]) -> None:
        found = faults(parameters)
        if found:
            raise ParamsError(f"space: {dotted(fault.path)} {fault.text}".replace(":  ", ": ") for fault in found)
        self.parameters = dict(parameters)
        self.keys = tuple(parameters)
        ends = [0, *itertools.accumulate(parameter.width for parameter in parameters.values())]
        self._columns = {key: slice(*ends[i : i + 2]) for i, key in enumerate(self.keys)}
        self.width = ends[-1]
        self._order = _parents_first(parameters)

    def columns(self, key: str) -> slice:
        """The columns of a key in the unit cube."""
        return self._columns[key]

    def is_active(self, key: str, values: Values) -> bool:
        """Whether a key is searched, given the values of the active keys that its `when` names."""
        return all(
            parent in values and identity(values[parent]) in map(identity, allowed)
            for parent, allowed in self.parameters[key].when.items()
        )

    def sample(self, rng: np.random.Generator, n: int) -> list[dict[str, Any]]:
        """`n` candidates, uniform in the unit cube: every int of a range, every choice, equally likely."""
        return [self.from_unit(row) for row in rng.random((n, self.width))]

    def to_unit(self, values: Values) -> Unit:
        """The point of a candidate, float64 `[width]`. Raises ValueError for a value that is not among the choices."""
        point = np.full(self.width, 0.5)
        for key in self.keys:
            if key in values:
                point[self._columns[key]] = self.parameters[key].encode(values[key])
        return point

    def from_unit(self, point: Unit) -> dict[str, Any]:
        """The candidate at a point `[width]`, which is brought into [0, 1]; active keys only, in the space's order."""
        if np.shape(point) != (self.width,) or not np.isfinite(point).all():
            raise ValueError(f"a point of the space is {self.width} finite numbers, got {point!r}")
        inside = np.clip(np.asarray(point, dtype=np.float64), 0.0, 1.0)
        values: dict[str, Any] = {}
        for key in self._order:
            if self.is_active(key, values):
                values[key] = self.parameters[key].decode(inside[self._columns[key]])
        return self._ordered(values)

    def snap(self, point: Unit) -> Unit:
        """The point of the candidate at a point: ints rounded, choices one-hot, inactive columns 0.5."""
        return self.to_unit(self.from_unit(point))

    def grid(self, points: int | Mapping[str, int]) -> Iterator[dict[str, Any]]:
        """Every combination of each key's grid, an inactive key in none; the last key changes fastest.

        `points`: values of a range, for all keys or by key.
        """
        return map(self._ordered, self._combinations(self._order, {}, points))

    def _combinations(
        self, keys: tuple[str, ...], chosen: dict[str, Any], points: int | Mapping[str, int]
    ) -> Iterator[dict[str, Any]]:
        if not keys:
            yield chosen
            return
        key, rest = keys[0], keys[1:]
        if not self.is_active(key, chosen):
            yield from self._combinations(rest, chosen, points)
            return
        for value in self.parameters[key].grid(points if isinstance(points, int) else points.get(key, 1)):
            yield from self._combinations(rest, {**chosen, key: value}, points)

    def _ordered(self, values: Values) -> dict[str, Any]:
        return {key: values[key] for key in self.keys if key in values}


def _parents_first(parameters: Mapping[str, Parameter]) -> tuple[str, ...]:
    placed: dict[str, None] = {}
    while len(placed) < len(parameters):
        ready = (key for key in parameters if key not in placed and all(p in placed for p in parameters[key].when))
        placed[next(ready)] = None
    return tuple(placed)
