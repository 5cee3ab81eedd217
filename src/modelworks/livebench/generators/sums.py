"""Plain sums, asked as k2's corpus asks them: what a model of a million parameters can be tested on."""

import random

from modelworks.lm.phrasings import ask, count


def draw(rng: random.Random) -> tuple[str, int]:
    """(the bare question, its answer): two numbers of two digits, sometimes three; no result is negative."""
    first, second, third = (rng.randint(10, 99) for _ in range(3))
    operands, operators, value = [first, second], "+", first + second
    form = rng.random()
    if form < 0.2:
        operands, operators, value = [*operands, third], "++", value + third
    elif form < 0.4 and third <= value:
        operands, operators, value = [*operands, third], "+-", value - third
    return ask(operands, operators, words=False, way=rng.randrange(count(words=False))), value
