"""Sudoku: the grid in a solution tag, white space aside."""

from collections.abc import Mapping
from typing import Any

from modelworks.livebench.judgment import Judgment
from modelworks.livebench.scorers.spans import solutions
from modelworks.livebench.scorers.statements import judged
from modelworks.livebench.scorers.withdrawn import is_withdrawn


def score(answer: str, ground_truth: Any, context: Mapping[str, Any]) -> Judgment:
    """`ground_truth` is the cells as text; dots are empty ones. The original reads the first tag, `strict` the last."""
    truth = "".join(ground_truth.split())
    tags = solutions(answer, one_line=False, ignore_case=True)
    grids = ["".join(tag.split()) for tag in tags]
    is_stated = bool(grids and grids[-1]) and not is_withdrawn(answer, tags[-1])
    return judged(float((grids or [""])[0] == truth), float(grids[-1] == truth) if is_stated else None)
