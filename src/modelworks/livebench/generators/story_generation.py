"""Instruction following: tell a story from a text."""

from modelworks.livebench.generators.instruction_questions import (
    CATEGORY,
    LEVELS,
    Task,
    chance,
    oracle_answer,
    random_answer,
)

TASK = "story_generation"

_ASK = "Please generate a story based on the sentences provided."
_LEAD = "Once there was a town that had a story."

generate = Task(TASK, _ASK, _LEAD).generate

__all__ = ["CATEGORY", "LEVELS", "TASK", "chance", "generate", "oracle_answer", "random_answer"]
