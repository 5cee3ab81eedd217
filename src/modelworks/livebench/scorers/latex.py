"""LaTeX as SymPy expressions, and whether two are equal: as the original decides it, and by value.

Nothing here limits time or memory: `modelworks.livebench.scorers.symbolic` does, in processes of their own.
"""

import functools
import random
import re
from collections.abc import Iterator
from itertools import zip_longest
from typing import Any

import lark
import sympy
from latex2sympy2_extended import latex2sympy
from sympy.parsing.latex import parse_latex

_POINTS = 12
_FEWEST = 4
_CLOSE = 1e-10
_DECIMAL = re.compile(r"[-+]?\s*[0-9]*\.([0-9]+)")
_CONSTANTS = {sympy.Symbol("pi"): sympy.pi, sympy.Symbol("e"): sympy.E, sympy.Symbol("i"): sympy.I}


@functools.lru_cache(maxsize=1024)
def readings(text: str) -> list[Any]:
    """What the text can mean: all that the grammar reads, else what a parser reads that forgives more; or nothing."""
    found = _by_grammar(text) or _by_grammar(text.replace("\\\\", "\\"))
    if found:
        return found
    try:
        return [latex2sympy(text)]
    except Exception:  # parsers raise all kinds
        return []


@functools.lru_cache(maxsize=1024)
def _by_grammar(text: str) -> list[Any]:
    try:
        read = parse_latex(text, backend="lark")
    except Exception:  # lark, SymPy and the grammar's actions raise all kinds
        return []
    return list(read.children) if isinstance(read, lark.Tree) else [read]


def compatible(truth: str, answer: str, tolerance: float, plain: bool = False) -> bool:
    """Whether any readings differ by 0 after `simplify`, or by less than `tolerance` in absolute value.

    `plain`: only the first reading of the grammar is taken of each.
    """

    def read(text: str) -> list[Any]:
        return _by_grammar(text)[:1] if plain else readings(text)

    found = read(answer)
    return any(_vanishes(one, other, tolerance) for one in (read(truth) if found else []) for other in found)


def _vanishes(one: Any, other: Any, tolerance: float) -> bool:
    try:
        difference = one - other
        if difference == 0:
            return True
        if isinstance(difference, sympy.Expr) and any(abs(value) > tolerance for value in _values(difference)):
            return False
        simple = sympy.simplify(difference)
        return bool(simple == 0 or sympy.Abs(simple) < tolerance)
    except Exception:  # what SymPy cannot subtract or compare is different, as in the original
        return False


def _values(expression: sympy.Expr) -> Iterator[complex]:
    """Its values at seeded points of the real axis, both sides of 0; of a number, its value; only finite ones."""
    symbols = sorted(expression.free_symbols, key=str)
    draw = random.Random(0)
    for _ in range(_POINTS if symbols else 1):
        point = {symbol: sympy.Rational(draw.choice((-1, 1)) * draw.randrange(500, 3000), 1000) for symbol in symbols}
        try:
            value = complex(expression.evalf(25, subs=point))
        except (TypeError, ValueError, OverflowError, ZeroDivisionError, AttributeError):
            continue
        if abs(value) < float("inf"):
            yield value


def equal(truth: str, answer: str, up_to_constant: bool = False) -> bool | None:
    """Whether the answer has the value of the truth; None if either cannot be read.

    Lists are equal part by part, without order in braces. A decimal with at least 4 places is also equal if the truth,
    a number, rounds to it. `up_to_constant`: functions that differ by a constant are equal.
    """
    parts, others = _parts(truth), _parts(answer)
    if len(parts) > 1 or len(others) > 1:
        if truth.strip().startswith("\\{"):
            parts, others = sorted(parts), sorted(others)
        pairs = zip_longest(parts, others, fillvalue="")
        return len(parts) == len(others) and all(equal(one, other, up_to_constant) for one, other in pairs)
    wanted, found = readings(truth), readings(answer)
    if not wanted or not found:
        return None
    if decimal := _DECIMAL.fullmatch(answer.strip()):
        places = len(decimal[1])
        exact = sympy.Rational(answer.replace(" ", ""))
        return any(_is_rounded(one, exact, places) for one in wanted)
    return any(_same(_exact(one), _exact(other), up_to_constant) for one in wanted for other in found)


def _parts(text: str) -> list[str]:
    """The parts between commas that are in no brackets; outer parentheses or braces go if there are several."""
    inner = re.sub(r"^(?:\(|\[|\\\{)(.*)(?:\)|\]|\\\})$", r"\1", text.strip())
    parts, depth = [""], 0
    for character in inner:
        depth += (character in "([{") - (character in ")]}")
        if character == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += character
    return [part.strip() for part in parts] if len(parts) > 1 else [text]


def _exact(expression: Any) -> Any:
    """With decimals as fractions, and the letters e, i and pi as the constants."""
    if not isinstance(expression, sympy.Basic):
        return expression
    floats = {number: sympy.Rational(str(number)) for number in expression.atoms(sympy.Float)}
    return expression.xreplace({**floats, **_CONSTANTS})


def _is_rounded(truth: Any, decimal: sympy.Rational, places: int) -> bool:
    exact = _exact(truth)
    if not isinstance(exact, sympy.Expr) or exact.free_symbols or not exact.is_real:
        return False
    if sympy.simplify(exact - decimal) == 0:
        return True
    return places >= 4 and abs(exact - decimal).evalf(places + 25) <= sympy.Rational(1, 2) / 10**places


def _same(one: Any, other: Any, up_to_constant: bool) -> bool:
    try:
        if isinstance(one, sympy.MatrixBase) and isinstance(other, sympy.MatrixBase):
            return one.shape == other.shape and all(map(_same, one, other, [up_to_constant] * len(one)))
        if not isinstance(one, sympy.Expr) or not isinstance(other, sympy.Expr):
            return bool(one == other)
        difference = one - other
        if difference == 0 or sympy.expand(difference) == 0:
            return True
        values = _comparable(difference)
    except (TypeError, ValueError, ArithmeticError, AttributeError, RecursionError, NotImplementedError):
        return False
    shift = values[0] if values and up_to_constant and one.free_symbols else 0
    enough = _FEWEST if difference.free_symbols else 1
    return len(values) >= enough and all(abs(value - shift) <= _CLOSE for value in values)


def _comparable(difference: sympy.Expr) -> list[complex]:
    """The values where they are real; all, if hardly any is: logarithms differ by a constant left of their pole."""
    values = list(_values(difference))
    real = [value for value in values if abs(value.imag) <= _CLOSE]
    return real if len(real) >= _FEWEST else values
