"""Consecutive events: for each user the longest run of months with growth, as a JSON list in solution tags.

Compatible: Jaccard similarity of (user, months), rounded to four places. Strict: not rounded, an entry that is not of
that form or is of a user who was given before counts as a wrong one, months are whole numbers, and a code block in
the tags is read.
"""

import json
from collections.abc import Mapping
from typing import Any

from modelworks.livebench.judgment import Judgment
from modelworks.livebench.scorers.boxed import NoScore, scored
from modelworks.livebench.scorers.spans import solutions
from modelworks.livebench.scorers.statements import judged
from modelworks.livebench.scorers.verdict import LIMIT, GroundTruthError
from modelworks.livebench.scorers.withdrawn import is_withdrawn

_USER, _MONTHS = "user_id", "max_consecutive_growth_months"


def score(answer: str, ground_truth: Any, context: Mapping[str, Any]) -> Judgment:
    """The share of entries that are right, of all that are expected or given."""
    truth = _truth(ground_truth)
    found = solutions(answer[-LIMIT:], one_line=False, ignore_case=True)
    text = found[-1].strip() if found else None
    stated = None if text and is_withdrawn(answer[-LIMIT:], text) else text
    return judged(scored(_compatible, text, truth), _strict(stated, truth))


def _truth(ground_truth: Any) -> dict[Any, Any]:
    try:
        rows = json.loads(ground_truth) if isinstance(ground_truth, str) else ground_truth
        return {row[_USER]: row[_MONTHS] for row in rows}
    except (KeyError, TypeError, ValueError) as error:
        raise GroundTruthError(f"ground_truth must list {_USER} and {_MONTHS}: {error!r}") from None


def _compatible(text: str | None, truth: Mapping[Any, Any]) -> float:
    try:
        given = None if text is None else json.loads(text)
    except json.JSONDecodeError:
        given = None
    except (RecursionError, ValueError):  # a number of thousands of digits, lists in lists in lists
        raise NoScore("JSON that Python does not read") from None
    if given is None:
        return 0.0
    if not truth or not given:
        return float(not truth and not given)
    try:
        entries = {row[_USER]: row.get(_MONTHS) for row in given if isinstance(row, dict) and _USER in row}
    except TypeError:
        raise NoScore("not a list, or a user that is one") from None
    right = sum(user in entries and entries[user] == months for user, months in truth.items())
    return round(right / (len(entries) + len(truth) - right), 4)


def _strict(text: str | None, truth: Mapping[Any, Any]) -> float | None:
    if text is None:
        return None
    try:
        rows = json.loads(_unfenced(text))
    except (RecursionError, ValueError):
        return None
    if not isinstance(rows, list):
        return None
    right: set[Any] = set()
    seen: set[str] = set()
    for row in rows:
        user, months = (row.get(_USER), row.get(_MONTHS)) if isinstance(row, dict) else (None, None)
        again = repr(user) in seen
        seen.add(repr(user))
        if not again and isinstance(user, str | int) and not isinstance(months, bool) and user in truth:
            if truth[user] == months:
                right.add(user)
        elif again and isinstance(user, str | int):
            right.discard(user)
    union = len(rows) + len(truth) - len(right)
    return len(right) / union if union else 1.0


def _unfenced(text: str) -> str:
    body = text.strip()
    if body.startswith("```") and body.endswith("```") and "\n" in body:
        return body.partition("\n")[2].removesuffix("```")
    return body
