"""math_competitions_amc: one of five options. Level 1 plain sums, 2 counting and number theory as in competitions."""

import math
import random
import re
from collections.abc import Callable
from datetime import date

from modelworks.livebench.generators import sums
from modelworks.livebench.generators.drawing import collect, make
from modelworks.livebench.generators.partition import is_of_release
from modelworks.livebench.question import Question

TASK = "math_competitions_amc"
CATEGORY = "math"
LEVELS = (1, 2)
_LETTERS = "ABCDE"
_FORM = (
    " Choose the one right option; guess if you must. Write its letter five times in a row as your final answer: "
    "for the option (F), if there were one, FFFFF."
)
Draw = Callable[[random.Random], tuple[str, int]]


def _remainder(rng: random.Random) -> tuple[str, int]:
    base, power, divisor = rng.randint(2, 99), rng.randint(5, 99), rng.randint(11, 199)
    return f"the remainder when ${base}^{{{power}}}$ is divided by ${divisor}$", pow(base, power, divisor)


def _multiples(rng: random.Random) -> tuple[str, int]:
    low, divisor = rng.randint(10, 400), rng.randint(3, 19)
    high = low + rng.randint(50, 400)
    count = high // divisor - (low - 1) // divisor
    return f"the number of integers from ${low}$ to ${high}$, both included, that are divisible by ${divisor}$", count


def _divisors(rng: random.Random) -> tuple[str, int]:
    powers = [rng.randint(1, 4), rng.randint(0, 3), rng.randint(0, 2), rng.randint(0, 1), rng.randint(0, 1)]
    number = math.prod(prime**power for prime, power in zip((2, 3, 5, rng.choice([7, 11]), 13), powers, strict=True))
    return f"the number of positive divisors of ${number}$", math.prod(power + 1 for power in powers)


def _series(rng: random.Random) -> tuple[str, int]:
    first, step, count = rng.randint(1, 40), rng.randint(2, 20), rng.randint(8, 40)
    text = f"the sum of the first ${count}$ terms of the arithmetic sequence that begins ${first}, {first + step}$"
    return text, count * (2 * first + (count - 1) * step) // 2


def _multiple(rng: random.Random) -> tuple[str, int]:
    first, second = rng.randint(12, 120), rng.randint(12, 120)
    return f"the least positive integer divisible by both ${first}$ and ${second}$", math.lcm(first, second)


def _choices(rng: random.Random) -> tuple[str, int]:
    people, seats, hats = rng.randint(5, 14), rng.randint(2, 4), rng.randint(2, 9)
    text = (
        f"the number of ways to choose a team of ${seats}$ out of ${people}$ players, "
        f"and one of ${hats}$ colours for it"
    )
    return text, math.comb(people, seats) * hats


_KINDS: dict[str, Draw] = {
    "remainder": _remainder,
    "multiples": _multiples,
    "divisors": _divisors,
    "series": _series,
    "multiple": _multiple,
    "choices": _choices,
}
_WAYS = ("Find {}.", "Compute {}.", "Determine {}.", "Work out {}.", "What is {}?")


def generate(seed: int, level: int, count: int, release: date) -> list[Question]:
    """`count` distinct questions. Raises GenerationError."""
    asked: set[str] = set()
    return collect(TASK, LEVELS, seed, level, count, release, lambda rng: _drawn(rng, level, release, asked))


def random_answer(question: Question, rng: random.Random) -> str:
    """One of the five letters."""
    return rng.choice(_LETTERS) * 5


def oracle_answer(question: Question) -> str:
    """The right letter."""
    return str(question.ground_truth) * 5


def chance(question: Question) -> float:
    """One in five."""
    return 1 / len(_LETTERS)


def _drawn(rng: random.Random, level: int, release: date, asked: set[str]) -> Question | None:
    if level == 1:
        found = sums.draw(rng, TASK, release, asked)
        if found is None:
            return None
        stem, value = found
        return _question(stem, value, level, release, rng, kind="sum", stem=stem)
    kind = rng.choice(list(_KINDS))
    wanted, value = _KINDS[kind](rng)
    if wanted in asked or not is_of_release(release, TASK, wanted):
        return None
    asked.add(wanted)
    return _question(rng.choice(_WAYS).format(wanted), value, level, release, rng, kind=kind)


def _question(sentence: str, value: int, level: int, release: date, rng: random.Random, **own: str) -> Question:
    """Each question's options are shuffled for themselves: the letters are not balanced over a release."""
    steps = [step for step in (-20, -11, -10, -9, -3, -2, -1, 1, 2, 3, 9, 10, 11, 20) if value + step >= 0]
    options = [value, *(value + step for step in rng.sample(steps, len(_LETTERS) - 1))]
    rng.shuffle(options)
    shown = r"\qquad".join(rf"\textbf{{({letter}) }}{one}" for letter, one in zip(_LETTERS, options, strict=True))
    text = f"{sentence} ${shown}${_FORM}"
    template = re.sub(r"-?\d+", "N", sentence)
    return make(TASK, CATEGORY, text, _LETTERS[options.index(value)], release, level, template, **own)
