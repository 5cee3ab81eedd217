"""Polynomials with integer or fractional coefficients as LaTeX; index i of the coefficients is the power of x."""

from collections.abc import Sequence
from fractions import Fraction

Number = int | Fraction


def latex_number(number: Number) -> str:
    """`3`, `-\\frac{1}{2}`."""
    exact = Fraction(number)
    if exact.denominator == 1:
        return str(exact.numerator)
    return f"{'-' if exact < 0 else ''}\\frac{{{abs(exact.numerator)}}}{{{exact.denominator}}}"


def latex(coefficients: Sequence[Number]) -> str:
    """`3x^{2}-x+5`, highest power first; `0` for nothing."""
    parts = []
    for power in range(len(coefficients) - 1, -1, -1):
        number = coefficients[power]
        if number == 0:
            continue
        shown = latex_number(abs(number))
        unknown = "" if power == 0 else "x" if power == 1 else f"x^{{{power}}}"
        body = shown if not unknown else unknown if shown == "1" else f"{shown}{unknown}"
        parts.append(f"{'-' if number < 0 else '+'}{body}")
    return "".join(parts).removeprefix("+") or "0"


def times(first: Sequence[int], second: Sequence[int]) -> list[int]:
    """The product."""
    found = [0] * (len(first) + len(second) - 1)
    for i, a in enumerate(first):
        for j, b in enumerate(second):
            found[i + j] += a * b
    return found


def at(coefficients: Sequence[int], place: int) -> int:
    """The value at a place."""
    return sum(number * place**power for power, number in enumerate(coefficients))


def derivative(coefficients: Sequence[int]) -> list[int]:
    """The derivative."""
    return [power * number for power, number in enumerate(coefficients)][1:] or [0]


def antiderivative(coefficients: Sequence[int]) -> list[Fraction]:
    """The antiderivative that is 0 at 0."""
    return [Fraction(0), *(Fraction(number, power + 1) for power, number in enumerate(coefficients))]
