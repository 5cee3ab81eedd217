"""Spatial reasoning: a number or a shape, in bold."""

import re
from collections.abc import Mapping
from typing import Any

from modelworks.livebench.judgment import Judgment
from modelworks.livebench.scorers.boxed import last_box, scored, with_boxes
from modelworks.livebench.scorers.statements import judged, last_bold, statement
from modelworks.livebench.scorers.zebra_puzzle import NUMBERS

_BOLD = re.compile(r"\*\*([^*]+)\*\*")
_SHAPES = ("tetrahedra", "tetrahedron", "triangle", "square")
_KINDS = {"equilateral", "isosceles", "scalene", "right", "acute", "obtuse", "regular", "irregular", "congruent"}
_ARTICLES = {"a", "an", "the"}
_COUNTED = {"piece", "pieces", "part", "parts"}
_LABEL = re.compile(r"^(?:the )?(?:final |correct )?answer(?: is|:|: is)\s+", re.IGNORECASE)
_WRAPPERS = ("\\textbf{", "\\mathbf{", "\\text{", "}")


def score(answer: str, ground_truth: Any, context: Mapping[str, Any]) -> Judgment:
    """`ground_truth` is the number or the shape."""
    return judged(scored(_compatible, answer, ground_truth), _strict(answer, ground_truth.strip().lower()))


def _compatible(answer: str, truth: str) -> bool:
    if answer == truth:
        return True
    wanted = truth.strip().lower()
    for bold in _BOLD.findall(answer)[-3:]:
        word = bold.strip().lower()
        if word == wanted or NUMBERS.get(word) == wanted:
            return True
        if wanted in _SHAPES and wanted in word and len(word) < 2 * len(wanted) + 5:
            return True
    box = last_box(with_boxes(answer))
    if box is None:
        return False
    for wrapper in _WRAPPERS:
        box = box.replace(wrapper, "")
    return box == truth


def _strict(answer: str, truth: str) -> float | None:
    """The last bold words, else the statement: the same, or a shape behind a number or a word for its kind."""
    stated = last_bold(answer) or statement(answer)
    if stated is None:
        return None
    stated = _LABEL.sub("", stated)
    words = [NUMBERS.get(word, word) for word in stated.lower().split()]
    wanted = [NUMBERS.get(word, word) for word in truth.split()]
    if len(words) == 2 and (words[0] in _ARTICLES or (words[0].isdecimal() and words[1] in _COUNTED)):
        words = words[1:] if words[0] in _ARTICLES else words[:1]
    if words == wanted:
        return 1.0
    if truth in _SHAPES and len(words) == 2 and words[1] == truth:
        return float(words[0].isdecimal() or words[0] in _KINDS)
    return 0.0 if len(words) < 5 else None
