"""AMC and SMC: one letter of five; the option's value counts too."""

import re
from collections.abc import Mapping
from typing import Any

from modelworks.livebench.judgment import Judgment
from modelworks.livebench.scorers.boxed import last_box, scored, with_boxes
from modelworks.livebench.scorers.spans import solutions
from modelworks.livebench.scorers.statements import bare, judged, statement
from modelworks.livebench.scorers.withdrawn import is_withdrawn

_OPTION = re.compile(r"\\textbf\{\(([A-E])\)\s?\}(.*?)(?:\\qquad|\$)")
_COMMAND = re.compile(r"\\(?:text|textbf|mathbf|mathrm)\s?\{([^{}]*)\}")
_CHOICE = re.compile(r"^(?:(?:the )?(?:correct |right )?(?:option|choice|letter)(?: is)?\b)[\s:*]*", re.IGNORECASE)
_REPEATED = re.compile(r"\b([A-E])\1{3,}\b")


def score(answer: str, ground_truth: Any, context: Mapping[str, Any]) -> Judgment:
    """`ground_truth` is a letter from A to E (ValueError otherwise), `context["question_text"]` has the options."""
    if not isinstance(ground_truth, str) or ground_truth not in list("ABCDE"):
        raise ValueError(f"the ground truth must be a letter from A to E, got {ground_truth!r}")
    value = option(context["question_text"], ground_truth)
    return judged(
        scored(_compatible, answer, ground_truth, value), _strict(answer, ground_truth, value, context["question_text"])
    )


def option(question: str, letter: str) -> str:
    """The value of an option as the question has it; FAILURE, as in the original, if it does not say."""
    value = {found: text.strip() for found, text in _OPTION.findall(question)}.get(letter) or "FAILURE"
    return value.strip("$").strip("~")


def _compatible(answer: str, letter: str, value: str) -> bool:
    small = letter.lower()
    tags = solutions(answer)
    if tags and len(set(tags[-1])) == 1 and tags[-1][0].lower() == small:
        return True
    if letter * 4 in answer:
        return True
    answer = with_boxes(answer)
    box = last_box(answer)
    if box is not None and box.replace("\\text{", "").replace("}", "").replace("\\", "").lower() == small:
        return True
    if value in answer[-(20 + len(value)) :]:
        return True
    line = answer.strip().rpartition("\n")[2]
    if line.strip().replace("*", "").lower() == small:
        return True
    return "(" in line and ")" in line and line.split("(")[1].split(")")[0].lower() == small


def _strict(answer: str, letter: str, value: str, question: str) -> float | None:
    stated = statement(answer)
    if stated is None:
        return None
    stated = _CHOICE.sub("", bare(_COMMAND.sub(r"\1", stated))).replace("**", "").strip()
    if stated.upper() in list("ABCDE") or (set(stated.upper()) <= set("ABCDE") and len(set(stated.upper())) == 1):
        return float(stated[0].upper() == letter)
    if match := re.fullmatch(r"(?:\(([A-E])\)|([A-E])[).:])\s*(.*)", stated, re.DOTALL):
        chosen, said = match[1] or match[2], bare(match[3])
        return float(chosen == letter) if not said or said == bare(option(question, chosen)) else None
    if value != "FAILURE" and bare(value) == stated:
        return 1.0
    repeated = _REPEATED.findall(answer)
    if not repeated or is_withdrawn(answer, repeated[-1] * 4):
        return None
    return float(repeated[-1] == letter)
