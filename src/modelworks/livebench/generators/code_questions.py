"""Questions of both coding tasks: a problem, its hidden tests, and how it is asked."""

import json
import random
import re
from collections.abc import Callable
from datetime import date
from typing import Any

from modelworks.livebench.generators.code_levels import problem
from modelworks.livebench.generators.code_problems import Problem
from modelworks.livebench.generators.drawing import collect
from modelworks.livebench.generators.partition import is_of_release
from modelworks.livebench.question import Question, question_id

CATEGORY = "coding"
LEVELS = (1, 2, 3)
_PUBLIC, _HIDDEN = 2, 16
_LEAST_RESULTS = 6  # else the problem is all but a constant
_GUESSES = ("0", "len(numbers)", "sum(numbers)", "max(numbers, default=0)", "numbers", "[]")

Ask = Callable[[Problem, str], tuple[str, dict[str, Any]]]


def generate(task: str, ask: Ask, seed: int, level: int, count: int, release: date) -> list[Question]:
    """`count` distinct questions of the release's share of the problems. Raises GenerationError."""
    asked: set[str] = set()
    return collect(task, LEVELS, seed, level, count, release, lambda rng: _drawn(rng, task, ask, level, release, asked))


def _drawn(rng: random.Random, task: str, ask: Ask, level: int, release: date, asked: set[str]) -> Question | None:
    drawn = problem(rng, level)
    if drawn.identity in asked or not is_of_release(release, CATEGORY, drawn.identity):
        return None
    inputs = _inputs(drawn, rng)
    if len({json.dumps(drawn.spec(numbers)) for numbers in inputs}) < _LEAST_RESULTS:
        return None
    asked.add(drawn.identity)
    return _question(task, ask, drawn, level, release, inputs)


def random_answer(question: Question, rng: random.Random) -> str:
    """A function of that name that returns something simple."""
    name = json.loads(question.extra["original_json"]["metadata"])["func_name"]
    return f"```python\ndef {name}(numbers):\n    return {rng.choice(_GUESSES)}\n```"


def oracle_answer(question: Question) -> str:
    """The reference program; for a completion what is missing of it."""
    start = question.extra.get("partial_solution")
    code = question.ground_truth[len(start) + 1 :] if start else question.ground_truth
    return f"```python\n{code.rstrip()}\n```"


def chance(question: Question) -> float:
    """No simple function passes the tests."""
    return 0.0


def _question(task: str, ask: Ask, drawn: Problem, level: int, release: date, inputs: list[list[int]]) -> Question:
    tests = [
        {"input": json.dumps(numbers), "output": json.dumps(drawn.spec(numbers)), "testtype": "functional"}
        for numbers in inputs
    ]
    public, hidden = tests[1 : 1 + _PUBLIC], [tests[0], *tests[1 + _PUBLIC :]]
    examples = "\n".join(f"{drawn.function}({test['input']}) returns {test['output']}" for test in public)
    content = (
        f"Write a function `{drawn.function}(numbers)`, where `numbers` is a list of integers that may be empty.\n"
        f"{drawn.text}\n\nExamples:\n{examples}"
    )
    text, own = ask(drawn, content)
    turns = [text]
    template = re.sub(r"-?\d+", "N", drawn.text)
    extra = {
        "level": level,
        "template": template,
        "question_title": drawn.function.replace("_", " "),
        "public_test_cases": json.dumps(public),
        "private_test_cases": json.dumps(hidden),
        "original_json": {"metadata": json.dumps({"func_name": drawn.function}), "starter_code": _head(drawn)},
        **own,
    }
    identity = question_id(task, turns, drawn.reference)
    return Question(identity, CATEGORY, task, turns, drawn.reference, release, extra=extra)


def _head(drawn: Problem) -> str:
    return drawn.reference.split("\n", 1)[0]


def _inputs(drawn: Problem, rng: random.Random) -> list[list[int]]:
    """The empty list, short lists, long ones with numbers near where behaviour changes, and single landmarks."""
    near = [mark + step for mark in drawn.landmarks for step in (-1, 0, 1)]

    def some(length: int) -> list[int]:
        return [rng.choice(near) if rng.random() < 0.6 else rng.randint(-60, 120) for _ in range(length)]

    exact = [[mark] * 4 for mark in drawn.landmarks[:2]]
    return [[], some(5), some(6), *exact, *(some(rng.randint(3, 14)) for _ in range(_HIDDEN - 3)), near]
