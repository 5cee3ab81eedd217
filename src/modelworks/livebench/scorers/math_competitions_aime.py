"""AIME: an integer from 0 to 999."""

import re
from collections.abc import Mapping
from typing import Any

from modelworks.livebench.judgment import Judgment
from modelworks.livebench.scorers.spans import solutions
from modelworks.livebench.scorers.statements import bare, judged, last_side, statement

_INTEGER = re.compile(r"[0-9]{1,20}(?:\.0{1,9})?")


def score(answer: str, ground_truth: Any, context: Mapping[str, Any]) -> Judgment:
    """`ground_truth` is the integer as text (TypeError otherwise), often of three digits."""
    if not isinstance(ground_truth, str):
        raise TypeError(f"the ground truth must be text, got {ground_truth!r}")
    return judged(float(_compatible(answer, ground_truth)), _strict(answer, ground_truth))


def _compatible(answer: str, truth: str) -> bool:
    tags = solutions(answer)
    if tags and len(set(tags[-1])) == 1 and tags[-1][0].lower() == truth.lower():
        return True
    return truth in answer[-50:]


def _strict(answer: str, truth: str) -> float | None:
    stated = statement(answer)
    number = bare(last_side(stated or "") or "")
    return float(int(number.partition(".")[0]) == int(truth)) if _INTEGER.fullmatch(number) else None
