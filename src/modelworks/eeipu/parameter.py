"""A searched key of a sweep: a range or a choice, its scale, and what decides whether it is searched at all."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from modelworks.build.plain_yaml import Fault

Unit = NDArray[np.float64]
_MOST = 2**40  # an int's column has to tell neighbours apart in a float64, logarithms and all


@dataclass(frozen=True)
class Parameter:
    """A searched key: a range with both ends (`int`, `float`) or the values of a `choice`.

    `when`: keys of choices -> the values for which this key is active; all of them must hold.
    """

    kind: Literal["int", "float", "choice"]
    low: float = 0.0
    high: float = 1.0
    log: bool = False
    choices: tuple[Any, ...] = ()
    when: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)

    @property
    def width(self) -> int:
        """Its columns in the unit cube."""
        return len(self.choices) if self.kind == "choice" else 1

    def encode(self, value: Any) -> Unit:
        """The columns of a value, float64 `[width]`. Raises ValueError for a value that is not among the choices."""
        if self.kind == "choice":
            return np.eye(self.width)[[identity(choice) for choice in self.choices].index(identity(value))]
        low, high = self._ends()
        return np.clip(np.array([(self._scaled(value) - low) / (high - low)]), 0.0, 1.0)

    def decode(self, columns: Unit) -> Any:
        """The value at columns in [0, 1]."""
        if self.kind == "choice":
            return self.choices[int(np.argmax(columns))]
        low, high = self._ends()
        share = float(columns[0])
        scaled = low * (1 - share) + high * share
        value = math.exp(scaled) if self.log else scaled
        bounded = min(max(math.floor(value + 0.5) if self.kind == "int" else value, self.low), self.high)
        return int(bounded) if self.kind == "int" else float(bounded)

    def grid(self, points: int) -> list[Any]:
        """At most `points` distinct values from end to end, evenly spaced on the key's scale; all of a choice's."""
        if self.kind == "choice":
            return list(self.choices)
        low, high = self._scaled(self.low), self._scaled(self.high)
        first, last = self._ends()
        shares = [i / (points - 1) for i in range(points)] if points > 1 else [0.5]
        values = [self.decode(np.array([(low + share * (high - low) - first) / (last - first)])) for share in shares]
        if points > 1:  # the ends as they are written, to the last bit
            values[0], values[-1] = (type(values[0])(end) for end in (self.low, self.high))
        return list(dict.fromkeys(values))

    def _ends(self) -> tuple[float, float]:
        """What 0 and 1 are on the key's scale: an int owns half a step on both sides, its ends too."""
        half = 0.5 if self.kind == "int" else 0.0
        return self._scaled(self.low - half), self._scaled(self.high + half)

    def _scaled(self, value: float) -> float:
        return math.log(value) if self.log else float(value)


def identity(value: Any) -> str:
    """What tells a plain YAML value from another: 1, 1.0, true and "1" are four values."""
    return json.dumps(value, sort_keys=True)


def faults(parameters: Mapping[str, Parameter]) -> list[Fault]:
    """Everything that is wrong with parameters, a fault's path being (key, part of it)."""
    found = [] if parameters else [Fault((), "must name at least one key to search")]
    for key, parameter in parameters.items():
        found += _choice_faults(key, parameter) if parameter.kind == "choice" else _range_faults(key, parameter)
        for parent, allowed in parameter.when.items():
            found += [Fault((key, "when", parent), text) for text in _when_faults(parent, allowed, parameters)]
    return found + [
        Fault((key, "when"), "depends on itself: a key cannot decide, through others, whether it is searched itself")
        for key in parameters
        if _is_own_ancestor(key, parameters)
    ]


def _range_faults(key: str, parameter: Parameter) -> list[Fault]:
    kind, low, high = parameter.kind, parameter.low, parameter.high
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        return [
            Fault((key, kind), f"must be [low, high], low below high, got [{low}, {high}]; a constant goes in set:")
        ]
    if kind == "int" and max(abs(low), abs(high)) > _MOST:
        return [Fault((key, kind), f"must lie within ±2^40, got [{low}, {high}]")]
    if parameter.log and low <= 0:
        return [Fault((key, kind), f"must be above 0 where log is true, got [{low}, {high}]")]
    return []


def _choice_faults(key: str, parameter: Parameter) -> list[Fault]:
    names = [identity(choice) for choice in parameter.choices]
    if len(names) < 2:
        return [Fault((key, "choice"), f"must have at least two values, got {len(names)}; a constant goes in set:")]
    twice = sorted({name for name in names if names.count(name) > 1})
    return [Fault((key, "choice"), f"has a value more than once: {', '.join(twice)}")] if twice else []


def _when_faults(parent: str, allowed: tuple[Any, ...], parameters: Mapping[str, Parameter]) -> list[str]:
    if parent not in parameters:
        return [f"is not a key of the space; searched are {', '.join(parameters)}"]
    if parameters[parent].kind != "choice":
        return ["is not a choice: only the values of a choice can decide whether a key is searched"]
    names = [identity(choice) for choice in parameters[parent].choices]
    unknown = [identity(value) for value in allowed if identity(value) not in names]
    if unknown or not allowed:
        return [f"must be a list of values of that choice ({', '.join(names)}), got {', '.join(unknown) or 'none'}"]
    return []


def _is_own_ancestor(key: str, parameters: Mapping[str, Parameter]) -> bool:
    seen: set[str] = set()
    waiting = list(parameters[key].when)
    while waiting:
        parent = waiting.pop()
        if parent not in seen and parent in parameters:
            seen.add(parent)
            waiting += parameters[parent].when
    return key in seen
