"""Zebra puzzles since November 2024: an item for each question; half of the score for all, half by share."""

from collections.abc import Mapping
from typing import Any

from modelworks.livebench.judgment import Judgment
from modelworks.livebench.scorers.boxed import last_box, scored, with_boxes
from modelworks.livebench.scorers.connections import is_open
from modelworks.livebench.scorers.spans import solutions
from modelworks.livebench.scorers.statements import bare, judged, statement
from modelworks.livebench.scorers.web_of_lies_v3 import by_share

_WORDS = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"),
    *("thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty"),
)
NUMBERS = {word: str(number) for number, word in enumerate(_WORDS)}


def score(answer: str, ground_truth: Any, context: Mapping[str, Any]) -> Judgment:
    """`ground_truth` is the items as text, separated by commas."""
    truth = ground_truth.split(",")
    return judged(scored(_compatible, answer, truth), _strict(answer, truth))


def _compatible(answer: str, truth: list[str]) -> float:
    found = solutions(answer, mended=True)
    if not found:
        answer = with_boxes(answer)
        box = last_box(answer)
        if box is not None:
            found = [box.replace("\\text{", "").replace("}", "").replace("\\", "")]
    if not found:
        line = answer.strip().rpartition("\n")[2]
        if line.count(",") != len(truth) - 1:
            return 0.0
        found = [line]
    items = [item for text in found for item in text.split(",")]
    if len(found) > 1:
        items = items[-len(truth) :]
    right = sum(
        _plain(wanted) in _plain(item).replace("position", "") for wanted, item in zip(truth, items, strict=False)
    )
    return ((right == len(truth)) + right / len(truth)) / 2


def _plain(item: str) -> str:
    return item.strip().lower().replace("-", " ")


def _strict(answer: str, truth: list[str]) -> float | None:
    """Items are equal but for case, hyphens, the word `position`, and numbers in words."""
    stated = statement(answer)
    if stated is None or (stated.count(",") == 0 and len(truth) > 1 and len(stated.split()) > 4):
        return None
    if is_open(stated, truth):
        return None
    found = stated.split(",")
    if len(found) > len(truth):
        return 0.0
    return by_share([normal(item) for item in found], [normal(item) for item in truth])


def normal(item: str) -> str:
    """An item in lower case, without hyphens and the word `position`, a number in digits."""
    words = [word for word in _plain(bare(item)).split() if word != "position"]
    return " ".join(NUMBERS.get(word, word) for word in words)
