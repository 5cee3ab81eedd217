"""math_competitions_amc: one of five options. Level 1 plain sums, 2 counting and number theory as in competitions."""

import math
import random
import re
from collections.abc import Callable
from datetime import date

from modelworks.livebench.generators import sums
from modelworks.livebench.generators.partition import is_of_release
from modelworks.livebench.question import Question, question_id

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
    """`count` distinct questions. Raises ValueError for an unknown level."""
    if level not in LEVELS:
        raise ValueError(f"{TASK} has levels {LEVELS}, not {level}")
    rng = random.Random(f"{TASK}:{seed}:{level}:{release.isoformat()}")
    found: dict[str, Question] = {}
    while len(found) < count:
        if level == 1:
            kind, (stem, value) = "sum", sums.draw(rng)
            identity = stem
        else:
            kind = rng.choice(list(_KINDS))
            identity, value = _KINDS[kind](rng)
            stem = rng.choice(_WAYS).format(identity)
        if identity not in found and is_of_release(f"{TASK}:{identity}", release):
            found[identity] = _question(stem, value, kind, level, release, rng)
    return list(found.values())


def random_answer(question: Question, rng: random.Random) -> str:
    """One of the five letters."""
    return rng.choice(_LETTERS) * 5


def oracle_answer(question: Question) -> str:
    """The right letter."""
    return str(question.ground_truth) * 5


def chance(question: Question) -> float:
    """One in five."""
    return 1 / len(_LETTERS)


def _question(stem: str, value: int, kind: str, level: int, release: date, rng: random.Random) -> Question:
    steps = [step for step in (-20, -11, -10, -9, -3, -2, -1, 1, 2, 3, 9, 10, 11, 20) if value + step >= 0]
    options = [value, *(value + step for step in rng.sample(steps, len(_LETTERS) - 1))]
    rng.shuffle(options)
    shown = r"\qquad".join(rf"\textbf{{({letter}) }}{one}" for letter, one in zip(_LETTERS, options, strict=True))
    turns = [f"{stem} ${shown}${_FORM}"]
    answer = _LETTERS[options.index(value)]
    extra = {"level": level, "template": re.sub(r"-?\d+", "N", stem), "kind": kind}
    if level == 1:
        extra["stem"] = stem
    return Question(question_id(TASK, turns, answer), CATEGORY, TASK, turns, answer, release, extra=extra)
