r"""Proof that a formula is the answer: exact where that is possible, else at 20 points, from the question's text."""

import itertools
import math
import re
from collections.abc import Callable
from fractions import Fraction

from modelworks.livebench.proofs.expressions import value
from modelworks.livebench.proofs.proof import ProofError
from modelworks.livebench.question import Question

_POINTS = [Fraction(n, 7) + Fraction(1, 11) for n in range(-10, 10)]  # 20 of them
_STEP = Fraction(1, 1000)
_SUM = re.compile(r"(?<![\w$])(\d+(?:[-+]\d+)+)(?![\w$])")

Check = Callable[[str, str], bool]  # (the text, the answer)


def prove(question: Question) -> None:
    """Raise ProofError unless the answer is right, and of the only kind of question that the text can be."""
    text, truth = question.turns[0].rpartition("\n")[0], str(question.ground_truth)
    fitting = [check for pattern, check in _KINDS if re.search(pattern, text)]
    if len(fitting) != 1:
        raise ProofError(question.question_id, f"the question is of {len(fitting)} kinds: {text!r}")
    try:
        right = fitting[0](text, truth)
    except (ValueError, IndexError, ArithmeticError) as error:
        raise ProofError(question.question_id, f"cannot be read: {error}") from None
    if not right:
        raise ProofError(question.question_id, f"{truth!r} is not the answer to {text!r}")


def _formulas(text: str) -> list[str]:
    return re.findall(r"\$([^$]*)\$", text)


def _sum(text: str, truth: str) -> bool:
    (shown,) = _SUM.findall(text)
    return value(shown) == int(truth)


def _expanded(text: str, truth: str) -> bool:
    return "(" not in truth and all(value(_formulas(text)[0], x) == value(truth, x) for x in _POINTS)


def _at(text: str, truth: str) -> bool:
    formula, place = (part.partition("=")[2] for part in _formulas(text))
    return value(formula, value(place)) == value(truth)


def _largest_root(text: str, truth: str) -> bool:
    formula = _formulas(text)[0].removesuffix("=0")
    root = value(truth)
    roots = [n for n in range(-200, 201) if value(formula, Fraction(n)) == 0]
    # A parabola has no more roots than two, and opens so that it has a sign of its own beyond the larger one.
    return len(roots) == 2 and root == max(roots)


def _solution(text: str, truth: str) -> bool:
    left, _, right = _formulas(text)[0].partition("=")

    def gap(x: Fraction) -> Fraction:
        return Fraction(value(left, x)) - Fraction(value(right, x))

    return gap(Fraction(value(truth))) == 0 and gap(Fraction(1)) != gap(Fraction(0))


def _determinant(text: str, truth: str) -> bool:
    rows = re.search(r"pmatrix\}(-?\d+)&(-?\d+)\\\\(-?\d+)&(-?\d+)", text)
    assert rows
    a, b, c, d = map(int, rows.groups())
    # By elimination instead of the formula.
    if a == 0:
        return int(truth) == -b * c
    return Fraction(int(truth)) == a * (d - Fraction(c, a) * b)


def _common_divisor(text: str, truth: str) -> bool:
    a, b = map(int, _formulas(text))
    return int(truth) == max(n for n in range(1, min(a, b) + 1) if a % n == 0 and b % n == 0)


def _completed(text: str, truth: str) -> bool:
    # k is the least value of a parabola that opens upwards, at a whole or half place.
    formula = _formulas(text)[0]
    return value(truth) == min(value(formula, Fraction(n, 2)) for n in range(-60, 61))


def _remainder(text: str, truth: str) -> bool:
    above, below = _formulas(text)[:2]
    rest = Fraction(value(truth))
    place = -Fraction(value(below, Fraction(0)))
    # p(x) - r is a multiple of x - a, so their quotient is a polynomial of one degree less: its third differences are 0.
    quotients = [
        (Fraction(value(above, x)) - rest) / (x - place) for x in (place + n + Fraction(1, 2) for n in range(20))
    ]
    for _ in range(3):
        quotients = [b - a for a, b in itertools.pairwise(quotients)]
    return not any(quotients)


def _is_derivative(of: str, truth: str) -> bool:
    for x in _POINTS:
        ends = [float(value(of, x + n * _STEP)) for n in (-2, -1, 1, 2)]
        slope = (ends[0] - 8 * ends[1] + 8 * ends[2] - ends[3]) / (12 * float(_STEP))
        if not math.isclose(slope, float(value(truth, x)), rel_tol=1e-6, abs_tol=1e-6):
            return False
    return True


def _differentiated(text: str, truth: str) -> bool:
    return _is_derivative(_formulas(text)[0], truth)


def _integrated(text: str, truth: str) -> bool:
    inner = re.search(r"\\int (.*?)\\,dx", text)
    return inner is not None and value(truth) == 0 and _is_derivative(truth, inner[1])


def _between(text: str, truth: str) -> bool:
    """Simpson's rule is exact up to the third power."""
    found = re.search(r"\\int_\{(-?\d+)\}\^\{(-?\d+)\} (.*?)\\,dx", text)
    assert found
    low, high = Fraction(int(found[1])), Fraction(int(found[2]))
    ends = [Fraction(value(found[3], place)) for place in (low, (low + high) / 2, high)]
    return Fraction(value(truth)) == (high - low) / 6 * (ends[0] + 4 * ends[1] + ends[2])


def _slope(text: str, truth: str) -> bool:
    formula, place = (part.partition("=")[2] for part in _formulas(text))
    x = Fraction(value(place))
    # The five-point rule is exact up to the fourth power.
    ends = [Fraction(value(formula, x + n)) for n in (-2, -1, 1, 2)]
    return Fraction(value(truth)) == (ends[0] - 8 * ends[1] + 8 * ends[2] - ends[3]) / 12


def _limit(text: str, truth: str) -> bool:
    found = re.search(r"\\lim_\{x\\to (-?\d+)\}(\\frac.*)\$", text)
    assert found
    place = Fraction(int(found[1]))
    # The quotient is linear wherever it is defined, so its values on both sides meet in the middle.
    sides = [Fraction(value(found[2], place + gap)) for gap in (Fraction(1, 10), Fraction(-1, 10))]
    return Fraction(value(truth)) == sum(sides, Fraction(0)) / 2


def _series(text: str, truth: str) -> bool:
    first, ratio = (Fraction(value(formula)) for formula in _formulas(text))
    total, term = 0.0, float(first)
    for _ in range(2000):
        total, term = total + term, term * float(ratio)
    return abs(ratio) < 1 and math.isclose(total, float(value(truth)), rel_tol=1e-9)


_KINDS: tuple[tuple[str, Check], ...] = (
    (r"^[^$]*\d[-+]\d[^$]*$", _sum),
    (r"^(Expand|Multiply out|Write \$.*\$ as a sum)", _expanded),
    (r"p\(x\)=", _at),
    (r"(larger|greater) (root|solution|zero)", _largest_root),
    (r"^(Solve|For which x|Find the solution)", _solution),
    (r"determinant", _determinant),
    (r"greatest common", _common_divisor),
    (r"\+k\$", _completed),
    (r"remainder", _remainder),
    (r"[Dd]ifferentiate|derivative", _differentiated),
    (r"\\int ", _integrated),
    (r"\\int_", _between),
    (r"slope|steep", _slope),
    (r"\\lim_", _limit),
    (r"geometric series", _series),
)
