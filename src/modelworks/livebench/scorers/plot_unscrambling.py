"""Plot unscrambling: the sentences of a plot in their order.

Compatible: for each expected sentence the closest one of the answer, however far; 1 less the edit distance of their
places to 0, 1, 2, ... by the number of sentences. Strict: each sentence of the answer stands for one expected sentence
that it is like (ratio of difflib at least 0.6), so that neither a greeting nor a missing sentence moves the others;
a repeated sentence counts as an insertion.
"""

import difflib
import heapq
from collections.abc import Mapping, Sequence
from typing import Any

from modelworks.livebench.judgment import Judgment
from modelworks.livebench.scorers.statements import judged
from modelworks.livebench.scorers.verdict import LIMIT, text_of
from modelworks.livebench.scorers.withdrawn import denies, is_withdrawn_around

_OPEN, _CLOSE, _END = "<PLOT_SUMMARY>", "</PLOT_SUMMARY>", "**End of Plot Summary**"
_MOST = 2_000  # sentences of an answer that are looked at
_LONGEST = 5_000  # characters of a sentence that are looked at
_WORK = 30_000_000  # pairs of characters compared exactly; beyond, sentences are compared by their letters alone
_ALIKE = 0.6


def score(answer: str, ground_truth: Any, context: Mapping[str, Any]) -> Judgment:
    """How near the order is to the right one."""
    truth = sentences(text_of(ground_truth))
    if not truth:
        return Judgment(None, None, "error")
    given = sentences(summary(answer[:LIMIT]))[:_MOST]
    matcher = _Matcher(given)
    places = [given.index(found) for one in truth if (found := matcher.closest(one)[1]) is not None]
    compatible = 1 - distance(range(len(truth)), places) / len(truth)
    stated = sentences(last_summary(answer[:LIMIT]))[:_MOST]
    return judged(compatible, _strict(stated, truth) if stated and not _is_withdrawn(answer[:LIMIT], truth) else None)


def summary(text: str) -> str:
    """What stands in the tags, from the first to the last; without a closing tag, to the end; without tags, all."""
    _, tag, tail = text.partition(_OPEN)
    if not tag:
        return text
    return tail.rpartition(_CLOSE)[0] if _CLOSE in tail else tail


def last_summary(text: str) -> str:
    """What stands in the last tags; without tags, all."""
    before, tag, tail = text.rpartition(_OPEN)
    return tail.partition(_CLOSE)[0] if tag else before or text


def sentences(text: str) -> list[str]:
    """What is between full stops."""
    parts = [part.strip() for part in text.split(".")]
    return [part for part in parts if part and part not in (_CLOSE, _END)]


def distance(first: Sequence[int], second: Sequence[int]) -> int:
    """The Levenshtein distance of two sequences."""
    row = list(range(len(second) + 1))
    for index, one in enumerate(first, 1):
        above, row = row, [index]
        for place, other in enumerate(second):
            row.append(above[place] if one == other else 1 + min(above[place + 1], row[place], above[place]))
    return row[-1]


def _is_withdrawn(answer: str, truth: Sequence[str]) -> bool:
    """Whether the text around the plot takes it back: around its tags, else around the sentences that are known."""
    before, tag, tail = answer.rpartition(_OPEN)
    if tag:
        plot, _, behind = tail.partition(_CLOSE)
        return denies(plot) or is_withdrawn_around(before, "", behind)
    begins = [at for one in truth if (at := answer.find(one)) >= 0]
    ends = [at + len(one) for one in truth if (at := answer.rfind(one)) >= 0]
    return bool(begins) and is_withdrawn_around(answer[: min(begins)], "", answer[max(ends) :].lstrip("."))


class _Matcher:
    """Finds the closest sentence as `difflib.get_close_matches(..., n=1, cutoff=0)` does, in bounded time."""

    def __init__(self, given: Sequence[str]) -> None:
        self._given = list(dict.fromkeys(one[:_LONGEST] for one in given))
        self._whole = {one[:_LONGEST]: one for one in reversed(given)}
        self._work = _WORK

    def closest(self, wanted: str) -> tuple[float, str | None]:
        """The ratio and the sentence; of two equally close, the one that sorts last. None where there is none."""
        if wanted in self._whole:
            return 1.0, self._whole[wanted]
        best: tuple[float, str] = (-1.0, "")
        matcher = difflib.SequenceMatcher(b=wanted)
        bounds = [(-2 * min(len(one), len(wanted)) / (len(one) + len(wanted)), one) for one in self._given]
        heapq.heapify(bounds)
        while bounds:
            bound, one = heapq.heappop(bounds)
            if -bound < best[0]:
                break
            matcher.set_seq1(one)
            ratio = matcher.quick_ratio()
            if ratio >= best[0] and self._work > 0:
                self._work -= len(one) * len(wanted)
                ratio = matcher.ratio()
            best = max(best, (ratio, one))
        return best[0], self._whole.get(best[1])


def _strict(given: Sequence[str], truth: Sequence[str]) -> float | None:
    """1 less the edit distance of the order given to the right one, by the longer of both; None for two orders."""
    matcher = _Matcher(truth)
    order = []
    for sentence in given:
        ratio, found = matcher.closest(sentence[:_LONGEST])
        if found is not None and ratio >= _ALIKE:
            order.append(truth.index(found))
    if not order:
        return 0.0
    first, last = order[: len(truth)], order[-len(truth) :]
    if len(order) >= 2 * len(truth) and set(first) == set(last) and first != last:
        return None
    return 1 - distance(range(len(truth)), order) / max(len(truth), len(order))
