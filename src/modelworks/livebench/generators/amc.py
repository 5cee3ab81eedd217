"""Competition questions with five options, after AMC: sums (level 1), small counting problems (2), large ones (3)."""

import itertools
import math
import random
import re
from collections.abc import Callable
from datetime import date

from modelworks.livebench.generators.shares import is_of
from modelworks.livebench.generators.sums import draw_sum
from modelworks.livebench.question import Question, question_id

TASK = "amc"
CATEGORY = "math"
LEVELS = (1, 2, 3)

_LETTERS = "ABCDE"
_FORM = (
    "If you cannot determine the correct multiple-choice answer, take your best guess. Once you have your answer, "
    "please duplicate that letter five times in a single string. For example, if the answer is E, then write EEEEE."
)
Draw = Callable[[random.Random, int], tuple[dict[str, int], int]]  # (what the wording needs, the answer)


def generate(seed: int, level: int, count: int, release: date) -> list[Question]:
    """`count` different questions of the level, of the release's own share of all that could be asked."""
    rng = random.Random(f"{seed}:{TASK}:{level}")
    found: dict[str, Question] = {}
    while len(found) < count:
        stem, value = _sum(rng) if level == 1 else _drawn(rng, level)
        if is_of(f"{TASK}:{stem}", release) and stem not in found:
            found[stem] = _question(stem, value, rng, level, release)
    return list(found.values())


def oracle_answer(question: Question) -> str:
    """The letter, five times."""
    return str(question.ground_truth) * 5


def random_answer(question: Question, rng: random.Random) -> str:
    """A letter drawn evenly, five times."""
    return rng.choice(_LETTERS) * 5


def chance(question: Question) -> float:
    """One of five letters."""
    return 0.2


def _question(stem: str, value: int, rng: random.Random, level: int, release: date) -> Question:
    near = [value + gap for gap in (*range(-12, 0), *range(1, 13)) if value + gap >= 0]
    # Options of one length: none is a piece of another.
    alike = [one for one in near if len(str(one)) == len(str(value))] or near
    options = rng.sample(alike if len(alike) >= 4 else near, 4)
    options.insert(rng.randrange(5), value)
    shown = "\\qquad".join(f"\\textbf{{({letter})}} {one}" for letter, one in zip(_LETTERS, options, strict=True))
    turns = [f"{stem} ${shown}$\n{_FORM}"]
    truth = _LETTERS[options.index(value)]
    extra = {"level": level, "template": re.sub(r"\d+", "#", stem), "stem": stem}
    return Question(question_id(TASK, turns, truth), CATEGORY, TASK, turns, truth, release, extra=extra)


def _sum(rng: random.Random) -> tuple[str, int]:
    stem, value = draw_sum(rng)
    return stem, int(value)


def _drawn(rng: random.Random, level: int) -> tuple[str, int]:
    wordings, draw = rng.choice(_KINDS)
    numbers, value = draw(rng, 1 if level == 2 else 4)
    return rng.choice(wordings).format(**numbers), value


def _multiples(rng: random.Random, size: int) -> tuple[dict[str, int], int]:
    n = rng.randint(20 * size, 120 * size)
    a, b = rng.sample(range(2, 10), 2)
    both = math.lcm(a, b)
    return {"n": n, "a": a, "b": b}, n // a + n // b - n // both


def _last_digit(rng: random.Random, size: int) -> tuple[dict[str, int], int]:
    a, n = rng.randint(2, 60 * size), rng.randint(10, 200 * size)
    return {"a": a, "n": n}, pow(a, n, 10)


def _divisors(rng: random.Random, size: int) -> tuple[dict[str, int], int]:
    n = left = rng.randint(30, 2000 * size)
    found = 1
    for prime in range(2, left + 1):
        power = 0
        while left % prime == 0:
            left, power = left // prime, power + 1
        found *= power + 1
    return {"n": n}, found


def _paths(rng: random.Random, size: int) -> tuple[dict[str, int], int]:
    a, b = rng.randint(2, 4 + 2 * size), rng.randint(2, 4 + size)
    return {"a": a, "b": b}, math.comb(a + b, a)


def _consecutive(rng: random.Random, size: int) -> tuple[dict[str, int], int]:
    a, n = rng.randint(1, 60 * size), rng.randint(5, 15 * size)
    return {"a": a, "b": a + n - 1}, n * (2 * a + n - 1) // 2


def _power_rest(rng: random.Random, size: int) -> tuple[dict[str, int], int]:
    a, n, m = rng.randint(2, 30 * size), rng.randint(5, 60 * size), rng.randint(11, 40 * size)
    return {"a": a, "n": n, "m": m}, pow(a, n, m)


