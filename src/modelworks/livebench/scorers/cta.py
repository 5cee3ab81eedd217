r"""Column type annotation: the name of the type of a table's column.

Compatible: what the answer, or its last `\boxed{...}`, ends with, letters, digits and underscores alone. Strict: what
is answered is that name: `first name` is not `name`, `not Postal Code` is not `Postal Code`.
"""

import re
from collections.abc import Mapping
from typing import Any

from modelworks.livebench.judgment import Judgment
from modelworks.livebench.scorers.boxed import NoScore, last_box, scored
from modelworks.livebench.scorers.spans import contents, solutions
from modelworks.livebench.scorers.statements import bare, judged, last_line, last_words
from modelworks.livebench.scorers.verdict import text_of, unlabelled
from modelworks.livebench.scorers.withdrawn import denies, is_denied_by, is_withdrawn

_LONGEST = 2000
_NOT_WORD = re.compile(r"[^\w]")


def score(answer: str, ground_truth: Any, context: Mapping[str, Any]) -> Judgment:
    r"""1 for the type, else 0; no compatible score where `\boxed{` is not closed."""
    truth = text_of(ground_truth)
    return judged(scored(_compatible, answer, truth), _strict(answer, truth))


def _compatible(answer: str, truth: str) -> float:
    given = answer
    if "\\boxed{" in answer:
        box = last_box(answer)
        if box is None:
            raise NoScore("a box that is not closed")
        given = box.replace("\\text{", "").replace("}", "").replace("\\", "")
    expected, letters = _letters(truth), _letters(given)
    return float(expected == (letters[-len(expected) :] if expected else letters))


def _strict(answer: str, truth: str) -> float | None:
    raw = _given(answer)
    if raw is None or len(raw) > _LONGEST or not _letters(raw) or denies(raw) or is_withdrawn(answer, raw):
        return None
    given = raw.replace("\\text{", "").replace("}", "").replace("\\", "")
    label, _, behind = given.rpartition(":")
    denied = denies(label) or is_denied_by(label)
    candidates = [given, bare(given)] if denied else [given, bare(given), unlabelled(given), behind]
    words = last_words(given)
    if words and not is_withdrawn(given, words):
        candidates.append(words)
    return float(_type(truth) in {_type(candidate) for candidate in candidates})


def _given(answer: str) -> str | None:
    """The box (to the end, if it is not closed), the solution, the bold passage, or the line that is last."""
    _, mark, open_box = answer.rpartition("\\boxed{")
    if "\\boxed" in answer:
        try:
            box = last_box(answer)
        except NoScore:
            box = None
        if box is None and mark:
            box = open_box
        if box is not None:
            return box
    if found := solutions(answer, one_line=False, ignore_case=True, mended=True):
        return found[-1]
    _, tag, open_tag = answer.rpartition("<solution>")
    if tag:
        return open_tag
    bold = [text for text in contents(answer, "**", "**") if text.strip() and not text.strip().endswith(":")]
    return bold[-1].strip("*") if bold else last_line(answer)


def _letters(text: str) -> str:
    return _NOT_WORD.sub("", text.lower().strip())


def _type(text: str) -> str:
    return _letters(text).replace("_", "")
