"""Table reformat, questions before 2025-04-25: see `tablereformat`."""

from collections.abc import Mapping
from typing import Any

from modelworks.livebench.judgment import Judgment
from modelworks.livebench.scorers.tablereformat import judge


def score(answer: str, ground_truth: Any, context: Mapping[str, Any]) -> Judgment:
    """1 for the table, else 0; the context's `prompt`, or its `question_text`, names the formats."""
    return judge(answer, ground_truth, context, "v1")
