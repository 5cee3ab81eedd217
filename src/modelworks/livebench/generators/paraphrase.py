"""Instruction following: say a text in other words."""

from modelworks.livebench.generators.instruction_questions import (
    CATEGORY,
    LEVELS,
    Task,
    chance,
    oracle_answer,
    random_answer,
)

TASK = "paraphrase"

_ASK = "Please paraphrase based on the sentences provided."
_LEAD = "Here is the news in other words."

generate = Task(TASK, _ASK, _LEAD).generate

__all__ = ["CATEGORY", "LEVELS", "TASK", "chance", "generate", "oracle_answer", "random_answer"]
