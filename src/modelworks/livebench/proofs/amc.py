"""Proof that exactly one option is right: by counting out what the text asks for."""

import itertools
import math
import re
from collections.abc import Callable

from modelworks.livebench.proofs.expressions import value
from modelworks.livebench.proofs.proof import ProofError
from modelworks.livebench.question import Question

_OPTION = re.compile(r"\\textbf\{\(([A-E])\)\} (\d+)")


def prove(question: Question) -> None:
    """Raise ProofError unless the letter is that of the one option with the counted value."""
    stem, _, shown = question.turns[0].partition("$\\textbf{(A)}")
    options = _OPTION.findall("\\textbf{(A)}" + shown)
    if [letter for letter, _ in options] != list("ABCDE"):
        raise ProofError(question.question_id, f"the options are {options}")
    fitting = [(count, match) for pattern, count in _KINDS if (match := re.search(pattern, stem))]
    if len(fitting) != 1:
        raise ProofError(question.question_id, f"the question is of {len(fitting)} kinds: {stem!r}")
    count, match = fitting[0]
    counted = count(*match.groups())
    right = [letter for letter, number in options if int(number) == counted]
    if right != [question.ground_truth]:
        raise ProofError(question.question_id, f"counted are {counted}, which is {right}, not {question.ground_truth}")


def _sum(text: str) -> int:
    return int(value(text))


def _multiples(n: str, a: str, b: str) -> int:
    return sum(1 for k in range(1, int(n) + 1) if k % int(a) == 0 or k % int(b) == 0)


def _last_digit(a: str, n: str) -> int:
    return int(str(int(a) ** int(n))[-1])


def _divisors(n: str) -> int:
    return sum(int(n) % k == 0 for k in range(1, int(n) + 1))


def _paths(a: str, b: str) -> int:
    """Each corner is reached from the left and from below."""
    row = [1] * (int(a) + 1)
    for _ in range(int(b)):
        row = list(itertools.accumulate(row))
    return row[-1]


def _consecutive(a: str, b: str) -> int:
    return sum(range(int(a), int(b) + 1))


def _rest(a: str, n: str, m: str) -> int:
    return int(int(a) ** int(n) % int(m))


def _pairs(n: str, s: str) -> int:
    return sum(1 for a, b in itertools.combinations(range(1, int(n) + 1), 2) if a + b == int(s))


def _handshakes(a: str, b: str) -> int:
    people = "h" * int(a) + "g" * int(b)
    return sum(1 for pair in itertools.combinations(people, 2) if pair != ("h", "h"))


def _digit_sums(n: str, s: str) -> int:
    return sum(1 for k in range(1, int(n) + 1) if sum(map(int, str(k))) == int(s))


def _dice(n: str, s: str) -> int:
    return sum(1 for roll in itertools.product(range(1, 7), repeat=int(n)) if sum(roll) == int(s))


def _zeros(n: str) -> int:
    text = str(math.factorial(int(n)))
    return len(text) - len(text.rstrip("0"))


_POWER = r"\$(\d+)\^\{(\d+)\}\$"
_KINDS: tuple[tuple[str, Callable[..., int]], ...] = (
    (r"^[^$]*?(?<!\d)(\d+(?:[-+]\d+)+)", _sum),
    (r"up to (\d+) are divisible by (\d+) or (\d+)", _multiples),
    (r"from 1 to (\d+), how many are multiples of (\d+) or of (\d+)", _multiples),
    (r"(?:last|units) digit of " + _POWER, _last_digit),
    (r"positive divisors does (\d+) have", _divisors),
    (r"How many positive integers divide (\d+)\?", _divisors),
    (r"\(0,0\)\$ to \$\((\d+),(\d+)\)\$", _paths),
    (r"lead (\d+) blocks east and (\d+) blocks north", _paths),
    (r"integers from (\d+) to (\d+)(?:\?|\. What is the sum)", _consecutive),
    (r"remainder when " + _POWER + r" is divided by (\d+)", _rest),
    (r"remainder of " + _POWER + r" after division by (\d+)", _rest),
    (r"integers from 1 to (\d+), in any order, add up to (\d+)", _pairs),
    (r"numbered 1 to (\d+)\. In how many pairs is the sum (\d+)", _pairs),
    (r"(\d+) hosts and (\d+) guests", _handshakes),
    (r"Of (\d+) red and (\d+) blue points", _handshakes),
    (r"from 1 to (\d+) have digits that add up to (\d+)", _digit_sums),
    (r"up to (\d+) have the digit sum (\d+)", _digit_sums),
    (r"can (\d+) different dice show a total of (\d+)", _dice),
    (r"(\d+) dice of different colours are rolled\. How many outcomes have the sum (\d+)", _dice),
    (r"zeros does \$(\d+)!\$ end", _zeros),
    (r"end of the factorial of (\d+)", _zeros),
)
