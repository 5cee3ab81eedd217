"""Connections: words to be sorted into groups of four that have something in common."""

import functools
from collections.abc import Iterator
from datetime import date
from itertools import combinations
from math import comb
from random import Random

from modelworks.livebench.generators.drawing import collect, make, masked
from modelworks.livebench.generators.partition import is_of_release
from modelworks.livebench.lexicon import words
from modelworks.livebench.question import Question

TASK = "connections"
CATEGORY = "language"
GROUPS = {1: 2, 2: 3, 3: 4}
LEVELS = tuple(GROUPS)
SIZE = 4

_OPENINGS = (
    "You are given {n} words/phrases below. Find {g} groups of four items that share something in common, and output "
    "each group. You must use each of the items exactly once.",
    "Below are {n} words or phrases that make up {g} groups of four. The items of a group share something in common. "
    "Find the groups, and use each item exactly once.",
    "Sort the {n} words/phrases below into {g} groups of four items each. What the four items of a group share is for "
    "you to find out. Every item belongs to exactly one group.",
    "Each of the {n} items below belongs to one of {g} groups. A group has four items with something in common. Find "
    "all groups, leaving no item out and using none twice.",
    "The {n} words/phrases below come from {g} categories, four from each. Work out which four belong together each "
    "time. You must use every item exactly once.",
)
_CAUTIONS = (
    "",
    " Some items may seem to fit more than one group, but there is only one way to form all groups.",
    " There is exactly one way to use up all the items.",
    " Only one division into groups works for all items at once.",
    " The categories themselves are not asked for.",
)
_FORMAT = (
    " Give your answer as a list of all the items separated by commas, ordered by group, in <solution></solution> "
    "tags. For example, if the items are a, b, c, d, e, f, g, h, and the groups are a, c, e, g and b, d, f, h, your "
    "final answer should be <solution>a, c, e, g, b, d, f, h</solution>. If you don't know the answer, make "
    "your best guess. "
    "The items are: "
)


def generate(seed: int, level: int, count: int, release: date) -> list[Question]:
    return collect(TASK, LEVELS, seed, level, count, release, lambda rng: _drawn(rng, level, release))


def oracle_answer(question: Question) -> str:
    return f"<solution>{', '.join(question.ground_truth.split(','))}</solution>"


def random_answer(question: Question, rng: Random) -> str:
    items = question.ground_truth.split(",")
    return f"<solution>{', '.join(rng.sample(items, len(items)))}</solution>"


def chance(question: Question) -> float:
    """The chance that one group of the truth is among the groups of a random division."""
    count = len(question.ground_truth.split(","))
    return (count // SIZE) / comb(count, SIZE)


def _drawn(rng: Random, level: int, release: date) -> Question | None:
    groups = pick(rng, level)
    if groups is None or not is_of_release(release, TASK, sorted(sorted(group) for group in groups)):
        return None
    if len(list(divisions([item for group in groups for item in group]))) != 1:
        return None
    items = [item for group in groups for item in group]
    shown = rng.sample(items, len(items))
    opening = rng.choice(_OPENINGS).format(n=len(items), g=("two", "three", "four")[len(groups) - 2])
    text = f"{opening}{rng.choice(_CAUTIONS)}{_FORMAT}{', '.join(shown)}."
    head, _, tail = text.partition("The items are: ")
    template = masked(head, []) + "The items are: " + masked(tail, items)
    return make(TASK, CATEGORY, text, ",".join(items), release, level, template)


def pick(rng: Random, level: int) -> list[list[str]] | None:
    """Four words of each of some categories. Only level 3 has words that fit two categories of the lists."""
    categories = words(TASK)
    named = rng.sample(sorted(categories), GROUPS[level])
    if level == 3 and rng.random() < 0.7:  # two of the categories share a word
        pair = rng.choice(_overlapping())
        named = [*pair, *[name for name in named if name not in pair][: GROUPS[level] - 2]]
    allowed = [[one for one in categories[name] if level == 3 or len(_fitting(one)) == 1] for name in named]
    groups = [rng.sample(some, SIZE) for some in allowed if len(some) >= SIZE]
    chosen = [item for group in groups for item in group]
    return groups if len(groups) == GROUPS[level] and len(set(chosen)) == len(chosen) else None


def divisions(items: list[str]) -> Iterator[list[list[str]]]:
    """The ways to divide items into groups of four out of one category each."""
    if not items:
        yield []
        return
    first, *rest = items
    together: set[frozenset[str]] = set()
    for category in _fitting(first):
        together |= {
            frozenset(some) for some in combinations([one for one in rest if category in _fitting(one)], SIZE - 1)
        }
    for some in sorted(together, key=sorted):
        for others in divisions([one for one in rest if one not in some]):
            yield [[first, *sorted(some)], *others]


@functools.cache
def _overlapping() -> list[tuple[str, str]]:
    """The pairs of categories that share a word."""
    return [(a, b) for a, b in combinations(sorted(words(TASK)), 2) if {*words(TASK)[a]} & {*words(TASK)[b]}]


@functools.cache
def _fitting(item: str) -> list[str]:
    return [name for name, members in words(TASK).items() if item in members]
