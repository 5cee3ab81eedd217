"""Table join: which column of one table is which of the other, as a dictionary of names.

Compatible: F1 of the pairs, rounded to two places. Strict: not rounded, and a dictionary is found wherever it stands
in the answer (`join_map = {...}`), in JSON or in Python.
"""

import ast
import json
import re
import warnings
from collections.abc import Mapping
from typing import Any

from modelworks.livebench.judgment import Judgment
from modelworks.livebench.scorers.boxed import last_box, scored
from modelworks.livebench.scorers.spans import contents, solutions
from modelworks.livebench.scorers.statements import judged
from modelworks.livebench.scorers.verdict import GroundTruthError
from modelworks.livebench.scorers.withdrawn import is_withdrawn_around

_LIMIT = 100_000  # characters of a dictionary
_TEXT = re.compile(r"\\text{['|\"]([^'|\"\n]*)['|\"]}")
_FENCES = ("```python", "```json", "```")


def score(answer: str, ground_truth: Any, context: Mapping[str, Any]) -> Judgment:
    """F1 of the pairs that are given."""
    truth = ground_truth if isinstance(ground_truth, dict) else literal(str(ground_truth))
    if not isinstance(truth, dict) or not truth:
        raise GroundTruthError(f"ground_truth must be a dictionary of columns, got {ground_truth!r}")
    given = _found(answer)
    strict = None if given is None else _f1(given, truth)
    return judged(scored(_compatible, answer, truth), strict)


def literal(text: str) -> Any:
    """The value of a Python literal, None for any other text: nothing is run, and depth and length are bounded."""
    if len(text) > _LIMIT:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.literal_eval(text)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return None


def _compatible(answer: str, truth: Mapping[Any, Any]) -> float:
    given = _read(answer)
    right = false = missing = 0
    for column, other in given.items():
        expected = truth.get(column)
        right += bool(expected) and expected == other
        false += not expected or expected != other
        missing += bool(expected) and expected != other
    if not given:
        return 0.0
    missing += sum(not given.get(column) for column in truth)
    return round(100 * (2 * right / (2 * right + false + missing))) / 100


def _read(text: str) -> dict[Any, Any]:
    """The dictionary where the original looks for it: tags, all, code blocks, a box. Raises NoScore as it does."""
    while found := solutions(text, one_line=False):
        text = found[-1].strip()
    value = literal(text)
    if value is None and text.strip() != "None":
        value = literal(_passage(text).replace("null", "None"))
    return {key: item for key, item in value.items() if item is not None} if isinstance(value, dict) else {}


def _passage(text: str) -> str:
    joined = text.replace("\n", "")
    for fence in _FENCES:
        if found := contents(joined, fence, "```"):
            return found[-1]
    box = last_box(joined) if "\\boxed" in text else None
    return _TEXT.sub(r"'\1'", box).replace("\\", "") if box is not None else text


def _found(answer: str) -> dict[Any, Any] | None:
    """The last dictionary of columns in the answer, else None."""
    end = len(answer)
    for _ in range(20):
        end = answer.rfind("}", 0, end)
        begin = answer.rfind("{", 0, end) if end > 0 else -1
        if begin < 0:
            return None
        text = answer[begin : end + 1].replace("\\text{", "")
        value = literal(text)
        if not isinstance(value, dict):
            try:
                value = json.loads(text)
            except (ValueError, RecursionError):
                continue
        if is_withdrawn_around(answer[:begin], text, answer[end + 1 :]):
            return None
        return {key: item for key, item in value.items() if item is not None}
    return None


def _f1(given: Mapping[Any, Any], truth: Mapping[Any, Any]) -> float:
    right = sum(column in given and given[column] == other for column, other in truth.items())
    return 2 * right / (len(given) + len(truth))
