"""Problems of algebra and calculus over integer polynomials, written in LaTeX with their answers."""

import random
from collections.abc import Callable
from fractions import Fraction

Polynomial = list[int]  # coefficients from the constant up
Drawn = tuple[str, str, str]  # (kind, what is given, answer)


def latex(coefficients: Polynomial | list[Fraction]) -> str:
    """`3x^{2}-x+7`; highest power first."""
    text = ""
    for power in range(len(coefficients) - 1, -1, -1):
        value = Fraction(coefficients[power])
        if not value:
            continue
        sign = "-" if value < 0 else "+" if text else ""
        size = abs(value)
        number = str(size) if size.denominator == 1 else rf"\frac{{{size.numerator}}}{{{size.denominator}}}"
        if power and size == 1:
            number = ""
        text += sign + number + ("" if not power else "x" if power == 1 else f"x^{{{power}}}")
    return text or "0"


def product(first: Polynomial, second: Polynomial) -> Polynomial:
    """The product of two polynomials."""
    result = [0] * (len(first) + len(second) - 1)
    for i, x in enumerate(first):
        for j, y in enumerate(second):
            result[i + j] += x * y
    return result


def _polynomial(rng: random.Random, degree: int, most: int = 9) -> Polynomial:
    return [*(rng.randint(-most, most) for _ in range(degree)), rng.choice([1, 2, 3, 4, 5]) * rng.choice([1, -1])]


def _derivative(rng: random.Random, hard: bool) -> Drawn:
    factors = [_polynomial(rng, 2), _polynomial(rng, 2)] if hard else [_polynomial(rng, rng.randint(2, 4))]
    whole = product(factors[0], factors[1]) if hard else factors[0]
    given = "".join(f"({latex(one)})" for one in factors) if hard else latex(whole)
    return "derivative", given, latex([power * value for power, value in enumerate(whole)][1:])


def _integral(rng: random.Random, hard: bool) -> Drawn:
    factors = [_polynomial(rng, 1), _polynomial(rng, 2)] if hard else [_polynomial(rng, 2)]
    whole = product(factors[0], factors[1]) if hard else factors[0]
    given = "".join(f"({latex(one)})" for one in factors) if hard else latex(whole)
    return "integral", given, latex([Fraction(0), *(Fraction(v, p + 1) for p, v in enumerate(whole))])


def _square(rng: random.Random, hard: bool) -> Drawn:
    a, h, k = (
        rng.choice([2, 3, 4, 5, 6, 7]) if hard else 1,
        rng.choice([-1, 1]) * rng.randint(1, 12),
        rng.randint(-30, 30),
    )
    whole = [a * h * h + k, 2 * a * h, a]
    return "square", latex(whole), f"{a if a > 1 else ''}({latex([h, 1])})^{{2}}{f'{k:+d}' if k else ''}"


def _expansion(rng: random.Random, hard: bool) -> Drawn:
    first, second = _polynomial(rng, 2 if hard else 1), _polynomial(rng, 2 if hard else 1)
    return "expansion", f"({latex(first)})({latex(second)})", latex(product(first, second))


def _common(rng: random.Random, hard: bool) -> Drawn:
    """The factors are monic and linear, so that what is common is what is seen."""
    roots = rng.sample([n for n in range(-9, 10) if n], 5 if hard else 3)
    shared = [[-roots[0], 1], [-roots[1], 1]] if hard else [[-roots[0], 1]]
    answer = [1]
    for one in shared:
        answer = product(answer, one)
    first, second = (product(answer, [-root, 1]) for root in roots[-2:])
    return "common", f"{latex(first)}$ and ${latex(second)}", latex(answer)


def _determinant(rng: random.Random, hard: bool) -> Drawn:
    size = 3 if hard else 2
    rows = [[rng.randint(-9, 9) for _ in range(size)] for _ in range(size)]
    inside = r" \\ ".join(" & ".join(map(str, row)) for row in rows)
    return "determinant", rf"\begin{{pmatrix}} {inside} \end{{pmatrix}}", str(_laplace(rows))


def _laplace(rows: list[list[int]]) -> int:
    if len(rows) == 1:
        return rows[0][0]
    minors = ([row[:i] + row[i + 1 :] for row in rows[1:]] for i in range(len(rows)))
    return sum((-1) ** i * rows[0][i] * _laplace(minor) for i, minor in enumerate(minors))


KINDS: tuple[Callable[[random.Random, bool], Drawn], ...] = (
    _derivative,
    _integral,
    _square,
    _expansion,
    _common,
    _determinant,
)
ASKED = {
    "derivative": "the derivative with respect to $x$ of ${}$",
    "integral": "an antiderivative with respect to $x$ (leave out the constant) of ${}$",
    "square": "the form $a(x+h)^{{2}}+k$, by completing the square, of ${}$",
    "expansion": "the expanded form of ${}$",
    "common": "the greatest common divisor, monic, of ${}$",
    "determinant": "the determinant of ${}$",
}
WAYS = ("Find {}.", "Compute {}.", "Determine {}.", "Work out {}.", "What is {}?")
