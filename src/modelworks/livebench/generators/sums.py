"""Plain sums, asked as k2's corpus asks them: what a model of a million parameters can be tested on."""

import random
from datetime import date

from modelworks.livebench.generators.partition import is_of_release, share
from modelworks.lm.phrasings import ask, count

TASKS = ("AMPS_Hard", "math_competitions_amc")  # whose first levels are these sums


def draw(rng: random.Random, task: str, release: date, asked: set[str]) -> tuple[str, int] | None:
    """(the bare question, its answer): two numbers of two digits, sometimes three; no result is negative.

    The expression, its terms in order, decides the month and which of `TASKS` gets it, in whatever words it is asked.
    None for another task's, another month's, and one in `asked`, to which that of the question is added.
    """
    first, second, third = (rng.randint(10, 99) for _ in range(3))
    operands, operators, value = [first, second], "+", first + second
    form = rng.random()
    if form < 0.2:
        operands, operators, value = [*operands, third], "++", value + third
    elif form < 0.4 and third <= value:
        operands, operators, value = [*operands, third], "+-", value - third
    way = rng.randrange(count(words=False))
    expression = normalised(operands, operators)
    if expression in asked or not is_of_release(release, "sum", expression):
        return None
    if TASKS[share(len(TASKS), "sum", expression)] != task:
        return None
    asked.add(expression)
    return ask(operands, operators, words=False, way=way), value


def normalised(operands: list[int], operators: str) -> str:
    """`+12+47-30`: what is added and what is taken away, each in order, so that a commuted sum is the same."""
    return "".join(sorted(f"{sign}{number}" for sign, number in zip("+" + operators, operands, strict=True)))
