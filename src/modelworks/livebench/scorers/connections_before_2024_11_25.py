"""Connections (before 2024-11-25): the words in groups of four, as one list in bold.

Compatible: the best of the bold passages. Strict: the last bold list, or as many of the last bold ones, one a group,
as are needed for all words; as in `connections`, surplus words cost and a word given twice fills two places.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from modelworks.livebench.judgment import Judgment
from modelworks.livebench.scorers.connections import groups_of_sets, is_open, listed, strict_share
from modelworks.livebench.scorers.spans import contents
from modelworks.livebench.scorers.statements import judged
from modelworks.livebench.scorers.verdict import text_of
from modelworks.livebench.scorers.withdrawn import is_withdrawn


def score(answer: str, ground_truth: Any, context: Mapping[str, Any]) -> Judgment:
    """The share of groups that are found."""
    truth = text_of(ground_truth).split(",")
    bold = contents(answer.replace("\n", ""), "**", "**")
    passages = [passage for passage in bold if len(listed(passage)) > 1]
    joined = answer.replace("\n", " ")
    is_stated = bool(passages) and not is_withdrawn(joined, passages[-1]) and not is_open(passages[-1], truth)
    return judged(_compatible(bold, truth), _strict([*map(listed, passages)], truth) if is_stated else None)


def _compatible(bold: Sequence[str], truth: Sequence[str]) -> float:
    expected = groups_of_sets(truth)
    best = 0
    for passage in bold:
        given = {frozenset(group) for group in groups_of_sets(passage.split(","))}
        best = max(best, sum(any(group <= other for other in given) for group in expected))
    return best / len(expected)


def _strict(lists: Sequence[Sequence[str]], truth: Sequence[str]) -> float:
    words: list[str] = []
    for passage in reversed(lists):
        if len(words) >= len(truth) or len(words) + len(passage) > max(len(truth), len(passage)):
            break
        words = [*passage, *words]
    return strict_share(words, truth)
