"""Arrangements: SAT gives every way that the text's clues leave open, and the answer in each."""

import re
from collections.abc import Callable
from itertools import combinations, product
from typing import Any

from pysat.solvers import Solver

Answers = set[str] | None
Holds = Callable[..., bool]

_MANY = 1000  # ways; a text that leaves more is as wrong

_SHELF: list[tuple[str, Holds]] = [  # of (row, column), rows counted from the top
    (r"the (\w+) is directly above the (\w+)", lambda n, a, b: a[1] == b[1] and a[0] == b[0] - 1),
    (r"the (\w+) is directly below the (\w+)", lambda n, a, b: a[1] == b[1] and a[0] == b[0] + 1),
    (r"the (\w+) is directly to the left of the (\w+)", lambda n, a, b: a[0] == b[0] and a[1] == b[1] - 1),
    (r"the (\w+) is directly to the right of the (\w+)", lambda n, a, b: a[0] == b[0] and a[1] == b[1] + 1),
    (r"the (\w+) is in the same row as the (\w+)", lambda n, a, b: a[0] == b[0]),
    (r"the (\w+) is in the same column as the (\w+)", lambda n, a, b: a[1] == b[1]),
    (r"the (\w+) is in a higher row than the (\w+)", lambda n, a, b: a[0] < b[0]),
    (r"the (\w+) is in a column further left than the (\w+)", lambda n, a, b: a[1] < b[1]),
    (r"the (\w+) is in the top row", lambda n, a: a[0] == 1),
    (r"the (\w+) is in the leftmost column", lambda n, a: a[1] == 1),
]
_TABLE: list[tuple[str, Holds]] = [  # of seats, numbered clockwise
    (r"(\w+) sits next to (\w+)", lambda n, a, b: (a - b) % n in (1, n - 1)),
    (r"(\w+) does not sit next to (\w+)", lambda n, a, b: (a - b) % n not in (1, n - 1)),
    (r"(\w+) sits in the next seat clockwise from (\w+)", lambda n, a, b: a == b % n + 1),
    (r"(\w+) sits two seats clockwise from (\w+)", lambda n, a, b: (a - b - 2) % n == 0),
    (r"(\w+) sits in the next seat counterclockwise from (\w+)", lambda n, a, b: b == a % n + 1),
]


def shelves(text: str) -> Answers:
    size = re.search(r"(\d+) rows (?:of|and) (\d+) (?:compartments|columns)", text)
    asked = re.search(r"Which thing is in the (top|bottom) row, in column (\d+) from the left\?$", text)
    things = re.search(r": (the [\w, ]+)\. ", text)
    if not (size and asked and things):
        return None
    places = list(product(range(1, int(size[1]) + 1), range(1, int(size[2]) + 1)))
    who = re.findall(r"the (\w+)", things[1])
    wanted = (1 if asked[1] == "top" else int(size[1]), int(asked[2]))
    ways = _ways(text, _SHELF, who, places, len(places), {})
    return None if ways is None else {one for way in ways for one, place in way.items() if place == wanted}


def round_table(text: str) -> Answers:
    size = re.search(r"(\d+) seats", text)
    asked = re.search(r"Who sits in the next seat (clockwise|counterclockwise) from (\w+)\?$", text)
    people = re.search(r"(?:^|: )((?:\w+, )*\w+ and \w+)(?:\.| sit| share)", text)
    if not (size and asked and people):
        return None
    who = re.split(r", | and ", people[1])
    count, step = int(size[1]), 1 if asked[1] == "clockwise" else -1
    ways = _ways(text, _TABLE, who, list(range(1, count + 1)), count, {who[0]: 1})  # the table may be turned
    if ways is None:
        return None
    return {one for way in ways for one, seat in way.items() if (seat - way[asked[2]] - step) % count == 0}


def _ways(
    text: str, rules: list[tuple[str, Holds]], who: list[str], places: list[Any], n: int, fixed: dict[str, Any]
) -> list[dict[str, Any]] | None:
    """Every way to give those in `who` a place each as the clues say; None if a clue is not understood."""
    told = re.search(r"\bthat ((?!has )[^.]+ (?:is|sits?) [^.]+)\. W", text)
    numbers = {(one, place): i for i, (one, place) in enumerate(product(who, places), 1)}
    if not told or len(who) != len(places):
        return None
    with Solver("glucose4") as solver:
        for one in who:
            solver.add_clause([numbers[one, place] for place in places])
        for pair in combinations(who, 2):
            for place in places:
                solver.add_clause([-numbers[one, place] for one in pair])
        for one, other in combinations(places, 2):
            for name in who:
                solver.add_clause([-numbers[name, one], -numbers[name, other]])
        for name, place in fixed.items():
            solver.add_clause([numbers[name, place]])
        for clue in re.split(r",? (?:and )?that ", told[1]):
            clauses = _clauses(clue, rules, numbers, places, n)
            if clauses is None:
                return None
            for clause in clauses:
                solver.add_clause(clause)
        ways: list[dict[str, Any]] = []
        while len(ways) < _MANY and solver.solve():
            true = {number for number in solver.get_model() if number > 0}
            ways.append({one: place for (one, place), number in numbers.items() if number in true})
            solver.add_clause([-number for number in numbers.values() if number in true])
    return ways


def _clauses(
    clue: str, rules: list[tuple[str, Holds]], numbers: dict[tuple[str, Any], int], places: list[Any], n: int
) -> list[list[int]] | None:
    for pattern, holds in rules:
        match = re.fullmatch(pattern, clue)
        if match and all((name, places[0]) in numbers for name in match.groups()):
            return [
                [-numbers[name, place] for name, place in zip(match.groups(), taken, strict=True)]
                for taken in product(places, repeat=len(match.groups()))
                if not holds(n, *taken)
            ]
    return None
