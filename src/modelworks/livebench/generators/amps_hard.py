r"""Symbolic mathematics with one answer in a box: sums (level 1), algebra (2), calculus (3), after AMPS Hard."""

import random
import re
from collections.abc import Callable
from datetime import date
from fractions import Fraction
from math import gcd

from modelworks.livebench.generators import polynomials as poly
from modelworks.livebench.generators.shares import is_of
from modelworks.livebench.generators.sums import draw_sum
from modelworks.livebench.question import Question, question_id

TASK = "AMPS_Hard"
CATEGORY = "math"
LEVELS = (1, 2, 3)

_BOX = "Please put your final answer in a $\\boxed{}$."
Draw = Callable[[random.Random], tuple[str, str]]  # (what stands for {0} in a wording, the answer)


def generate(seed: int, level: int, count: int, release: date) -> list[Question]:
    """`count` different questions of the level, of the release's own share of all that could be asked."""
    rng = random.Random(f"{seed}:{TASK}:{level}")
    found: dict[str, Question] = {}
    while len(found) < count:
        stem, truth = draw_sum(rng) if level == 1 else _drawn(rng, level)
        if is_of(f"{TASK}:{stem}", release):
            one = _question(stem, truth, level, release)
            found.setdefault(one.question_id, one)
    return list(found.values())


def oracle_answer(question: Question) -> str:
    """The right answer in a box."""
    return f"The answer is $\\boxed{{{question.ground_truth}}}$."


def random_answer(question: Question, rng: random.Random) -> str:
    """A whole number: from 0 to 198, where all sums of level 1 are; from -50 to 50 otherwise."""
    low, high = (0, 198) if question.extra["level"] == 1 else (-50, 50)
    return f"The answer is $\\boxed{{{rng.randint(low, high)}}}$."


def chance(question: Question) -> float:
    """How often such a guess is right."""
    if not re.fullmatch(r"-?\d+", question.ground_truth):
        return 0.0
    within = (0, 198) if question.extra["level"] == 1 else (-50, 50)
    return 1 / (within[1] - within[0] + 1) if within[0] <= int(question.ground_truth) <= within[1] else 0.0


def _question(stem: str, truth: str, level: int, release: date) -> Question:
    turns = [f"{stem}\n{_BOX}"]
    extra = {"level": level, "template": template(stem), "stem": stem}
    return Question(question_id(TASK, turns, truth), CATEGORY, TASK, turns, truth, release, extra=extra)


def template(text: str) -> str:
    """The text with formulas and numbers masked."""
    return re.sub(r"\d+", "#", re.sub(r"\$[^$]*\$", "$#$", text))


def _drawn(rng: random.Random, level: int) -> tuple[str, str]:
    wordings, draw = rng.choice(_ALGEBRA if level == 2 else _CALCULUS)
    shown, truth = draw(rng)
    return rng.choice(wordings).replace("{0}", shown), truth


def _coefficients(rng: random.Random, degree: int, most: int = 9) -> list[int]:
    return [rng.randint(-most, most) for _ in range(degree)] + [rng.choice([-1, 1]) * rng.randint(1, most)]


def _expand(rng: random.Random) -> tuple[str, str]:
    first, second = _coefficients(rng, 1), _coefficients(rng, rng.randint(1, 2))
    return f"$({poly.latex(first)})({poly.latex(second)})$", poly.latex(poly.times(first, second))


def _value(rng: random.Random) -> tuple[str, str]:
    found, place = _coefficients(rng, 3), rng.randint(-4, 4)
    return f"$p(x)={poly.latex(found)}$ at $x={place}$", str(poly.at(found, place))


def _larger_root(rng: random.Random) -> tuple[str, str]:
    roots = sorted(rng.sample(range(-15, 16), 2))
    scale = rng.randint(1, 4)
    found = [scale * part for part in poly.times([-roots[0], 1], [-roots[1], 1])]
    return f"${poly.latex(found)}=0$", str(roots[1])


def _linear(rng: random.Random) -> tuple[str, str]:
    a, c = rng.sample([n for n in range(-12, 13) if n], 2)
    b, d = rng.randint(-20, 20), rng.randint(-20, 20)
    return f"${poly.latex([b, a])}={poly.latex([d, c])}$", poly.latex_number(Fraction(d - b, a - c))


def _determinant(rng: random.Random) -> tuple[str, str]:
    a, b, c, d = (rng.randint(-12, 12) for _ in range(4))
    return f"$\\begin{{pmatrix}}{a}&{b}\\\\{c}&{d}\\end{{pmatrix}}$", str(a * d - b * c)


def _common_divisor(rng: random.Random) -> tuple[str, str]:
    shared = rng.randint(2, 24)
    a, b = shared * rng.randint(2, 30), shared * rng.randint(2, 30)
    return f"${a}$ and ${b}$", str(gcd(a, b))


