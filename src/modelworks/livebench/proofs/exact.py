"""Exact values of what is written in a question: LaTeX of polynomials, at rational points, with their derivatives."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

_TOKEN = re.compile(r"\\frac|\d+|[x(){}^+\-*/]")
_MOST_POWER = 12


@dataclass(frozen=True)
class Dual:
    """A value and its derivative by x (forward-mode differentiation)."""

    value: Fraction
    slope: Fraction = Fraction(0)

    def __add__(self, other: "Dual") -> "Dual":
        return Dual(self.value + other.value, self.slope + other.slope)

    def __mul__(self, other: "Dual") -> "Dual":
        return Dual(self.value * other.value, self.slope * other.value + self.value * other.slope)


def evaluate(text: str, x: Fraction) -> Dual:
    """The expression and its derivative at x. Raises ValueError for anything but sums, products, powers, fractions."""
    tokens = _TOKEN.findall(text)
    if "".join(tokens) != re.sub(r"\s", "", text):
        raise ValueError(f"{text!r} is not a polynomial")
    reader = _Reader(tokens, Dual(x, Fraction(1)))
    result = reader.sum()
    if reader.left:
        raise ValueError(f"{text!r} does not end where it should")
    return result


class _Reader:
    def __init__(self, tokens: list[str], x: Dual) -> None:
        self.left = tokens[::-1]
        self._x = x

    def sum(self) -> Dual:
        total = Dual(Fraction(0))
        first = True
        while self.left and (first or self.left[-1] in "+-"):
            sign = Fraction(-1 if self.left[-1] == "-" else 1)
            if self.left[-1] in "+-":
                self.left.pop()
            total, first = total + Dual(sign) * self._product(), False
        return total

    def _product(self) -> Dual:
        result = self._power()
        while self.left and (self.left[-1] in ("x", "(", r"\frac") or self.left[-1].isdigit()):
            result = result * self._power()
        return result

    def _power(self) -> Dual:
        base, result = self._atom(), Dual(Fraction(1))
        if not self.left or self.left[-1] != "^":
            return base
        self.left.pop()
        power = self._braced().value
        if power.denominator != 1 or not 0 <= power <= _MOST_POWER:
            raise ValueError(f"a power of {power}")
        for _ in range(int(power)):
            result = result * base
        return result

    def _atom(self) -> Dual:
        token = self.left.pop() if self.left else ""
        if token == "x":
            return self._x
        if token.isdigit():
            return Dual(Fraction(token))
        if token == "(":
            return self._until(")", self.sum)
        if token == r"\frac":
            above, below = self._braced(), self._braced().value
            return above * Dual(1 / below)
        raise ValueError(f"unexpected {token!r}")

    def _braced(self) -> Dual:
        if not self.left or self.left.pop() != "{":
            raise ValueError("a brace is missing")
        return self._until("}", self.sum)

    def _until(self, end: str, read: Callable[[], Dual]) -> Dual:
        result = read()
        if not self.left or self.left.pop() != end:
            raise ValueError(f"{end} is missing")
        return result


def plain_sum(text: str) -> int:
    """The value of the only sum of natural numbers in the text. Raises ValueError if there is not one."""
    found = re.findall(r"\d+(?:[+-]\d+)+", text)
    if len(found) != 1:
        raise ValueError(f"{text!r} does not hold one sum")
    return sum(int(term) for term in re.findall(r"[+-]?\d+", found[0]))
