"""LCB_generation: write a program. 1 if it passes every hidden test (LiveCodeBench, arXiv 2403.07974), else 0.

LiveBench takes what is between the last two lines with three backticks for the code, and a result that is the first
element of an expected list for right; the strict score takes the last whole block, and compares values.
"""

from collections.abc import Mapping
from typing import Any

from modelworks.livebench import coding
from modelworks.livebench.judgment import Judgment


def score(answer: str, ground_truth: Any, context: Mapping[str, Any]) -> Judgment:
    """The judgment by the tests in `context` (see `coding.judge`); the ground truth, a right program, is not used.

    Raises SandboxError where the answer's code cannot be contained.
    """
    return coding.judge(answer, {**context, "partial_solution": None})