def _square(rng: random.Random) -> tuple[str, str]:
    h, k = rng.randint(-12, 12), rng.randint(-30, 30)
    return f"${poly.latex([h * h + k, 2 * h, 1])}$", str(k)


def _remainder(rng: random.Random) -> tuple[str, str]:
    found, place = _coefficients(rng, 3), rng.choice([n for n in range(-4, 5) if n])
    return f"${poly.latex(found)}$ is divided by ${poly.latex([-place, 1])}$", str(poly.at(found, place))


def _derivative(rng: random.Random) -> tuple[str, str]:
    found = _coefficients(rng, rng.randint(2, 5))
    return f"${poly.latex(found)}$", poly.latex(poly.derivative(found))


def _wave(rng: random.Random) -> tuple[str, str]:
    a, b = rng.choice([-1, 1]) * rng.randint(2, 12), rng.randint(2, 9)
    name, other, sign = rng.choice([("sin", "cos", 1), ("cos", "sin", -1)])
    return f"${a}\\{name}({b}x)$", f"{sign * a * b}\\{other}({b}x)"


def _antiderivative(rng: random.Random) -> tuple[str, str]:
    found = _coefficients(rng, rng.randint(1, 3))
    return f"$\\int {poly.latex(found)}\\,dx$", poly.latex(poly.antiderivative(found))


def _area(rng: random.Random) -> tuple[str, str]:
    found = _coefficients(rng, rng.randint(1, 3))
    low = rng.randint(-3, 2)
    high = low + rng.randint(1, 4)
    whole = poly.antiderivative(found)
    ends = [sum((part * place**power for power, part in enumerate(whole)), Fraction(0)) for place in (low, high)]
    return f"$\\int_{{{low}}}^{{{high}}} {poly.latex(found)}\\,dx$", poly.latex_number(ends[1] - ends[0])


def _slope(rng: random.Random) -> tuple[str, str]:
    found, place = _coefficients(rng, 3), rng.randint(-4, 4)
    return f"$y={poly.latex(found)}$ at $x={place}$", str(poly.at(poly.derivative(found), place))


def _limit(rng: random.Random) -> tuple[str, str]:
    place, other = rng.sample([n for n in range(-12, 13) if n], 2)
    above = poly.latex(poly.times([-place, 1], [-other, 1]))
    return f"$\\lim_{{x\\to {place}}}\\frac{{{above}}}{{{poly.latex([-place, 1])}}}$", str(place - other)


def _series(rng: random.Random) -> tuple[str, str]:
    below = rng.randint(2, 9)
    above, first = rng.choice([-1, 1]) * rng.randint(1, below - 1), rng.randint(1, 40)
    ratio = Fraction(above, below)
    return f"${first}$ and ratio ${poly.latex_number(ratio)}$", poly.latex_number(first / (1 - ratio))


_ALGEBRA: tuple[tuple[tuple[str, ...], Draw], ...] = (
    (("Expand {0}.", "Multiply out {0} and collect the terms.", "Write {0} as a sum of powers of x."), _expand),
    (("Evaluate {0}.", "Find the value of {0}.", "Work out {0}."), _value),
    (
        ("Find the larger root of {0}.", "What is the greater solution of {0}?", "Give the larger zero of {0}."),
        _larger_root,
    ),
    (("Solve {0} for x.", "For which x does {0} hold?", "Find the solution of {0}."), _linear),
    (
        (
            "Find the determinant of {0}.",
            "Compute the determinant of the matrix {0}.",
            "What is the determinant of {0}?",
        ),
        _determinant,
    ),
    (("Find the greatest common divisor of {0}.", "What is the greatest common factor of {0}?"), _common_divisor),
    (
        ("Write {0} as $(x+h)^{2}+k$. What is k?", "Complete the square of {0} to get $(x+h)^{2}+k$ and give k."),
        _square,
    ),
    (("What is the remainder when {0}?", "Find the remainder if {0}."), _remainder),
)
_CALCULUS: tuple[tuple[tuple[str, ...], Draw], ...] = (
    (
        ("Differentiate {0}.", "Find the derivative of {0}.", "Compute the derivative of {0} with respect to x."),
        _derivative,
    ),
    (("Differentiate the function {0}.", "What is the derivative of the wave {0}?"), _wave),
    (
        (
            "Find the indefinite integral {0}.",
            "Compute {0}, leaving out the constant.",
            "Integrate {0} with constant 0.",
        ),
        _antiderivative,
    ),
    (("Compute the definite integral {0}.", "Evaluate {0} exactly.", "What is the value of {0}?"), _area),
    (("Find the slope of {0}.", "How steep is the curve {0}?", "Give the slope of the tangent to {0}."), _slope),
    (("Find {0}.", "Evaluate the limit {0}.", "What is the limit {0}?"), _limit),
    (
        (
            "A geometric series has the first term {0}. What is its sum?",
            "Sum the infinite geometric series with first term {0}.",
            "Find the sum to infinity of the geometric series of first term {0}.",
        ),
        _series,
    ),
)
