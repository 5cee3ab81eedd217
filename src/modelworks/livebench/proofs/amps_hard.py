"""AMPS_Hard: the answer is right at 20 rational points, or exactly, by other means than the generator's."""

import itertools
import re
from fractions import Fraction
from math import prod

from modelworks.livebench.proofs.exact import evaluate, plain_sum
from modelworks.livebench.proofs.proof import ProofError
from modelworks.livebench.question import Question

POINTS = [Fraction(2 * number - 19, 3) for number in range(20)]


def prove(question: Question) -> None:
    """Raise ProofError unless the ground truth answers what the text asks."""
    try:
        right = _is_right(question.extra["kind"], question.turns[0], question.ground_truth)
    except (KeyError, TypeError, ValueError, ZeroDivisionError) as error:
        raise ProofError(question.question_id, f"it cannot be read: {error!r}") from None
    if not right:
        raise ProofError(
            question.question_id, f"{question.ground_truth!r} is not the {question.extra['kind']} asked for"
        )


def _is_right(kind: str, text: str, answer: str) -> bool:
    if kind == "sum":
        return str(plain_sum(text)) == answer
    given = re.findall(r"\$([^$]*)\$", text)
    if kind == "determinant":
        return str(_leibniz(given[-1])) == answer
    if kind == "common":
        return _is_common(given[-2], given[-1], answer)
    whole, said = ([evaluate(one, point) for point in POINTS] for one in (given[-1], answer))
    equal = [one.value for one in whole] == [one.value for one in said]
    return {
        "derivative": [one.slope for one in whole] == [one.value for one in said],
        "integral": [one.value for one in whole] == [one.slope for one in said]
        and evaluate(answer, Fraction(0)).value == 0,
        "square": equal and re.fullmatch(r"\d*\(x[+-]\d+\)\^\{2\}([+-]\d+)?", answer) is not None,
        "expansion": equal and "(" not in answer,
    }[kind]


def _leibniz(matrix: str) -> int:
    """The sum over permutations; the generator expands along a row."""
    inside = re.fullmatch(r"\\begin\{pmatrix\} (.*) \\end\{pmatrix\}", matrix)
    if inside is None:
        raise ValueError("there is no matrix")
    rows = [[int(value) for value in row.split("&")] for row in inside[1].split(r"\\")]
    size, total = len(rows), 0
    for order in itertools.permutations(range(size)):
        swaps = sum(order[i] > order[j] for i in range(size) for j in range(i + 1, size))
        total += (-1) ** swaps * prod(rows[i][order[i]] for i in range(size))
    return total


def _is_common(first: str, second: str, answer: str) -> bool:
    """Euclid's algorithm on coefficients found by interpolation gives the answer's, made monic."""
    one, other = _coefficients(first), _coefficients(second)
    while other:
        one, other = other, _remainder(one, other)
    return [value / one[-1] for value in one] == _coefficients(answer)


def _coefficients(text: str, most: int = 6) -> list[Fraction]:
    """Newton's divided differences on integer points, expanded."""
    points = [Fraction(number) for number in range(most + 1)]
    table = [evaluate(text, point).value for point in points]
    for depth in range(1, len(points)):
        for i in range(len(points) - 1, depth - 1, -1):
            table[i] = (table[i] - table[i - 1]) / (points[i] - points[i - depth])
    found = [Fraction(0)]
    for value, point in zip(reversed(table), reversed(points), strict=True):
        shifted = [Fraction(0), *found]
        found = [a - point * b for a, b in zip(shifted, [*found, Fraction(0)], strict=True)]
        found[0] += value
    return _trimmed(found)


def _remainder(one: list[Fraction], other: list[Fraction]) -> list[Fraction]:
    rest = list(one)
    while len(rest) >= len(other):
        factor = rest[-1] / other[-1]
        for i in range(1, len(other) + 1):
            rest[-i] -= factor * other[-i]
        rest = _trimmed(rest[:-1])
    return rest


def _trimmed(values: list[Fraction]) -> list[Fraction]:
    while values and not values[-1]:
        values = values[:-1]
    return values
