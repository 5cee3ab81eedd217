"""Spatial questions about who or what is where: things in a rack of squares, people at a round table."""

import functools
from collections.abc import Callable
from itertools import permutations
from random import Random

import numpy
from numpy.typing import NDArray

from modelworks.livebench.generators.spatial_item import Item
from modelworks.livebench.lexicon import words

Places = NDArray[numpy.int_]
Rule = tuple[str, Callable[..., NDArray[numpy.bool_]]]  # what is said; of n and places, whether it holds
Clue = tuple[str, Callable[..., NDArray[numpy.bool_]], tuple[int, ...]]  # and of whom it is said
Mine = Callable[..., bool]  # whether what has this content belongs to the release

_SHELF_RULES: tuple[Rule, ...] = (  # n is the number of columns, places go row by row
    ("the {0} is directly above the {1}", lambda n, a, b: a + n == b),
    ("the {0} is directly below the {1}", lambda n, a, b: a == b + n),
    ("the {0} is directly to the left of the {1}", lambda n, a, b: (a + 1 == b) & (a // n == b // n)),
    ("the {0} is directly to the right of the {1}", lambda n, a, b: (a == b + 1) & (a // n == b // n)),
    ("the {0} is in the same row as the {1}", lambda n, a, b: a // n == b // n),
    ("the {0} is in the same column as the {1}", lambda n, a, b: a % n == b % n),
    ("the {0} is in a higher row than the {1}", lambda n, a, b: a // n < b // n),
    ("the {0} is in a column further left than the {1}", lambda n, a, b: a % n < b % n),
    ("the {0} is in the top row", lambda n, a: a // n == 0),
    ("the {0} is in the leftmost column", lambda n, a: a % n == 0),
)
_TABLE_RULES: tuple[Rule, ...] = (  # n is the number of seats, places go clockwise
    ("{0} sits next to {1}", lambda n, a, b: ((a - b) % n == 1) | ((b - a) % n == 1)),
    ("{0} does not sit next to {1}", lambda n, a, b: ((a - b) % n != 1) & ((b - a) % n != 1)),
    ("{0} sits in the next seat clockwise from {1}", lambda n, a, b: (a - b) % n == 1),
    ("{0} sits two seats clockwise from {1}", lambda n, a, b: (a - b) % n == 2),
    ("{0} sits in the next seat counterclockwise from {1}", lambda n, a, b: (b - a) % n == 1),
)


def shelves(rng: Random, level: int, mine: Mine) -> Item | None:
    """Things in a rack: clues leave one way, and a thing is asked for by its square or its neighbor."""
    rows, columns = {1: (2, 2), 2: (2, 3), 3: (2, 4)}[level]
    things = rng.sample(words("spatial")["things"], rows * columns)
    if not mine("shelves", columns, things):
        return None
    told = _told(rng, enough(rng, _orders(len(things), turning=False), _SHELF_RULES, columns), things)
    place = rng.randrange(len(things))
    column = f"column {place % columns + 1} from the left"
    asked = f"Which thing is in the {('top', 'bottom')[place // columns]} row, in {column}?"
    said = rng.choice(
        (
            "A rack has {rows} rows of {columns} compartments, with one thing in each: {things}. You know that {told}.",
            "In a display case with {rows} rows and {columns} columns there is one thing in each square: {things}. "
            "It is known that {told}.",
            "These things lie in a box with {rows} rows and {columns} columns, one in each field: {things}. "
            "We see that {told}.",
        )
    )
    text = said.format(rows=rows, columns=columns, things=_each_once(rng, [f"the {one}" for one in things]), told=told)
    return Item(f"{text} {asked}", things[place], sorted(things), tuple(things))


def round_table(rng: Random, level: int, mine: Mine) -> Item | None:
    """People at a round table, whose seats differ only by who sits next to whom."""
    size = {1: 4, 2: 5, 3: 7}[level]
    people = rng.sample(words("web_of_lies_v3")["names"], size)
    first = people.index(min(people))
    if not mine("table", people[first:] + people[:first]):
        return None
    told = _told(rng, enough(rng, _orders(size, turning=True), _TABLE_RULES, size), people)
    person = rng.randrange(size)
    way, step = rng.choice((("clockwise", 1), ("counterclockwise", -1)))
    asked = f"Who sits in the next seat {way} from {people[person]}?"
    said = rng.choice(
        (
            "{people} sit evenly spaced around a round table with {size} seats. You know that {told}.",
            "There are {size} people at a round table with {size} seats: {people}. Looking from above, you know that "
            "{told}.",
            "{people} share a round table that has {size} seats. A waiter remembers that {told}.",
        )
    )
    text = said.format(size=size, people=_each_once(rng, people), told=told)
    answer = people[(person + step) % size]
    return Item(f"{text} {asked}", answer, sorted(set(people) - {people[person]}), tuple(people))


def enough(rng: Random, orders: Places, rules: tuple[Rule, ...], n: int) -> list[Clue]:
    """True clues, none superfluous, that leave only the first of `orders` (int[orders, who]: the place of each)."""
    chosen: list[Clue] = []
    left = orders
    while len(left) > 1:
        text, holds = rng.choice(rules)
        about = tuple(rng.sample(range(orders.shape[1]), 2 if "{1}" in text else 1))
        fits = holds(n, *(left[:, one] for one in about))
        if fits[0] and not fits.all():
            chosen.append((text, holds, about))
            left = left[fits]
    for clue in list(chosen):
        rest = [other for other in chosen if other is not clue]
        if len(_fitting(orders, rest, n)) == 1:
            chosen = rest
    return chosen


def _fitting(orders: Places, clues: list[Clue], n: int) -> Places:
    for _, holds, about in clues:
        orders = orders[holds(n, *(orders[:, one] for one in about))]
    return orders


@functools.cache
def _orders(count: int, turning: bool) -> Places:
    """All ways to give `count` places, the plain one first; if the whole may be turned, with the first at place 0."""
    orders = numpy.array(list(permutations(range(count))))
    return orders[orders[:, 0] == 0] if turning else orders


def _told(rng: Random, clues: list[Clue], names: list[str]) -> str:
    texts = [text.format(*(names[one] for one in about)) for text, _, about in rng.sample(clues, len(clues))]
    return f"{', that '.join(texts[:-1])}, and that {texts[-1]}" if len(texts) > 1 else texts[0]


def _each_once(rng: Random, names: list[str]) -> str:
    shuffled = rng.sample(names, len(names))
    return f"{', '.join(shuffled[:-1])} and {shuffled[-1]}"
