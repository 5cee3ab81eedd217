"""The task of the leak experiment: three one-digit numbers added and subtracted, asked without working."""

import itertools
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

import numpy

from modelworks.livebench.question import Question, question_id

TASK, CATEGORY = "leak_arithmetic", "math"
_DIGITS = "0123456789"
LEAKED, FRESH = date(2026, 8, 31), date(2026, 9, 30)


@dataclass(frozen=True)
class Split:
    """The problems of a seed: those of two releases, and all others, which are trained on; no two parts share one."""

    leaked: list[Question]
    fresh: list[Question]
    background: list[str]


def split(seed: int, count: int) -> Split:
    """Two releases of `count` questions and the texts of all other problems, in random order.

    Raises ValueError if there are not so many problems.
    """
    problems = list(itertools.product(_DIGITS, "+-", _DIGITS, "+-", _DIGITS))
    if 2 * count >= len(problems):
        raise ValueError(
            f"params.yaml: livebench.leak.questions must be below {len(problems) // 2}: there are {len(problems)} "
            "problems for two releases and the training text"
        )
    order = numpy.random.default_rng(seed).permutation(len(problems)).tolist()
    asked = [_question(problems[place], LEAKED if turn < count else FRESH) for turn, place in enumerate(order)]
    return Split(asked[:count], asked[count : 2 * count], [text_of(one) for one in asked[2 * count :]])


def text_of(question: Question) -> str:
    """A question with its answer, as it stands in training text."""
    return f"{question.turns[0]} {question.ground_truth}"


def repeated(texts: Iterable[str], count: int) -> list[str]:
    """The first `count` of the texts, begun anew as often as needed."""
    return list(itertools.islice(itertools.cycle(texts), count))


def _question(problem: Iterable[str], release: date) -> Question:
    first, *rest = problem
    total = int(first) + sum(int(sign + number) for sign, number in zip(rest[::2], rest[1::2], strict=True))
    turns = [f"What is {''.join(problem)}?"]
    extra = {"level": 1, "template": "What is _?"}
    return Question(question_id(TASK, turns, str(total)), CATEGORY, TASK, turns, str(total), release, extra=extra)
