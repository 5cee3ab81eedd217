"""Instruction following: say a text in simpler words."""

from modelworks.livebench.generators.instruction_questions import (
    CATEGORY,
    LEVELS,
    Task,
    chance,
    oracle_answer,
    random_answer,
)

TASK = "simplify"

_ASK = "Please explain in simpler terms what this text means."
_LEAD = "This is what the text means."

generate = Task(TASK, _ASK, _LEAD).generate

__all__ = ["CATEGORY", "LEVELS", "TASK", "chance", "generate", "oracle_answer", "random_answer"]
