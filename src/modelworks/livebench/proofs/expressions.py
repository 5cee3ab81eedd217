r"""The value of a formula in a small part of LaTeX, read by a parser of its own.

Whole numbers, x, + - ^, products without a sign, ( ), \frac{}{}, \sqrt{}, \sin( ), \cos( ). Values are Fractions as
long as they can be, else floats.
"""

import math
import re
from fractions import Fraction

Value = Fraction | float

_TOKEN = re.compile(r"\s*(?:\\,)?\s*(\d+|x|\\[a-z]+|[-+^(){}])")


def value(text: str, x: Value = Fraction(0)) -> Value:
    """The value of `text` at `x`. Raises ValueError for what is not of that part of LaTeX."""
    tokens, place = [], 0
    while place < len(text):
        match = _TOKEN.match(text, place)
        if match is None:
            raise ValueError(f"cannot read {text!r} at {place}")
        tokens.append(match[1])
        place = match.end()
    reader = _Reader(tokens, x)
    found = reader.sum()
    if reader.tokens:
        raise ValueError(f"cannot read {text!r}: {reader.tokens[0]} is left over")
    return found


class _Reader:
    def __init__(self, tokens: list[str], x: Value) -> None:
        self.tokens = tokens
        self._x = x

    def sum(self) -> Value:
        sign = -1 if self._take("-") else 1
        found = sign * self._product()
        while self.tokens and self.tokens[0] in "+-":
            sign = -1 if self.tokens.pop(0) == "-" else 1
            found = found + sign * self._product()
        return found

    def _product(self) -> Value:
        found = self._power()
        while self.tokens and self.tokens[0] not in ("+", "-", ")", "}", "^"):
            found = found * self._power()
        return found

    def _power(self) -> Value:
        base = self._atom()
        if not self._take("^"):
            return base
        exponent = self._group() if self.tokens and self.tokens[0] == "{" else self._atom()
        return base ** int(exponent)

    def _atom(self) -> Value:
        if not self.tokens:
            raise ValueError("the formula ends too early")
        token = self.tokens.pop(0)
        if token.isdigit():
            return Fraction(int(token))
        if token == "x":
            return self._x
        if token == "(":
            found = self.sum()
            self._expect(")")
            return found
        if token == "\\frac":
            above = self._group()
            return above / self._group()
        if token == "\\sqrt":
            return math.sqrt(self._group())
        if token in ("\\sin", "\\cos"):
            self._expect("(")
            angle = float(self.sum())
            self._expect(")")
            return math.sin(angle) if token == "\\sin" else math.cos(angle)
        raise ValueError(f"{token} is no formula")

    def _group(self) -> Value:
        self._expect("{")
        found = self.sum()
        self._expect("}")
        return found

    def _take(self, token: str) -> bool:
        if self.tokens and self.tokens[0] == token:
            self.tokens.pop(0)
            return True
        return False

    def _expect(self, token: str) -> None:
        if not self._take(token):
            raise ValueError(f"{token} is missing")
