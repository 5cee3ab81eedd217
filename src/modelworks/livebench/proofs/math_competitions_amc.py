"""math_competitions_amc: by counting out what is asked, exactly one option is right: the ground truth's."""

import itertools
import re
from collections.abc import Callable

from modelworks.livebench.proofs.exact import plain_sum
from modelworks.livebench.proofs.proof import ProofError
from modelworks.livebench.question import Question

_OPTION = re.compile(r"\\textbf\{\(([A-E])\) \}(\d+)")


def _remainder(base: int, power: int, divisor: int) -> int:
    value = 1
    for _ in range(power):
        value = value * base % divisor
    return value


def _least_multiple(first: int, second: int) -> int:
    return next(number for number in itertools.count(first, first) if number % second == 0)


_COUNTED: dict[str, Callable[..., int]] = {
    "remainder": _remainder,
    "multiples": lambda low, high, divisor: sum(number % divisor == 0 for number in range(low, high + 1)),
    "divisors": lambda number: sum(number % one == 0 for one in range(1, number + 1)),
    "series": lambda count, first, second: sum(first + i * (second - first) for i in range(count)),
    "multiple": _least_multiple,
    "choices": lambda seats, people, hats: sum(1 for _ in itertools.combinations(range(people), seats)) * hats,
}


def prove(question: Question) -> None:
    """Raise ProofError unless one option alone is right, and its letter is the ground truth."""
    stem = question.turns[0].split(r" $\textbf", 1)[0]
    options = _OPTION.findall(question.turns[0])
    kind = question.extra.get("kind")
    try:
        if kind == "sum":
            value = plain_sum(stem)
        else:
            value = _COUNTED[str(kind)](*(int(number) for number in re.findall(r"\d+", stem)))
    except (KeyError, TypeError, ValueError, ZeroDivisionError) as error:
        raise ProofError(question.question_id, f"it cannot be read: {error!r}") from None
    right = [letter for letter, shown in options if int(shown) == value]
    if len(options) != 5 or right != [question.ground_truth]:
        raise ProofError(question.question_id, f"the options with {value} are {right}, not {question.ground_truth!r}")
