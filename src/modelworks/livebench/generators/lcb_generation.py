"""LCB_generation: write a function from its description; hidden tests judge it."""

from datetime import date
from typing import Any

from modelworks.livebench.generators import code_questions
from modelworks.livebench.generators.code_problems import Problem
from modelworks.livebench.generators.code_questions import CATEGORY, LEVELS, chance, oracle_answer, random_answer
from modelworks.livebench.question import Question

__all__ = ["CATEGORY", "LEVELS", "TASK", "chance", "generate", "oracle_answer", "random_answer"]

TASK = "LCB_generation"


def generate(seed: int, level: int, count: int, release: date) -> list[Question]:
    """`count` distinct questions of a level: 1 one loop, 2 windows, 3 a register with state."""
    return code_questions.generate(TASK, _ask, seed, level, count, release)


def _ask(drawn: Problem, content: str) -> tuple[str, dict[str, Any]]:
    start = drawn.reference.split("\n", 1)[0]
    text = (
        f"### Instructions\nWrite a Python 3 program for the question below. Give the whole program, nothing "
        "else.\n\n"
        f"### Question\n{content}\n\n### Format\nBegin with this code, and put your program between backticks "
        f"like it:\n"
        f"```python\n{start}\n    ...\n```\n\n### Answer\n"
    )
    return text, {}
