"""An answer without the question that it copies: what is said in a question is no answer to it."""

from collections.abc import Mapping
from typing import Any

_LEAST = 40  # characters: a shorter question may be part of an answer by chance
_MUCH = 0.5  # of a question: an answer that is such a piece of it is a copy


def without_question(answer: str, context: Mapping[str, Any]) -> str:
    """The answer without whole copies of the question in the context; empty if it is a large piece of it."""
    question = str(context.get("question_text") or context.get("prompt") or "").strip()
    if len(question) < _LEAST:
        return answer
    rest = answer.replace(question, "\n")
    words, asked = " ".join(rest.split()), " ".join(question.split())
    return "" if len(words) >= _MUCH * len(asked) and words in asked else rest
