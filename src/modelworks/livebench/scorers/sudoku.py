"""Sudoku: the grid in a solution tag, white space aside."""

from collections.abc import Mapping
from typing import Any

from modelworks.livebench.judgment import Judgment
from modelworks.livebench.scorers.spans import solutions
from modelworks.livebench.scorers.statements import judged


def score(answer: str, ground_truth: Any, context: Mapping[str, Any]) -> Judgment:
    """`ground_truth` is the cells as text; dots are empty ones. The original reads the first tag, `strict` the last."""
    truth = "".join(ground_truth.split())
    grids = ["".join(tag.split()) for tag in solutions(answer, one_line=False, ignore_case=True)]
    return judged(float((grids or [""])[0] == truth), float(grids[-1] == truth) if grids and grids[-1] else None)
