"""Instruction following: say a text in fewer words."""

from modelworks.livebench.generators.instruction_questions import (
    CATEGORY,
    LEVELS,
    Task,
    chance,
    oracle_answer,
    random_answer,
)

TASK = "summarize"

_ASK = "Please summarize based on the sentences provided."
_LEAD = "In short this is what the article says."

generate = Task(TASK, _ASK, _LEAD).generate

__all__ = ["CATEGORY", "LEVELS", "TASK", "chance", "generate", "oracle_answer", "random_answer"]
