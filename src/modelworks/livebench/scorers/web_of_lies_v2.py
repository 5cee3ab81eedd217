"""Web of lies, version 2: three of yes, no and unknown."""

import itertools
import re
from collections.abc import Mapping
from typing import Any

from modelworks.livebench.judgment import Judgment
from modelworks.livebench.scorers.boxed import last_box, scored, with_boxes
from modelworks.livebench.scorers.spans import contents, solutions
from modelworks.livebench.scorers.statements import bare, judged, last_bold, statement

WORDS = ("yes", "no", "unknown")
_ITEM = re.compile(r"\s*([1-9])[.)]\s*\**(yes|no|unknown)\**[.,;]?\**\s*", re.IGNORECASE)
_LONGEST = 1000
_TRIPLES = [", ".join(words) for words in itertools.product(WORDS, repeat=3)]


def score(answer: str, ground_truth: Any, context: Mapping[str, Any]) -> Judgment:
    """`ground_truth` is the words as text, separated by commas."""
    found = words(answer)
    strict = None if found is None else float(found == [word.strip() for word in ground_truth.lower().split(",")])
    return judged(scored(_compatible, answer, ground_truth.lower()), strict)


def _compatible(answer: str, truth: str) -> bool:
    tags = solutions(answer, mended=True)
    found = tags[-1] if tags else _bold(answer)
    if found is None or not found.strip():
        answer = boxes_of_bold(answer)
        box = last_box(answer)
        found = found if box is None else box
    if found is None:
        found = last_triple(answer)
    if not found:
        return False
    return found == truth or (sum(found.count(word) for word in WORDS) == 3 and truth in found)


def _bold(answer: str) -> str | None:
    """The last three of the words that are bold."""
    said = [
        word.lower().replace(",", "").replace(".", "") for span in contents(answer, "**", "**") for word in span.split()
    ]
    return ", ".join([word for word in said if word in WORDS][-3:]) or None


def boxes_of_bold(answer: str) -> str:
    """The answer with bold text of LaTeX as boxes."""
    answer = answer.replace("\\\\boxed{\\\\textbf{", "\\\\boxed{")
    return with_boxes(answer).replace("\\textbf{", "\\boxed{")


def last_triple(answer: str) -> str | None:
    """Of the 27 triples the one whose first occurrence is last."""
    lowered = answer.lower()
    place, triple = max((lowered.find(triple), triple) for triple in _TRIPLES)
    return triple if place >= 0 else None


def words(answer: str) -> list[str] | None:
    """The words that the answer states, or that are its last bold ones; None if it states anything else."""
    numbered = _numbered(answer)
    if numbered:
        return numbered
    for text in (statement(answer), last_bold(answer)):
        said = [bare(word).lower() for word in re.split(r"[,\s]+", text or "") if bare(word)]
        said = [word for word in said if word != "and"]
        if said and all(word in WORDS for word in said):
            return said
    return None


def _numbered(answer: str) -> list[str]:
    """The words of an answer that is a numbered list of them and nothing else; empty if it is none."""
    lines = [line for line in answer.split("\n") if line.strip()] if len(answer) < _LONGEST else []
    found = [_ITEM.fullmatch(line) for line in lines]
    said = [match[2].lower() for number, match in enumerate(found, 1) if match and int(match[1]) == number]
    return said if len(said) == len(lines) else []