def _pairs(rng: random.Random, size: int) -> tuple[dict[str, int], int]:
    n = rng.randint(8, 30 * size)
    s = rng.randint(n // 2, 2 * n - 2)
    first = max(1, s - n)
    return {"n": n, "s": s}, max(0, (s - 1) // 2 - first + 1)


def _handshakes(rng: random.Random, size: int) -> tuple[dict[str, int], int]:
    a, b = rng.randint(3, 12 * size), rng.randint(3, 12 * size)
    return {"a": a, "b": b}, math.comb(a + b, 2) - math.comb(a, 2)


def _digits(rng: random.Random, size: int) -> tuple[dict[str, int], int]:
    n, s = rng.randint(50, 300 * size), rng.randint(3, 12)
    # By digits: how many numbers of three or four digits up to n have that sum.
    return {"n": n, "s": s}, _with_sum(n, s)


def _with_sum(n: int, s: int) -> int:
    digits = [int(digit) for digit in str(n)]
    found, used = 0, 0
    for place, digit in enumerate(digits):
        rest = len(digits) - place - 1
        found += sum(_ways(rest, s - used - smaller) for smaller in range(digit))
        used += digit
    return found + (used == s)


def _ways(places: int, s: int) -> int:
    """Numbers of that many digits, leading zeros too, with digits that add up to s (inclusion and exclusion)."""
    if s < 0:
        return 0
    if places == 0:
        return int(s == 0)
    return sum(
        (-1) ** k * math.comb(places, k) * math.comb(s - 10 * k + places - 1, places - 1) for k in range(s // 10 + 1)
    )


def _dice(rng: random.Random, size: int) -> tuple[dict[str, int], int]:
    n = rng.randint(2, 2 + size)
    s = rng.randint(n + 1, 6 * n - 1)
    ways = [1]
    for _ in range(n):
        ways = [sum(ways[max(0, t - 6) : t]) for t in range(len(ways) + 6)]
    return {"n": n, "s": s}, ways[s]


def _trailing(rng: random.Random, size: int) -> tuple[dict[str, int], int]:
    n = rng.randint(10, 250 * size)
    return {"n": n}, sum(n // 5**k for k in itertools.takewhile(lambda k: 5**k <= n, itertools.count(1)))


_KINDS: tuple[tuple[tuple[str, ...], Draw], ...] = (
    (
        (
            "How many positive integers up to {n} are divisible by {a} or {b}?",
            "Of the integers from 1 to {n}, how many are multiples of {a} or of {b}?",
        ),
        _multiples,
    ),
    (("What is the last digit of ${a}^{{{n}}}$?", "Find the units digit of ${a}^{{{n}}}$."), _last_digit),
    (("How many positive divisors does {n} have?", "How many positive integers divide {n}?"), _divisors),
    (
        (
            "An ant walks on a grid from $(0,0)$ to $({a},{b})$, a unit right or up each step. How many ways are there?",
            "How many shortest ways along the streets lead {a} blocks east and {b} blocks north?",
        ),
        _paths,
    ),
    (
        ("What is the sum of the integers from {a} to {b}?", "Add up all integers from {a} to {b}. What is the sum?"),
        _consecutive,
    ),
    (
        (
            "What is the remainder when ${a}^{{{n}}}$ is divided by {m}?",
            "Find the remainder of ${a}^{{{n}}}$ after division by {m}.",
        ),
        _power_rest,
    ),
    (
        (
            "How many pairs of different integers from 1 to {n}, in any order, add up to {s}?",
            "Two different cards are drawn from cards numbered 1 to {n}. In how many pairs is the sum {s}?",
        ),
        _pairs,
    ),
    (
        (
            "Of {a} hosts and {b} guests all shake hands once, but no two hosts do. How many handshakes are there?",
            "Of {a} red and {b} blue points no three lie on a line. How many lines join two of them that are not both red?",
        ),
        _handshakes,
    ),
    (
        (
            "How many integers from 1 to {n} have digits that add up to {s}?",
            "How many positive integers up to {n} have the digit sum {s}?",
        ),
        _digits,
    ),
    (
        (
            "In how many ways can {n} different dice show a total of {s}?",
            "{n} dice of different colours are rolled. How many outcomes have the sum {s}?",
        ),
        _dice,
    ),
    (("In how many zeros does ${n}!$ end?", "How many zeros are at the end of the factorial of {n}?"), _trailing),
)
