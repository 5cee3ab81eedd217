"""Problems about a list of integers, composed of parts: a text, a program, and the same thing said in another way.

A part is said (`text`), programmed (`code`, for the reference) and meant (`spec`, for the expected results); the last
two are written apart from each other, so that a slip in one is seen when the reference meets its tests.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

_NOUNS = [
    "readings",
    "prices",
    "scores",
    "weights",
    "depths",
    "visits",
    "orders",
    "steps",
    "signals",
    "marks",
    "tickets",
    "calls",
    "parcels",
    "votes",
    "levels",
    "pulses",
    "drops",
    "shifts",
    "moves",
    "stops",
]


@dataclass(frozen=True)
class Problem:
    """A function to write. `identity` is its content but for its name; behaviour changes near the `landmarks`."""

    identity: str
    function: str
    text: str
    reference: str
    given_lines: int
    spec: Callable[[list[int]], Any]
    landmarks: tuple[int, ...]


@dataclass(frozen=True)
class Condition:
    """On a number, with the constants a <= b."""

    text: str
    code: str
    spec: Callable[[int, int, int], bool]


CONDITIONS = (
    Condition("is divisible by {a}", "{x} % {a} == 0", lambda x, a, b: x // a * a == x),
    Condition("is not divisible by {a}", "{x} % {a} != 0", lambda x, a, b: x // a * a != x),
    Condition("is greater than {a}", "{x} > {a}", lambda x, a, b: not x <= a),
    Condition("is at least {a}", "{x} >= {a}", lambda x, a, b: x - a > -1),
    Condition("is less than {b}", "{x} < {b}", lambda x, a, b: b - x > 0),
    Condition("lies between {a} and {b}, both included", "{a} <= {x} <= {b}", lambda x, a, b: x in range(a, b + 1)),
    Condition("is below {a} or above {b}", "{x} < {a} or {x} > {b}", lambda x, a, b: x not in range(a, b + 1)),
)


@dataclass(frozen=True)
class Change:
    """A number made of a number, with the constant c."""

    text: str
    code: str
    spec: Callable[[int, int], int]


CHANGES = (
    Change("{c} more than it", "{x} + {c}", lambda x, c: c + x),
    Change("{c} less than it", "{x} - {c}", lambda x, c: -c + x),
    Change("{c} times it", "{x} * {c}", lambda x, c: c * x),
    Change("its distance from {c}", "abs({x} - {c})", lambda x, c: max(x, c) - min(x, c)),
    Change("its square plus {c}", "{x} * {x} + {c}", lambda x, c: abs(x) ** 2 + c),
)


@dataclass(frozen=True)
class Summary:
    """What becomes of a list, with the constant d for an empty one: how it begins, goes on with a value and ends."""

    text: str
    begin: str
    step: str
    end: str
    spec: Callable[[list[int], int], Any]


SUMMARIES = (
    Summary("the sum of {them}, plus {d}", "total = {d}", "total = total + value", "total", lambda v, d: sum(v) + d),
    Summary(
        "how many {them} there are, plus {d}", "total = {d}", "total = total + 1", "total", lambda v, d: len(v) + d
    ),
    Summary(
        "the largest of {them} and {d}",
        "best = {d}",
        "best = max(best, value)",
        "best",
        lambda v, d: sorted([*v, d])[-1],
    ),
    Summary(
        "the smallest of {them} and {d}",
        "best = {d}",
        "best = min(best, value)",
        "best",
        lambda v, d: sorted([*v, d])[0],
    ),
    Summary(
        "the list of {them} in order, after {d}", "found = [{d}]", "found.append(value)", "found", lambda v, d: [d, *v]
    ),
    Summary(
        "what {d} becomes when each of {them} in turn is taken from it",
        "left = {d}",
        "left = left - value",
        "left",
        lambda v, d: d - sum(v),
    ),
)


def name_of(rng: random.Random, verbs: Sequence[str]) -> str:
    """A function's name: it tells nothing of the task."""
    return f"{rng.choice(verbs)}_{rng.choice(_NOUNS)}"
