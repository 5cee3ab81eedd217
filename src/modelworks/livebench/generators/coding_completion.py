"""coding_completion: finish a function whose beginning is given; hidden tests judge it."""

from datetime import date
from typing import Any

from modelworks.livebench.generators import code_questions
from modelworks.livebench.generators.code_problems import Problem
from modelworks.livebench.generators.code_questions import CATEGORY, LEVELS, chance, oracle_answer
from modelworks.livebench.question import Question

__all__ = ["CATEGORY", "LEVELS", "TASK", "chance", "generate", "oracle_answer", "random_answer"]

TASK = "coding_completion"
_GUESSES = ("pass", "return number", "return 0", "return [number]", "continue")


def generate(seed: int, level: int, count: int, release: date) -> list[Question]:
    """`count` distinct questions of a level: 1 one loop, 2 windows, 3 a register with state."""
    return code_questions.generate(TASK, _ask, seed, level, count, release)


def random_answer(question: Question, rng: Any) -> str:
    """An ending of one line, as deep as the given start asks for."""
    last = question.extra["partial_solution"].split("\n")[-1]
    depth = len(last) - len(last.lstrip()) + (4 if last.endswith(":") else 0)
    return f"```python\n{' ' * depth}{rng.choice(_GUESSES)}\n```"


def _ask(drawn: Problem, content: str) -> tuple[str, dict[str, Any]]:
    start = "\n".join(drawn.reference.split("\n")[: 1 + drawn.given_lines])
    text = (
        f"### Instructions\nFinish the Python 3 program below so that it answers the question. Give only what is "
        f"missing: your lines are put right behind those given.\n\n### Question\n{content}\n\n### Given\n"
        f"```python\n{start}\n```\n\n"
        "### Format\nPut the missing lines, indented as they must be, between backticks:\n"
        "```python\n...\n```\n\n### Answer\n"
    )
    return text, {"partial_solution": start}
