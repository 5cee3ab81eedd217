"""coding_completion: finish a program. 1 if it passes every hidden test (LiveCodeBench, arXiv 2403.07974), else 0.

An answer that does not begin with the given start is put behind it. Scores as for LCB_generation otherwise.
"""

from collections.abc import Mapping
from typing import Any

from modelworks.livebench import coding
from modelworks.livebench.judgment import Judgment


def score(answer: str, ground_truth: Any, context: Mapping[str, Any]) -> Judgment:
    """The judgment by the tests in `context` (see `coding.judge`); the ground truth, a right program, is not used.

    Raises SandboxError where the answer's code cannot be contained.
    """
    return coding.judge(answer, context)
