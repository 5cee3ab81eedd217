"""Typos: the text with its misspellings corrected and nothing else changed.

Compatible: the expected text is part of the last solution (or, without tags, of the answer). Strict: the answer is
the expected text, white space and quoting aside; what stands before or behind it in no tags is no part of it.
"""

from collections.abc import Mapping
from typing import Any

from modelworks.livebench.judgment import Judgment
from modelworks.livebench.scorers.boxed import NoScore, last_box
from modelworks.livebench.scorers.spans import contents, solutions
from modelworks.livebench.scorers.statements import judged
from modelworks.livebench.scorers.verdict import text_of, unlabelled
from modelworks.livebench.scorers.withdrawn import denies, is_denied_by, is_withdrawn

_DASHES = " --- "


def score(answer: str, ground_truth: Any, context: Mapping[str, Any]) -> Judgment:
    """1 for the text, else 0."""
    truth = text_of(ground_truth)
    return judged(_compatible(answer, truth), _strict(answer, truth))


def between_dashes(text: str) -> str | None:
    """What ` --- ` stands on both sides of, in the first line where it stands twice: the last such passage."""
    for line in text.split("\n"):
        last = line.rfind(_DASHES)
        begin = line.rfind(_DASHES, 0, last) if last > 0 else -1
        if begin >= 0:
            return line[begin + len(_DASHES) : line.index(_DASHES, begin + len(_DASHES))]
    return None


def _compatible(answer: str, truth: str) -> float:
    found = solutions(answer)
    if found:
        text = found[-1]
    else:
        text = answer.replace("<solution>", "").replace("</solution>", "")
        dashed = between_dashes(text)
        text = text if dashed is None else dashed
    return float(truth in " ".join(filter(None, text.strip().split("\n"))))


def _strict(answer: str, truth: str) -> float | None:
    given = _given(answer)
    if not _plain(given):
        return None
    if is_withdrawn(answer, given):
        return None
    candidates = {_plain(given), _plain(unlabelled(given))}
    introduction, gap, last = given.strip().rpartition("\n\n")
    if gap and not (denies(introduction) or is_denied_by(introduction)):
        candidates.add(_plain(last))
    return float(_plain(truth) in candidates)


def _given(answer: str) -> str:
    found = solutions(answer, one_line=False, ignore_case=True, mended=True)
    if found:
        return found[-1]
    _, tag, tail = answer.rpartition("<solution>")
    if tag:
        return tail
    try:
        box = last_box(answer) if "\\boxed" in answer else None
    except NoScore:
        box = None
    if box is not None:
        return box.removeprefix("\\text{").removesuffix("}") if "\\text{" in box else box
    if (dashed := between_dashes(answer)) is not None:
        return dashed
    bold = [text for text in contents(answer, "**", "**", one_line=False) if not text.strip().endswith(":")]
    return bold[-1] if bold else answer


def _plain(text: str) -> str:
    """One space between words, no quoting around them."""
    return " ".join(text.split()).strip('*`"“”\u200b\ufeff ')
