"""Logic with navigation: two coordinates in a solution tag."""

import re
from collections.abc import Mapping
from typing import Any

from modelworks.livebench.judgment import Judgment
from modelworks.livebench.scorers.spans import solutions
from modelworks.livebench.scorers.statements import judged, statement
from modelworks.livebench.scorers.withdrawn import is_withdrawn_around

# Possessive, and never from within a number: neither changes what is found, both keep the search linear.
_PAIR = r"((?:-|(?<!\d))\d++)\s*+,\s*+(-?\d++)"
_IN_PARENTHESES = re.compile(r"\(\s*+" + _PAIR + r"\s*+\)")
_BARE = re.compile(_PAIR)
_NUMBER = re.compile(r"(?<![\w.])[-\u2212]?[0-9]{1,30}(?:\.[0-9]{1,30})?(?![\w.])")


def score(answer: str, ground_truth: Any, context: Mapping[str, Any]) -> Judgment:
    """`ground_truth` is the list of x and y."""
    x, y = ground_truth[0], ground_truth[1]
    return judged(float(_compatible(answer) == (x, y)), _strict(answer, (x, y)))


def _compatible(answer: str) -> tuple[int, int] | None:
    """The first pair in parentheses of the last tag, else its first pair."""
    tags = solutions(answer, one_line=False, ignore_case=True)
    for pattern in (_IN_PARENTHESES, _BARE) if tags else ():
        if match := pattern.search(tags[-1]):
            try:
                return int(match[1]), int(match[2])
            except ValueError:  # more digits than int takes
                continue
    return None


def _strict(answer: str, truth: tuple[int, int]) -> float | None:
    """The pair of numbers that the statement ends with: no more numbers than these behind its last `to`."""
    stated = statement(answer)
    if stated is None:
        return None
    end = re.split(r"\b(?:to|at)\b", stated)[-1]
    found = list(_NUMBER.finditer(end))
    before = stated[: len(stated) - len(end)]
    if not found or is_withdrawn_around(before + end[: found[0].start()], "", end[found[-1].end() :]):
        return None
    return float([float(one[0].replace("\u2212", "-")) for one in found] == [float(one) for one in truth])
