"""Connections (from 2024-11-25): the words in groups of four, as one list in solution tags.

Compatible: groups in any order, by position; a longer list is no worse. Strict: a list that is too long loses by its
surplus, a word given twice fills two places, and brackets, quotes and full stops around words do not count.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from modelworks.livebench.judgment import Judgment
from modelworks.livebench.scorers.boxed import NoScore, last_box
from modelworks.livebench.scorers.spans import contents, solutions
from modelworks.livebench.scorers.statements import judged
from modelworks.livebench.scorers.verdict import text_of
from modelworks.livebench.scorers.withdrawn import is_withdrawn

GROUP = 4
_OPEN = ("not", "or", "either", "nor", "never", "cannot", "isn't", "aren't", "wrong", "incorrect")


def score(answer: str, ground_truth: Any, context: Mapping[str, Any]) -> Judgment:
    """The share of groups that are found."""
    truth = text_of(ground_truth).split(",")
    try:
        compatible = _compatible(answer, truth)
    except NoScore:
        compatible = None
    return judged(compatible, _strict(answer, truth))


def groups_of_sets(words: Sequence[str]) -> list[set[str]]:
    """Groups as the original makes them: a word given twice fills one place, so that a group goes on."""
    groups: list[set[str]] = [set()]
    for word in words:
        if len(groups[-1]) == GROUP:
            groups.append(set())
        groups[-1].add(word.strip().lower())
    return groups


def strict_share(words: Sequence[str], truth: Sequence[str]) -> float:
    """Groups that are right, of as many as there are or were given."""
    expected = _chunks(truth)
    given = _chunks(words)
    right = sum(group in given for group in expected)
    return right / max(len(expected), len(given))


def is_open(text: str, truth: Sequence[str]) -> bool:
    """Whether a list denies its words or leaves them open: it says `not`, `or` or the like where no right word does."""
    return any(
        re.search(rf"\b{word}\b", text.lower()) and not re.search(rf"\b{word}\b", ",".join(truth).lower())
        for word in _OPEN
    )


def listed(text: str) -> list[str]:
    """The words of a list: what is between commas, without brackets, quotes and marks around it."""
    words = [word.strip(" \t\r\n*`\"'“”\u2018\u2019[](){}.;") for word in text.split(",")]
    return [word for word in words if word]


def _compatible(answer: str, truth: Sequence[str]) -> float:
    matches = _matches(answer)
    if not matches:
        return 0.0
    words = [word for match in matches for word in match.replace("\n", "").split(",")]
    if len(matches) > 1:
        words = words[-len(truth) :]
    unmatched = groups_of_sets(truth)
    count = len(unmatched)
    right = 0
    for group in groups_of_sets(words):
        if group in unmatched:
            unmatched.remove(group)
            right += 1
    return right / count


def _matches(answer: str) -> list[str]:
    """What stands in solution tags, in two closing tags, or in a box: the first kind that there is."""
    joined = answer.replace("\n", "")
    for opening in ("<solution>", "</solution>"):
        for text in (answer, joined):
            if found := contents(text, opening, "</solution>"):
                return found
    if "\\boxed" not in answer:
        return []
    box = last_box(answer)
    if box is None:
        raise NoScore("a box that is not closed")
    return [box.replace("\\text{", "").replace("}", "").replace("\\", "")]


def _strict(answer: str, truth: Sequence[str]) -> float | None:
    found = solutions(answer, one_line=False, ignore_case=True, mended=True)
    if not found:
        try:
            box = last_box(answer) if "\\boxed" in answer else None
        except NoScore:
            return None
        if box is None:
            return None
        found = [box]
    if is_withdrawn(answer, found[-1]):
        return None
    whole = found[-1:] if len(listed(found[-1])) >= len(truth) else found
    if is_open(",".join(whole), truth):
        return None
    words = [
        word for match in whole for word in listed(match.replace("\\text{", "").replace("}", "").replace("\\", ""))
    ]
    return strict_share(words[-len(truth) :] if len(whole) > 1 else words, truth)


def _chunks(words: Sequence[str]) -> list[list[str]]:
    plain = [word.strip().lower() for word in words]
    return [sorted(plain[begin : begin + GROUP]) for begin in range(0, len(plain), GROUP)]
