"""What a check of an instruction is, and what its arguments must be."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

LESS, LEAST = "less than", "at least"


class NoScore(Exception):
    """The original draws at random or fails here: there is no compatible score."""


class ArgumentError(ValueError):
    """An instruction of a question lacks an argument, or has one that it cannot be followed with."""


@dataclass(frozen=True)
class Check:
    """Whether an answer, never blank, follows an instruction: as the original checks it, and as the instruction says.

    `arguments` are the names of what it is asked with; all are needed.
    """

    arguments: tuple[str, ...]
    compatible: Callable[[str, Mapping[str, Any]], bool]
    strict: Callable[[str, Mapping[str, Any]], bool]


def number(asked: Mapping[str, Any], name: str) -> float:
    """A count that is not negative; LiveBench's own questions have some as `3.0`. Raises ArgumentError otherwise."""
    value = asked.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not value >= 0:
        raise ArgumentError(f"{name} must be a number, got {value!r}")
    return value


def word(asked: Mapping[str, Any], name: str) -> str:
    """A text that is not blank, without white space around it. Raises ArgumentError otherwise."""
    value = asked.get(name)
    if not isinstance(value, str) or not value.strip():
        raise ArgumentError(f"{name} must be text, got {value!r}")
    return value.strip()


def words(asked: Mapping[str, Any], name: str) -> list[str]:
    """A list of texts that is not empty. Raises ArgumentError otherwise."""
    value = asked.get(name)
    if not isinstance(value, list | tuple) or not value or not all(isinstance(one, str) and one for one in value):
        raise ArgumentError(f"{name} must be a list of texts, got {value!r}")
    return list(value)


def holds(count: float, asked: Mapping[str, Any], bound: str, relation: str) -> bool:
    """Whether a count is `less than` or `at least` the bound. Raises ArgumentError for any other relation."""
    kind = asked.get(relation)
    if kind not in {LESS, LEAST}:
        raise ArgumentError(f"{relation} must be {LESS!r} or {LEAST!r}, got {kind!r}")
    threshold = number(asked, bound)
    return count < threshold if kind == LESS else count >= threshold
