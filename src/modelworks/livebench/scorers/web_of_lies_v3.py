"""Web of lies, version 3: yes, no or unknown for each of several people; half of the score for all, half by share."""

from collections.abc import Mapping
from typing import Any

from modelworks.livebench.judgment import Judgment
from modelworks.livebench.scorers.boxed import last_box, scored
from modelworks.livebench.scorers.spans import solutions
from modelworks.livebench.scorers.statements import judged
from modelworks.livebench.scorers.web_of_lies_v2 import boxes_of_bold, last_triple, words


def score(answer: str, ground_truth: Any, context: Mapping[str, Any]) -> Judgment:
    """`ground_truth` is the words as text, separated by commas."""
    found = words(answer)
    truth = [word.strip() for word in ground_truth.lower().split(",")]
    if found is not None and len(found) == 1 < len(truth):
        found = None  # `No.` is not said of three people
    strict = None if found is None else 0.0 if len(found) > len(truth) else by_share(found, truth)
    return judged(scored(_compatible, answer, ground_truth.split(",")), strict)


def _compatible(answer: str, truth: list[str]) -> float:
    tags = solutions(answer)
    found = tags[-1] if tags else None
    if found is None or not found.strip():
        answer = boxes_of_bold(answer)
        box = last_box(answer)
        if box is not None:
            found = box.replace("\\text{", "").replace("}", "")
    if found is None:
        found = last_triple(answer)
    return 0.0 if found is None else by_share(found.split(","), truth)


def by_share(found: list[str], truth: list[str]) -> float:
    """Half for all words right, half for the share of them that is."""
    right = sum(one == other for one, other in zip(found, truth, strict=False))
    return ((right == len(truth)) + right / len(truth)) / 2
